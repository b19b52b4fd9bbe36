{{ conform('mart_incidents') }}
