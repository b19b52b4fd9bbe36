{{ stage('stop_search') }}
