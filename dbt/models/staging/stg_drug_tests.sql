{{ stage('drug_tests') }}
