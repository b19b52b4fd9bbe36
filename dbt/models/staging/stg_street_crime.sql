{{ stage('street_crime') }}
