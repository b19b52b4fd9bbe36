{{ stage('community_voices') }}
