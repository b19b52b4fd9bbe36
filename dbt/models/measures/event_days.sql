{{ config(materialized='night_table') }}
-- Sums of every subject's events by day and file. Months and the windows of editions are made from these, so that the rows of the
-- extracts, by far the most of a large night, are read once.
select
    mart,
    load_id,
    force_code,
    leaf_code,
    max(leaf_name) as leaf_name,
    event_on,
    measure,
    category,
    sum(amount) as amount
from {{ ref('events') }}
group by mart, load_id, force_code, leaf_code, event_on, measure, category
