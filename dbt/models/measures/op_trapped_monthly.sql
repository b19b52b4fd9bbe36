{{ by_month('mart_op_trapped', ref('op_trapped_events')) }}
