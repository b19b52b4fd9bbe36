-- Report 2.1-2.2. The class is that of the whole code (`77/50`), else of the part before the `/`, which is the category.
with recorded as (
    select
        *,
        upper(offence_code) as code,
        upper(trim(case when offence_code like '%/%' then substr(offence_code, 1, instr(offence_code, '/') - 1) else offence_code end))
            as code_group
    from {{ ref('stg_crimes') }}
    where status = 'Recorded'
),

classed as (
    select recorded.*, coalesce(whole.offence_class, grouped.offence_class) as offence_class
    from recorded
    left join {{ ref('offence_classes') }} as whole on recorded.code = whole.offence_code
    left join {{ ref('offence_classes') }} as grouped on recorded.code_group = grouped.offence_code
)

select {{ event('recorded_on', 'possession_offences', 'code_group', extract='crimes') }}
from classed
where offence_class = 'possession'
union all
select {{ event('recorded_on', 'trafficking_offences', 'code_group', extract='crimes') }}
from classed
where offence_class = 'trafficking'
