{{ conform('mart_iom') }}
