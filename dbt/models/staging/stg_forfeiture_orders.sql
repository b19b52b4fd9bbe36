{{ stage('forfeiture_orders') }}
