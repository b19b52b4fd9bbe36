{{ stage('op_trapped') }}
