{{ conform('mart_naloxone') }}
