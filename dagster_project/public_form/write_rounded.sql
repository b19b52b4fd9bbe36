-- The marts' rows, rounded. Each month of each series is rounded up or down at random to a multiple of the base, so that it is
-- right on average. Longer periods are the sums of their rounded months, so that no two of them tell more than the months do.
-- The random number is a hash of a secret and of what the figure is, so it is the same every night. Reads the temporary tables
-- `measures`, `rules`, `bases` (unit, base) and the variable pam_rounding.
create or replace temp table keyed as
select
    r.*,
    rules.role,
    rules.aggregation,
    12 * year(r.period_start) + month(r.period_start) - 1 as a,
    12 * year(r.period_end) + month(r.period_end) - 1 as b,
    case
        when rules.numerator is not null then rules.numerator
        when rules.role = 'same' and r.category = 'all' then rules.of_measure
        else r.measure
    end as n_measure,
    rules.denominator as d_measure,
    coalesce(rules.denominator_category, r.category) as d_category
from measures as r
inner join rules using (mart, measure)
where not rules.is_exempt;

create or replace temp macro round_at_random(x, base, key) as
    base * (
        floor(x / base) + case
            when x / base - floor(x / base)
                > cast(concat('0x', left(sha256(concat(getvariable('pam_rounding'), '|', key)), 12)) as bigint) / 281474976710656.0
                then 1 else 0
        end
    );

create or replace temp table series as
select *, row_number() over () as series_id
from (
    select distinct force_code, mart, n_measure as measure, area_type, area_code, category from keyed
    union
    select distinct force_code, mart, d_measure, area_type, area_code, d_category from keyed where d_measure is not null
);

create or replace temp table months as
with plain as (
    select force_code, mart, n_measure as measure, area_type, area_code, category, a as m, max(value) as x, max(unit) as unit
    from keyed
    where period_type = 'month' and d_measure is null and aggregation = 'sum'
    group by all
    union all
    -- A count that is shown only as the denominator of a rate.
    select k.force_code, k.mart, k.d_measure, k.area_type, k.area_code, k.d_category, k.a, max(k.denominator), 'count'
    from keyed as k
    inner join rules as below on k.mart = below.mart and k.d_measure = below.measure and not below.is_shown
    where k.period_type = 'month'
    group by all
),

rounded as (
    select
        series_id, m,
        round_at_random(
            coalesce(x, 0)::double, base, concat_ws('|', force_code, mart, measure, area_type, area_code, category, m)
        ) as x
    from plain
    inner join bases using (unit)
    inner join series using (force_code, mart, measure, area_type, area_code, category)
)

select series_id, m, sum(x) over (partition by series_id order by m rows unbounded preceding) as to_m from rounded;

create or replace temp view public_form as
with numbered as (
    select
        k.*,
        n.series_id as n_id,
        d.series_id as d_id,
        k.prior_value is not null or rates.measure is not null as has_prior
    from keyed as k
    inner join series as n
        on k.force_code = n.force_code and k.mart = n.mart and k.n_measure = n.measure and k.area_type = n.area_type
        and k.area_code = n.area_code and k.category = n.category
    left join series as d
        on k.force_code = d.force_code and k.mart = d.mart and k.d_measure = d.measure and k.area_type = d.area_type
        and k.area_code = d.area_code and k.d_category = d.category
    left join keyed as rates
        on k.d_measure is not null and rates.data_status <> 'not_available'
        and k.force_code = rates.force_code and k.mart = rates.mart and k.measure = rates.measure
        and k.area_type = rates.area_type and k.area_code = rates.area_code and k.category = rates.category
        and k.period_type = rates.period_type and k.a - 12 = rates.a and k.b - 12 = rates.b
),

-- A figure as at a day is rounded by itself, the same way wherever it appears.
counted as (
    select
        q.*,
        case
            when q.d_measure is null and q.aggregation <> 'sum'
                then round_at_random(q.value::double, bases.base, concat_ws('|', force_code, mart, measure, area_type, area_code, category, value))
            else n1.to_m - coalesce(n0.to_m, 0)
        end as n_now,
        case
            when q.d_measure is null and q.aggregation <> 'sum'
                then round_at_random(q.prior_value::double, bases.base, concat_ws('|', force_code, mart, measure, area_type, area_code, category, prior_value))
            else n3.to_m - coalesce(n2.to_m, 0)
        end as n_then,
        d1.to_m - coalesce(d0.to_m, 0) as d_now,
        d3.to_m - coalesce(d2.to_m, 0) as d_then,
        -- A rate of a smaller divisor would mean nothing once rounded.
        10 * (select base from bases where unit = 'count') as least_divisor
    from numbered as q
    left join bases using (unit)
    left join months as n1 on q.n_id = n1.series_id and q.b = n1.m
    left join months as n0 on q.n_id = n0.series_id and q.a - 1 = n0.m
    left join months as n3 on q.n_id = n3.series_id and q.b - 12 = n3.m
    left join months as n2 on q.n_id = n2.series_id and q.a - 13 = n2.m
    left join months as d1 on q.d_id = d1.series_id and q.b = d1.m
    left join months as d0 on q.d_id = d0.series_id and q.a - 1 = d0.m
    left join months as d3 on q.d_id = d3.series_id and q.b - 12 = d3.m
    left join months as d2 on q.d_id = d2.series_id and q.a - 13 = d2.m
),

figures as (
    select
        *,
        case
            when data_status = 'not_available' then null
            when d_measure is null then n_now
            when d_now >= least_divisor then 100 * n_now / d_now
        end as now,
        case
            when not has_prior then null
            when d_measure is null then n_then
            when d_then >= least_divisor then 100 * n_then / d_then
        end as past
    from counted
)

select
    mart, force_code, area_type, area_code, area_name, measure, category, period_type, period_start, period_end, period_label,
    cast(now as decimal(28, 10)) as value,
    unit,
    cast(case when d_measure is not null and data_status <> 'not_available' then n_now end as decimal(28, 10)) as numerator,
    cast(case when d_measure is not null and data_status <> 'not_available' then d_now end as decimal(28, 10)) as denominator,
    cast(past as decimal(28, 10)) as prior_value,
    cast(case when is_compared then now - past end as decimal(28, 10)) as volume_change,
    cast(case when is_compared and unit <> 'percent' then 100 * (now - past) / nullif(past, 0) end as decimal(28, 10)) as pct_change,
    data_status,
    case
        when data_status = 'not_available' then '[x]'
        when now is null then case when d_measure is null then '[z]' else '[c]' end
    end as marker,
    case
        when not has_prior then '[x]'
        when past is null then case when d_measure is null then '[z]' else '[c]' end
    end as prior_marker
from (select *, volume_change is not null as is_compared from figures)
union all
select
    r.mart, r.force_code, r.area_type, r.area_code, r.area_name, r.measure, r.category, r.period_type, r.period_start,
    r.period_end, r.period_label, r.value, r.unit, r.numerator, r.denominator, r.prior_value, r.volume_change, r.pct_change,
    r.data_status,
    case when r.data_status = 'not_available' then '[x]' when r.value is null then '[z]' end,
    case when r.prior_value is null then '[x]' end
from measures as r
anti join keyed using (mart, measure)
