-- Report 3.8, 8.4. An address repeats if it was identified before, by date, then reference.
with identified as (
    select
        *,
        row_number() over (partition by force_code, address_ref order by identified_on, identification_ref) as occurrence
    from {{ ref('stg_op_trapped') }}
)

select {{ event('identified_on', 'properties_identified', extract='op_trapped') }}
from identified
union all
select {{ event('identified_on', 'repeat_addresses', extract='op_trapped') }}
from identified
where address_ref is not null and occurrence > 1
union all
select {{ event('identified_on', 'people_safeguarded', amount='people_safeguarded', extract='op_trapped') }}
from identified
where people_safeguarded is not null
