{{ stage('pspos') }}
