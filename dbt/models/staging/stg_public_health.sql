{{ stage('public_health') }}
