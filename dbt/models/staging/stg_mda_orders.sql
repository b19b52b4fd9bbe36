{{ stage('mda_orders') }}
