{{ stage('prevention_activity') }}
