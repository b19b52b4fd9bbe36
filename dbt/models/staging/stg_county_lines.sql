{{ stage('county_lines') }}
