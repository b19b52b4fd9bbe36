{{ stage('iom_visits') }}
