{{ stage('incidents') }}
