-- Which periods of which counts are public: `reach`, and for figures as at a day `stock_shown`. docs/explanation/disclosure.md
-- explains the method and why it is safe. Reads the temporary tables `measures` (rows of the marts), `areas_listed`, `rules` (a row
-- for each measure), `first_months` (from which month on files have a measure; empty if the running year is shown) and `thresholds`
-- (measure and threshold). Months are counted from year 0: 12 * year + month - 1, so that (month_no - 3) / 12 is the financial year,
-- and `month_of_year` is 0 in April.

-- Neither an amount nor the sum of what comes after it is small.
create or replace temp macro never_small(amount, left_over, threshold) as
    (amount = 0 or amount >= threshold) and (left_over = 0 or left_over >= threshold);

-- The months of every count that may be public.
create or replace temp table amounts as
select
    r.force_code, r.mart, r.measure, r.area_type, r.area_code, r.category,
    12 * year(r.period_start) + month(r.period_start) - 1 as month_no,
    coalesce(r.value, 0)::double as amount,
    r.data_status
from measures as r
inner join rules using (mart, measure)
where r.period_type = 'month'
    and rules.role in ('events', 'part', 'same')
    and (r.area_type = 'force' or r.category = 'all')
union all
-- A count that is shown only as the denominator of a rate.
select
    r.force_code, r.mart, rules.denominator, r.area_type, r.area_code, r.category,
    12 * year(r.period_start) + month(r.period_start) - 1, coalesce(max(r.denominator), 0)::double, max(r.data_status)
from measures as r
inner join rules using (mart, measure)
inner join rules as below
    on r.mart = below.mart and rules.denominator = below.measure and below.role = 'part' and not below.is_shown
where r.period_type = 'month' and (r.area_type = 'force' or r.category = 'all')
group by all;

-- Months in which what is shown with another count is not covered as that count is, as where one of two files lacks the column:
-- then it is of fewer rows, which may be few.
create or replace temp table covered_apart as
select
    r.force_code, r.mart, r.measure, r.area_type, r.area_code, r.category,
    12 * year(r.period_start) + month(r.period_start) - 1 as month_no
from measures as r
inner join rules using (mart, measure)
inner join measures as counted
    on r.force_code = counted.force_code and r.mart = counted.mart and rules.of_measure = counted.measure
    and r.area_type = counted.area_type and r.area_code = counted.area_code
    and r.category = counted.category
    and r.period_type = counted.period_type and r.period_start = counted.period_start
where r.period_type = 'month' and r.data_status <> counted.data_status
    and (rules.role = 'rests_on' or (rules.role = 'same' and r.category = 'all'));

-- Units: the areas, categories and kinds that events are split into. Each is part of its parent; the units of one split add up to
-- the parent. What is of no kind is a unit of its own, the rest; of categories it is what files without their column hold.
create or replace temp table units as
with named as (
    select
        s.force_code, s.mart, s.measure, s.area_type, s.area_code, s.category,
        case
            when s.area_type <> 'force' or (s.category <> 'all' and rules.role <> 'same') then s.measure
            else rules.of_measure
        end as p_measure,
        case when s.area_type = 'lpu' and areas.section_code is not null then 'section' else 'force' end as p_area_type,
        case
            when s.area_type = 'lpu' and areas.section_code is not null then areas.section_code else s.force_code
        end as p_area_code,
        case
            when s.area_type <> 'force' then 'areas'
            when s.category <> 'all' then 'categories of ' || s.measure
            else coalesce(rules.attribute, 'root')
        end as split,
        false as is_rest
    from (select distinct force_code, mart, measure, area_type, area_code, category from amounts) as s
    inner join rules using (mart, measure)
    left join areas_listed as areas using (force_code, area_type, area_code)
    where case
        when s.area_type <> 'force' then rules.by_area and s.category = 'all'
        when s.category <> 'all' then rules.by_category
        else rules.role <> 'same'
    end
),

