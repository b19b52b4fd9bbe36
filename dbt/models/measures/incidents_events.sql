-- Report 6.3-6.6. One of the row's qualifiers counts as Drugs.
with drugs as (
    select * from {{ ref('stg_incidents') }} as source_rows
    where {{ counts_as('Drugs', 'incidents', 'qualifiers', is_list=true) }}
)

select {{ event('created_at', 'incidents_drugs', extract='incidents') }}
from drugs
where record_type = 'INCIDENT'
union all
select {{ event('created_at', 'roc_drugs', extract='incidents') }}
from drugs
where record_type = 'ROC'
union all
select {{ event('created_at', 'incidents_drugs_emergency', extract='incidents') }}
from drugs
where record_type = 'INCIDENT' and grade = 'Emergency'
union all
select {{ event('created_at', 'roc_drugs_emergency', extract='incidents') }}
from drugs
where record_type = 'ROC' and grade = 'Emergency'
union all
select {{ event('created_at', 'incidents_drugs_by_channel', category('channel'), extract='incidents') }}
from drugs
where record_type = 'INCIDENT'
