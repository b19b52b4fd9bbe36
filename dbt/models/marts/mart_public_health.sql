-- Report 5.1-5.8. Values as published: no zeros are added, nothing is summed.
-- A night that builds in part replaces the figures of forces with new files. depends_on: {{ ref('figures_to_rebuild') }}
with indicators as (
    select * from {{ ref('public_health_indicators') }}
),

-- Only rows of the whole population: a download also splits some indicators, such as by deprivation.
source as (
    select
        *,
        lower(area_type) as kind_of_area,
        replace(replace(time_period, ' ', ''), '–', '-') as period
    from {{ ref('stg_public_health') }}
    where category is null
),

placed as (
    select
        source.force_code,
        case
            when source.kind_of_area like 'england%' or source.kind_of_area like 'country%' then 'country'
            when source.kind_of_area like '%region%' then 'region'
            when source.kind_of_area like 'district%' or source.kind_of_area like 'lower%' then 'district'
            when source.kind_of_area like 'count%' or source.kind_of_area like 'upper%' or source.kind_of_area like '%unitary%'
                then 'upper_tier'
        end as area_type,
        source.area_code,
        source.area_name,
        indicators.measure,
        indicators.priority,
        case when lower(source.sex) = 'persons' then 'all' else coalesce(source.sex, 'Not recorded') end as category,
        source.time_period,
        source.age,
        source.load_id,
        cast(source.line as bigint) as line,
        source.period like '%/%' as is_financial,
        -- `24` of `2023/24`.
        case
            when {{ matches('source.period', '^[0-9][0-9][0-9][0-9]/[0-9][0-9]') }} then cast(substr(source.period, 6, 2) as int)
        end as year_after,
        cast(substr(source.period, 1, 4) as int) as first_year,
        -- The year after the dash, if there is one: `23` of `2021-23` and of `2021/22-23/24`.
        case when instr(source.period, '-') > 0 then substr(source.period, instr(source.period, '-') + 1, 4) end as second_part,
        case indicators.value_column when 'count' then source.count else source.value end as value
    from source
    inner join indicators on source.indicator_id = indicators.indicator_id
    -- `2024`, `2023/24`, and ranges of either: `2021-23`, `2016-2018`, `2021/22-23/24`.
    where {{ matches('source.period', '^(19|20)[0-9]{2}(/[0-9]{2})?(-([0-9]{2}|[0-9]{2}/[0-9]{2}|[0-9]{4}(/[0-9]{2})?))?$') }}
),

dated as (
    select
        *,
        case
            when second_part is null then first_year
            when {{ matches('second_part', '^[0-9][0-9][0-9][0-9]$') }} then cast(second_part as int)
            else
                cast(floor(first_year / 100) * 100 as int) + cast(substr(second_part, 1, 2) as int)
                + case when cast(substr(second_part, 1, 2) as int) < first_year % 100 then 100 else 0 end
        end as last_year
    from placed
    where area_type is not null
),

-- Nobody publishes a year before it begins, such as `2042` for 2024; and `2024 - 2022` and `2023/21` are no periods. A note of
-- landing names them.
begun as (
    select dated.*
    from dated
    left join {{ source('raw', 'loads') }} as loads on dated.load_id = loads.load_id
    where
        (loads.load_id is null or dated.last_year <= year(loads.extracted_at))
        and dated.first_year <= dated.last_year
        and (not dated.is_financial or dated.year_after = (dated.first_year + 1) % 100)
),

-- A download may split an indicator by age: then the row of all ages counts, also where its value is suppressed.
with_ages as (
    select
        *,
        max(case when lower(age) like 'all%' then 1 else 0 end) over (
            partition by force_code, area_type, area_code, measure, category, is_financial, first_year, last_year, priority
        ) as has_all_ages
    from begun
),

-- Two indicators can be one measure (a new method after an old one): the seed says which is preferred if it has a value.
ranked as (
    select
        *,
        row_number() over (
            partition by force_code, area_type, area_code, measure, category, is_financial, first_year, last_year
            order by case when value is null then 1 else 0 end asc, priority asc, load_id desc, line asc
        ) as choice
    from with_ages
    where has_all_ages = 0 or lower(age) like 'all%'
),

chosen as (
    select * from ranked
    where choice = 1
),

compared as (
    select
        chosen.*,
        earlier.value as prior_value,
        case when chosen.value is null then 'not_available' else 'complete' end as data_status,
        case when earlier.value is not null then 'complete' end as prior_status
    from chosen
    left join chosen as earlier
        on chosen.force_code = earlier.force_code
        and chosen.area_type = earlier.area_type
        and chosen.area_code = earlier.area_code
        and chosen.measure = earlier.measure
        and chosen.category = earlier.category
        and chosen.is_financial = earlier.is_financial
        and chosen.first_year = earlier.first_year + 1
        and chosen.last_year = earlier.last_year + 1
        -- Two methods are no change.
        and chosen.priority = earlier.priority
)

select
    compared.force_code,
    compared.area_type,
    compared.area_code,
    compared.area_name,
    compared.measure,
    compared.category,
    'as_published' as period_type,
    case
        when compared.is_financial then make_date(compared.first_year, 4, 1)
        else make_date(compared.first_year, 1, 1)
    end as period_start,
    case
        when compared.is_financial then make_date(compared.last_year + 1, 3, 31)
        else make_date(compared.last_year, 12, 31)
    end as period_end,
    compared.time_period as period_label,
    compared.value,
    listed.unit,
    cast(null as decimal(28, 10)) as numerator,
    cast(null as decimal(28, 10)) as denominator,
    compared.prior_value,
    {{ change('compared', 'listed.unit') }},
    compared.data_status
from compared
inner join {{ ref('measure_list') }} as listed
    on compared.measure = listed.measure
    and listed.mart = 'mart_public_health'
