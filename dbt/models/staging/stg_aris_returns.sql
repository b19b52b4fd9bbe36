{{ stage('aris_returns') }}
