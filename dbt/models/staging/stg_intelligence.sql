{{ stage('intelligence') }}
