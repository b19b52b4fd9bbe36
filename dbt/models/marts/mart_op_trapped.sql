{{ conform('mart_op_trapped', ref('op_trapped_monthly')) }}
