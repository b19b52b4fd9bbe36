{{ stage('naloxone') }}
