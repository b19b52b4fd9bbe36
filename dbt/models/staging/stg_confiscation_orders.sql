{{ stage('confiscation_orders') }}
