{{ mart_from_months('mart_op_trapped') }}