with_rest as (
    select * from named
    union all
    select distinct
        force_code, mart, 'the rest by ' || split, 'force', force_code, 'all', p_measure, 'force', force_code, split, true
    from named
    where area_type = 'force' and p_measure is not null
)

select
    *,
    row_number() over (order by force_code, mart, measure, area_type, area_code, category) as unit_id,
    dense_rank() over (order by force_code, mart, p_measure, p_area_type, p_area_code, split,
        case when p_measure is null then measure end) as split_id
from with_rest;

create or replace temp table tree as
select u.unit_id, u.split_id, p.unit_id as parent_id
from units as u
left join units as p
    on u.force_code = p.force_code and u.mart = p.mart and u.p_measure = p.measure
    and u.p_area_type = p.area_type and u.p_area_code = p.area_code and p.category = 'all' and u.unit_id <> p.unit_id;

-- A unit and everything that it is part of.
create or replace temp table within as
with recursive up as (
    select unit_id, unit_id as via, split_id, parent_id from tree
    union all
    select up.unit_id, parent.unit_id, parent.split_id, parent.parent_id
    from up
    inner join tree as parent on up.parent_id = parent.unit_id
)
select unit_id, via, split_id, parent_id is null as is_root from up;

create or replace temp table roots as
select w.unit_id, w.via as root_id, f.threshold
from within as w
inner join units as r on w.via = r.unit_id
inner join thresholds as f on r.mart = f.mart and r.measure = f.measure
where w.is_root;

-- The last month that is fully covered, by root.
create or replace temp table ends as
select r.unit_id as root_id, coalesce(max(a.month_no) filter (where a.data_status = 'complete'), 0) as last_month_no
from amounts as a
inner join units as r using (force_code, mart, measure, area_type, area_code, category)
where r.p_measure is null
group by r.unit_id;

-- Financial years of a root with a month that a late file may still fill: publications before and after it would tell that month.
create or replace temp table awaited_years as
select distinct r.unit_id as root_id, cast(floor((a.month_no - 3) / 12) as int) as financial_year
from amounts as a
inner join units as r using (force_code, mart, measure, area_type, area_code, category)
inner join first_months as f using (force_code, mart, measure)
where r.p_measure is null and a.data_status <> 'complete' and a.month_no >= f.month_no;

create or replace temp table grid as
with own as (
    select u.unit_id, a.month_no, a.amount, a.data_status
    from amounts as a
    inner join units as u using (force_code, mart, measure, area_type, area_code, category)
),

rest as (
    select u.unit_id, p.month_no, p.amount - coalesce(sum(s.amount), 0) as amount, p.data_status
    from units as u
    inner join tree using (unit_id)
    inner join own as p on tree.parent_id = p.unit_id
    inner join units as parts on u.split_id = parts.split_id and not parts.is_rest
    left join own as s on parts.unit_id = s.unit_id and p.month_no = s.month_no
    where u.is_rest
    group by u.unit_id, p.month_no, p.amount, p.data_status
),

every_unit as (select * from own union all select * from rest)

select
    e.unit_id, units.split_id, e.month_no, e.data_status, roots.threshold, ends.last_month_no,
    top.data_status = 'complete' as live,
    coalesce(top.data_status = 'partial', false) or e.data_status = 'partial' as is_open,
    case when top.data_status = 'complete' then e.amount else 0 end as amount,
    cast(floor((e.month_no - 3) / 12) as int) as financial_year,
    cast((e.month_no - 3) % 12 as int) as month_of_year
from every_unit as e
inner join units using (unit_id)
inner join roots using (unit_id)
inner join ends using (root_id)
inner join own as top on roots.root_id = top.unit_id and e.month_no = top.month_no;

