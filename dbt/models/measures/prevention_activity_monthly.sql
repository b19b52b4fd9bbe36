{{ by_month('mart_prevention_activity', ref('prevention_activity_events')) }}
