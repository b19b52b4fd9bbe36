{{ conform('mart_op_trapped') }}
