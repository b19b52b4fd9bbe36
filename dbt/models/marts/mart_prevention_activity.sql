{{ conform('mart_prevention_activity', ref('prevention_activity_monthly')) }}