-- How finely a unit's financial year is shown: not at all, whole, in two parts (April to December, January to March), in
-- quarters or in months. The units of a split are taken one by one, the largest first. Each is shown as finely as it can be
-- without it, or the sum of all units after it, ever being small; and never more finely than the unit before it. The last ones
-- are small together or with the next larger one, and are hidden; zeros are among them, so that a hidden figure can be zero.
-- A period that is not over can still grow: it limits no other, and is not shown (`reach`).
create or replace temp table fineness as
with ranked as (
    select
        split_id, unit_id, financial_year, max(threshold) as threshold, max(last_month_no) as last_month_no,
        row_number() over (partition by split_id, financial_year order by sum(amount) desc, unit_id) as place
    from grid group by split_id, unit_id, financial_year
),

months as (
    select
        g.split_id, g.unit_id, g.financial_year, g.month_of_year, cast(floor(g.month_of_year / 3) as int) as quarter,
        r.place, r.threshold, r.last_month_no, g.amount,
        coalesce(sum(g.amount) over (
            partition by g.split_id, g.financial_year, g.month_of_year order by r.place
            rows between 1 following and unbounded following
        ), 0) as left_over
    from grid as g
    inner join ranked as r on g.split_id = r.split_id and g.unit_id = r.unit_id and g.financial_year = r.financial_year
),

quarters as (
    select
        split_id, unit_id, financial_year, quarter, place, threshold, last_month_no,
        sum(amount) as amount, sum(left_over) as left_over,
        bool_and(
            never_small(amount, left_over, threshold) or 12 * financial_year + 3 + month_of_year > last_month_no
        ) as months_ok
    from months group by all
),

parts as (
    select
        split_id, unit_id, financial_year, quarter = 3 as is_last, place, threshold, last_month_no,
        sum(amount) as amount, sum(left_over) as left_over,
        bool_and(
            never_small(amount, left_over, threshold) or 12 * financial_year + 5 + 3 * quarter > last_month_no
        ) as quarters_ok
    from quarters group by all
),

years as (
    select
        split_id, unit_id, financial_year, place, threshold, last_month_no, sum(amount) as amount, sum(left_over) as left_over,
        bool_and(
            never_small(amount, left_over, threshold)
            or 12 * financial_year + case when is_last then 14 else 11 end > last_month_no
        ) as parts_ok,
        bool_and(quarters_ok) as quarters_ok
    from parts group by all
),

by_quarter as (
    select
        own.split_id, own.unit_id, own.financial_year, own.quarter, own.place,
        never_small(y.amount, y.left_over, y.threshold) or 12 * y.financial_year + 14 > y.last_month_no as as_year,
        y.parts_ok as as_part,
        y.parts_ok and (own.quarter = 3 or y.quarters_ok) as as_quarter,
        y.parts_ok and (own.quarter = 3 or y.quarters_ok) and own.months_ok as as_month
    from quarters as own
    inner join years as y using (split_id, unit_id, financial_year)
)

select
    unit_id, financial_year, quarter,
    bool_and(as_year) over w as as_year,
    bool_and(as_part) over w as as_part,
    bool_and(as_quarter) over w as as_quarter,
    bool_and(as_month) over w as as_month
from by_quarter
window w as (partition by split_id, financial_year, quarter order by place rows unbounded preceding);

-- A unit is never shown more finely than what it is part of.
create or replace temp table blocks as
with levels as (
    select
        w.unit_id, f.financial_year, f.quarter,
        bool_and(f.as_year) as as_year,
        bool_and(f.as_part) as as_part,
        bool_and(f.as_quarter) as as_quarter,
        bool_and(f.as_month) as as_month
    from within as w
    inner join fineness as f on w.via = f.unit_id
    group by w.unit_id, f.financial_year, f.quarter
)

