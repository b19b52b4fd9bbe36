{{ stage('school_inputs') }}
