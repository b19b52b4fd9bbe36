-- Rates of `wanted` without one of the year before, which is available: it has nothing to divide by. And last counts where nothing
-- was counted then. They are few, and a table, so that the view below can look them up without a hash of all its rows.
create or replace temp table undivided as
select
    r.force_code, r.mart, r.measure, r.area_type, r.area_code, r.category, r.period_type, r.period_start, r.period_end
from wanted as r
inner join rules using (mart, measure)
inner join measures as earlier
    on r.force_code = earlier.force_code and r.mart = earlier.mart and r.measure = earlier.measure
    and r.area_type = earlier.area_type and r.area_code = earlier.area_code and r.category = earlier.category
    and r.period_type = earlier.period_type
    and 12 * year(r.period_start) + month(r.period_start) - 12 = 12 * year(earlier.period_start) + month(earlier.period_start)
    and 12 * year(r.period_end) + month(r.period_end) - 12 = 12 * year(earlier.period_end) + month(earlier.period_end)
where (rules.denominator is not null or rules.aggregation = 'last')
    and r.prior_value is null and earlier.data_status <> 'not_available';

-- The rows of `wanted`, which are rows of `measures`, with null for every figure that is not public. Reads the tables that
-- hide_small_counts.sql made and read.
create or replace temp view public_form as
with requested as (
    select
        r.*,
        rules.role,
        12 * year(r.period_start) + month(r.period_start) - 1 as first_month_no,
        12 * year(r.period_end) + month(r.period_end) - 1 as last_month_no,
        -- The count that decides: the figure itself, the one that it depends on, or its numerator.
        case
            when rules.numerator is not null then rules.numerator
            when rules.role = 'rests_on' or (rules.role = 'same' and r.category = 'all') then rules.of_measure
            else r.measure
        end as numerator_measure,
        r.category as numerator_category,
        rules.denominator as denominator_measure,
        coalesce(rules.denominator_category, r.category) as denominator_category,
        coalesce(rules.is_exempt, false) as is_exempt,
        stock_shown.last_month_no as stock_shown_to
    from wanted as r
    left join rules on r.mart = rules.mart and r.measure = rules.measure
    left join stock_shown
        on rules.role = 'stock' and r.force_code = stock_shown.force_code
        and r.mart = stock_shown.mart and r.measure = stock_shown.measure
    where r.area_type = 'force' or r.category = 'all' or rules.is_exempt
),

with_units as (
    select requested.*, n.unit_id as numerator_unit, d.unit_id as denominator_unit
    from requested
    left join units as n
        on requested.force_code = n.force_code and requested.mart = n.mart and requested.numerator_measure = n.measure
        and requested.area_type = n.area_type and requested.area_code = n.area_code and requested.numerator_category = n.category
    left join units as d
        on requested.force_code = d.force_code and requested.mart = d.mart and requested.denominator_measure = d.measure
        and requested.area_type = d.area_type and requested.area_code = d.area_code and requested.denominator_category = d.category
),

-- The periods of units to decide on: each one requested, and the year before it.
periods as (
    select distinct unit_id, first_month_no - back as first_month_no, last_month_no - back as last_month_no
    from (
        select numerator_unit as unit_id, first_month_no, last_month_no from with_units where numerator_unit is not null
        union
        select denominator_unit, first_month_no, last_month_no from with_units where denominator_unit is not null
    )
    cross join (select unnest([0, 12]) as back)
),

shown as (
    select p.unit_id, p.first_month_no, p.last_month_no
    from periods as p
    inner join reach as last on p.unit_id = last.unit_id and p.last_month_no = last.month_no
    -- Where whole years are not covered, months are missing in between.
    asof left join reach as before on p.unit_id = before.unit_id and p.first_month_no > before.month_no
    where last.cut_after and coalesce(before.cut_after, true) and last.closed_to = coalesce(before.closed_to, 0)
),

-- The periods of `covered_apart`, and the year before each.
apart as (
    select distinct
        r.force_code, r.mart, r.measure, r.area_type, r.area_code, r.category,
        r.first_month_no - back as first_month_no, r.last_month_no - back as last_month_no
    from with_units as r
    cross join (select unnest([0, 12]) as back)
    inner join covered_apart as a
        on r.force_code = a.force_code and r.mart = a.mart and r.measure = a.measure
        and r.area_type = a.area_type and r.area_code = a.area_code and r.category = a.category
        and a.month_no between r.first_month_no - back and r.last_month_no - back
),

