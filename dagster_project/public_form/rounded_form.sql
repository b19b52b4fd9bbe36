-- The marts' rows, rounded. Each month of each series is rounded up or down at random to a multiple of the base, so that it is
-- right on average. Longer periods are the sums of their rounded months, so that no two of them tell more than the months do.
-- The random number is a hash of a secret and of what the figure is, so it is the same every night. Reads the temporary tables
-- `measures`, `rules`, `bases` (unit, base) and the variable pam_rounding.
create or replace temp table keyed as
select
    r.*,
    rules.role,
    rules.aggregation,
    12 * year(r.period_start) + month(r.period_start) - 1 as first_month_no,
    12 * year(r.period_end) + month(r.period_end) - 1 as last_month_no,
    case
        when rules.numerator is not null then rules.numerator
        when rules.role = 'same' and r.category = 'all' then rules.of_measure
        else r.measure
    end as numerator_measure,
    rules.denominator as denominator_measure,
    coalesce(rules.denominator_category, r.category) as denominator_category
from measures as r
inner join rules using (mart, measure)
where not rules.is_exempt;

create or replace temp macro round_at_random(figure, base, key) as
    base * (
        floor(figure / base) + case
            when figure / base - floor(figure / base)
                > cast(concat('0x', left(sha256(concat(getvariable('pam_rounding'), '|', key)), 12)) as bigint) / 281474976710656.0
                then 1 else 0
        end
    );

create or replace temp table series as
select *, row_number() over () as series_id
from (
    select distinct force_code, mart, numerator_measure as measure, area_type, area_code, category from keyed
    union
    select distinct force_code, mart, denominator_measure, area_type, area_code, denominator_category
    from keyed where denominator_measure is not null
);

create or replace temp table months as
with plain as (
    select
        force_code, mart, numerator_measure as measure, area_type, area_code, category, first_month_no as month_no,
        max(value) as amount, max(unit) as unit
    from keyed
    where period_type = 'month' and denominator_measure is null and aggregation = 'sum'
    group by all
    union all
    -- A count that is shown only as the denominator of a rate.
    select
        k.force_code, k.mart, k.denominator_measure, k.area_type, k.area_code, k.denominator_category, k.first_month_no,
        max(k.denominator), 'count'
    from keyed as k
    inner join rules as below on k.mart = below.mart and k.denominator_measure = below.measure and not below.is_shown
    where k.period_type = 'month'
    group by all
),

rounded as (
    select
        series_id, month_no,
        round_at_random(
            coalesce(amount, 0)::double, base, concat_ws('|', force_code, mart, measure, area_type, area_code, category, month_no)
        ) as amount
    from plain
    inner join bases using (unit)
    inner join series using (force_code, mart, measure, area_type, area_code, category)
)

select
    series_id, month_no,
    sum(amount) over (partition by series_id order by month_no rows unbounded preceding) as total_so_far
from rounded;

create or replace temp view public_form as
with numbered as (
    select
        k.*,
        n.series_id as numerator_id,
        d.series_id as denominator_id,
        k.prior_value is not null or earlier.measure is not null as has_prior
    from keyed as k
    inner join series as n
        on k.force_code = n.force_code and k.mart = n.mart and k.numerator_measure = n.measure and k.area_type = n.area_type
        and k.area_code = n.area_code and k.category = n.category
    left join series as d
        on k.force_code = d.force_code and k.mart = d.mart and k.denominator_measure = d.measure and k.area_type = d.area_type
        and k.area_code = d.area_code and k.denominator_category = d.category
    left join keyed as earlier
        on (k.denominator_measure is not null or k.aggregation = 'last') and earlier.data_status <> 'not_available'
        and k.force_code = earlier.force_code and k.mart = earlier.mart and k.measure = earlier.measure
        and k.area_type = earlier.area_type and k.area_code = earlier.area_code and k.category = earlier.category
        and k.period_type = earlier.period_type
        and k.first_month_no - 12 = earlier.first_month_no and k.last_month_no - 12 = earlier.last_month_no
),

