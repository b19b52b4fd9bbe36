{{ stage('pspo_enforcement') }}