select
    g.unit_id, g.month_no, g.live, g.is_open, g.last_month_no, l.as_year, g.amount, g.threshold,
    12 * g.financial_year + 3 + case
        when l.as_month then g.month_of_year
        when l.as_quarter then 3 * l.quarter
        when l.as_part then case when l.quarter = 3 then 9 else 0 end
        else 0
    end as block_start,
    12 * g.financial_year + 3 + case
        when l.as_month then g.month_of_year
        when l.as_quarter then 3 * l.quarter + 2
        when l.as_part then case when l.quarter = 3 then 11 else 8 end
        else 11
    end as block_end
from grid as g
inner join levels as l
    on g.unit_id = l.unit_id and g.financial_year = l.financial_year and cast(floor(g.month_of_year / 3) as int) = l.quarter;

-- A period from a to b is shown where blocks start and end with it and no month in it is closed: `cut_after` is true at a - 1 and
-- at b, and `closed_to` is the same at both.
create or replace temp table reach as
select
    unit_id, month_no,
    cast(sum(case
        when not as_year or is_open or block_end > last_month_no then 1
        -- How finely a year may be shown is only settled when it is over and all of it is there.
        when not getvariable('pam_running_year')
            and (12 * floor((month_no - 3) / 12) + 14 > last_month_no or awaited_years.root_id is not null) then 1
        else 0
    end) over (partition by unit_id order by month_no rows unbounded preceding) as int) as closed_to,
    sum(case when live then 1 else 0 end) over (partition by unit_id, block_start order by month_no rows unbounded preceding)
        in (0, sum(case when live then 1 else 0 end) over (partition by unit_id, block_start)) as cut_after
from blocks
inner join roots using (unit_id)
left join awaited_years
    on roots.root_id = awaited_years.root_id and floor((blocks.month_no - 3) / 12) = awaited_years.financial_year;

-- A figure as at a day is shown where its series is never small and the counts that raise and lower it are shown by the month. A last
-- count can be of a day before the period's last month, which may have no figure itself: all kinds of period are looked at.
create or replace temp table stock_shown as
with flows as (
    select rules.mart, rules.measure, unnest(string_split(rules.of_measure, ' ')) as flow
    from rules where rules.role = 'stock' and rules.of_measure is not null
),

flow_months as (
    select
        u.force_code, f.mart, f.measure, f.flow, b.live, b.is_open, b.as_year and b.block_start = b.block_end as is_by_month,
        bool_or(b.live) over (partition by u.force_code, f.mart, f.measure, b.month_no) as is_any_live
    from flows as f
    inner join units as u on f.mart = u.mart and f.flow = u.measure and u.area_type = 'force' and u.category = 'all'
    inner join blocks as b using (unit_id)
),

-- Of a month of which one count is shown and another is covered in part, the stock would tell the other.
flows_shown as (
    select force_code, mart, measure
    from flow_months as f
    where live or (is_open and is_any_live)
    group by all
    having bool_and(is_by_month and not is_open)
        and count(distinct flow) = (select count(*) from flows as o where o.mart = f.mart and o.measure = f.measure)
),

flows_awaited as (
    select u.force_code, f.mart, f.measure, 12 * min(y.financial_year) + 3 as month_no
    from flows as f
    inner join units as u on f.mart = u.mart and f.flow = u.measure
    inner join awaited_years as y on u.unit_id = y.root_id
    group by all
)

select
    s.force_code, s.mart, s.measure,
    -- The last month whose figure is shown. A late file changes all that follow it.
    case
        when getvariable('pam_running_year') then 120000
        else least(
            12 * floor((max(12 * year(s.period_end) + month(s.period_end) - 1) filter (s.data_status = 'complete') - 14) / 12) + 14,
            min(flows_awaited.month_no) - 1
        )
    end as last_month_no
from measures as s
inner join rules using (mart, measure)
inner join thresholds using (mart, measure)
left join flows_shown using (force_code, mart, measure)
left join flows_awaited using (force_code, mart, measure)
where rules.role = 'stock' and (rules.of_measure is null or flows_shown.measure is not null)
group by all
having bool_and(s.value is null or s.value = 0 or s.value >= thresholds.threshold);
