-- The events of every subject, each with its mart.
{%- for subject in subjects() %}
select
    'mart_{{ subject }}' as mart, extract, load_id, line, force_code, leaf_code, leaf_name, event_on, measure, category, amount
from {{ ref(subject ~ '_events') }}
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
