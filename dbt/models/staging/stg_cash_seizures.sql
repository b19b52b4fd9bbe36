{{ stage('cash_seizures') }}
