{{ stage('iom_cohort') }}