-- A figure as at a day is rounded by itself, the same way wherever it appears.
counted as (
    select
        q.*,
        concat_ws('|', force_code, mart, measure, area_type, area_code, category) as figure_key,
        case
            when q.denominator_measure is null and q.aggregation <> 'sum'
                then round_at_random(q.value::double, bases.base, concat_ws('|', figure_key, value))
            else n1.total_so_far - coalesce(n0.total_so_far, 0)
        end as numerator_now,
        case
            when q.denominator_measure is null and q.aggregation <> 'sum'
                then round_at_random(q.prior_value::double, bases.base, concat_ws('|', figure_key, prior_value))
            else n3.total_so_far - coalesce(n2.total_so_far, 0)
        end as numerator_then,
        d1.total_so_far - coalesce(d0.total_so_far, 0) as denominator_now,
        d3.total_so_far - coalesce(d2.total_so_far, 0) as denominator_then,
        -- A rate of a smaller divisor would mean nothing once rounded.
        10 * (select base from bases where unit = 'count') as least_divisor
    from numbered as q
    left join bases using (unit)
    -- Where whole years are not covered, months are missing in between.
    asof left join months as n1 on q.numerator_id = n1.series_id and q.last_month_no >= n1.month_no
    asof left join months as n0 on q.numerator_id = n0.series_id and q.first_month_no - 1 >= n0.month_no
    asof left join months as n3 on q.numerator_id = n3.series_id and q.last_month_no - 12 >= n3.month_no
    asof left join months as n2 on q.numerator_id = n2.series_id and q.first_month_no - 13 >= n2.month_no
    asof left join months as d1 on q.denominator_id = d1.series_id and q.last_month_no >= d1.month_no
    asof left join months as d0 on q.denominator_id = d0.series_id and q.first_month_no - 1 >= d0.month_no
    asof left join months as d3 on q.denominator_id = d3.series_id and q.last_month_no - 12 >= d3.month_no
    asof left join months as d2 on q.denominator_id = d2.series_id and q.first_month_no - 13 >= d2.month_no
),

figures as (
    select
        *,
        case
            when data_status = 'not_available' then null
            when denominator_measure is null then numerator_now
            when denominator_now >= least_divisor then 100 * numerator_now / denominator_now
        end as now,
        case
            when not has_prior then null
            when denominator_measure is null then numerator_then
            when denominator_then >= least_divisor then 100 * numerator_then / denominator_then
        end as past
    from counted
)

select
    mart, force_code, area_type, area_code, area_name, measure, category, period_type, period_start, period_end, period_label,
    cast(now as decimal(28, 10)) as value,
    unit,
    cast(case when is_rate then numerator_now end as decimal(28, 10)) as numerator,
    cast(case when is_rate then denominator_now end as decimal(28, 10)) as denominator,
    cast(past as decimal(28, 10)) as prior_value,
    cast(case when is_compared then now - past end as decimal(28, 10)) as volume_change,
    cast(case when is_compared and unit <> 'percent' then 100 * (now - past) / nullif(past, 0) end as decimal(28, 10)) as pct_change,
    data_status,
    case
        when data_status = 'not_available' then '[x]'
        when now is null then case when denominator_measure is null then '[z]' else '[c]' end
    end as marker,
    case
        when not has_prior then '[x]'
        when past is null then case when denominator_measure is null then '[z]' else '[c]' end
    end as prior_marker
from (
    select
        *,
        volume_change is not null as is_compared,
        denominator_measure is not null and data_status <> 'not_available' as is_rate
    from figures
)
union all
select
    r.mart, r.force_code, r.area_type, r.area_code, r.area_name, r.measure, r.category, r.period_type, r.period_start,
    r.period_end, r.period_label, r.value, r.unit, r.numerator, r.denominator, r.prior_value, r.volume_change, r.pct_change,
    r.data_status,
    case when r.data_status = 'not_available' then '[x]' when r.value is null then '[z]' end,
    case when r.prior_value is null then '[x]' end
from measures as r
anti join keyed using (mart, measure)
