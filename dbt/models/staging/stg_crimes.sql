{{ stage('crimes') }}