judged as (
    select
        with_units.*,
        with_units.is_exempt or case
            when with_units.role = 'stock' then coalesce(with_units.last_month_no <= with_units.stock_shown_to, false)
            when with_units.denominator_measure is not null
                then numerator_now.unit_id is not null and denominator_now.unit_id is not null
            else numerator_now.unit_id is not null and apart_now.measure is null
        end as is_shown,
        with_units.is_exempt or case
            when with_units.role = 'stock' then coalesce(with_units.last_month_no - 12 <= with_units.stock_shown_to, false)
            when with_units.denominator_measure is not null
                then numerator_then.unit_id is not null and denominator_then.unit_id is not null
            else numerator_then.unit_id is not null and apart_then.measure is null
        end as is_prior_shown,
        with_units.prior_value is not null or undivided.measure is not null as has_prior
    from with_units
    left join shown as numerator_now
        on with_units.numerator_unit = numerator_now.unit_id
        and with_units.first_month_no = numerator_now.first_month_no and with_units.last_month_no = numerator_now.last_month_no
    left join shown as denominator_now
        on with_units.denominator_unit = denominator_now.unit_id
        and with_units.first_month_no = denominator_now.first_month_no and with_units.last_month_no = denominator_now.last_month_no
    left join shown as numerator_then
        on with_units.numerator_unit = numerator_then.unit_id
        and with_units.first_month_no - 12 = numerator_then.first_month_no
        and with_units.last_month_no - 12 = numerator_then.last_month_no
    left join shown as denominator_then
        on with_units.denominator_unit = denominator_then.unit_id
        and with_units.first_month_no - 12 = denominator_then.first_month_no
        and with_units.last_month_no - 12 = denominator_then.last_month_no
    left join apart as apart_now
        on with_units.force_code = apart_now.force_code and with_units.mart = apart_now.mart
        and with_units.measure = apart_now.measure and with_units.area_type = apart_now.area_type
        and with_units.area_code = apart_now.area_code and with_units.category = apart_now.category
        and with_units.first_month_no = apart_now.first_month_no and with_units.last_month_no = apart_now.last_month_no
    left join apart as apart_then
        on with_units.force_code = apart_then.force_code and with_units.mart = apart_then.mart
        and with_units.measure = apart_then.measure and with_units.area_type = apart_then.area_type
        and with_units.area_code = apart_then.area_code and with_units.category = apart_then.category
        and with_units.first_month_no - 12 = apart_then.first_month_no and with_units.last_month_no - 12 = apart_then.last_month_no
    left join undivided
        on case when with_units.prior_value is null then with_units.force_code end = undivided.force_code
        and with_units.mart = undivided.mart and with_units.measure = undivided.measure
        and with_units.area_type = undivided.area_type and with_units.area_code = undivided.area_code
        and with_units.category = undivided.category and with_units.period_type = undivided.period_type
        and with_units.period_start = undivided.period_start and with_units.period_end = undivided.period_end
)

select
    mart, force_code, area_type, area_code, area_name, measure, category, period_type, period_start, period_end, period_label,
    case when is_shown then value end as value,
    unit,
    case when is_shown then numerator end as numerator,
    case when is_shown then denominator end as denominator,
    case when is_prior_shown then prior_value end as prior_value,
    case when is_shown and is_prior_shown then volume_change end as volume_change,
    case when is_shown and is_prior_shown then pct_change end as pct_change,
    data_status,
    case
        when data_status = 'not_available' then '[x]'
        when not is_shown then '[c]'
        when value is null then '[z]'
    end as marker,
    case
        when not has_prior then '[x]'
        when not is_prior_shown then '[c]'
        when prior_value is null then '[z]'
    end as prior_marker
from judged
union all
-- Split by area and by category at once: never public.
select
    r.mart, r.force_code, r.area_type, r.area_code, r.area_name, r.measure, r.category, r.period_type, r.period_start, r.period_end,
    r.period_label, null, r.unit, null, null, null, null, null, r.data_status,
    case when r.data_status = 'not_available' then '[x]' else '[c]' end,
    case when r.prior_value is not null then '[c]' else '[x]' end
from wanted as r
left join rules on r.mart = rules.mart and r.measure = rules.measure
where r.area_type <> 'force' and r.category <> 'all' and rules.is_exempt is not true
