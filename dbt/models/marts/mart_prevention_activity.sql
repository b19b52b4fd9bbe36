{{ conform('mart_prevention_activity') }}
