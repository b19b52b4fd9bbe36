MODEL (
  name marts.figures,
  kind FULL
);

-- Every area, measure and category that a force has, in every period: months, years, years to date, rolling years.
with monthly as (
  select
    force_code, unit_code, measure, category, date_trunc('month', happened_on)::date as month, sum(n) as n
  from measures.daily
  group by all
),

leaves as (
  select * from monthly
  union all
  select force_code, unit_code, measure, 'all' as category, month, sum(n) as n
  from monthly
  where category <> 'all'
  group by all
),

sections as (
  select * from read_csv(@VAR('inbox') || '/../areas.csv', all_varchar = true, header = true)
),

areas as (
  select force_code, 'lpu' as area_type, lpu_code as area_code, lpu_code as unit_code from sections
  union all
  select distinct force_code, 'lpu', 'unknown', 'unknown' from sections
  union all
  select force_code, 'section', section_code, lpu_code from sections
  union all
  select force_code, 'force', force_code, lpu_code from sections
  union all
  select distinct force_code, 'force', force_code, 'unknown' from sections
),

series as (
  select named.force_code, named.measure, named.category, area.area_type, area.area_code
  from (select distinct force_code, measure, category from leaves) as named
  join (select distinct force_code, area_type, area_code from areas) as area on named.force_code = area.force_code
),

by_area as (
  select leaves.force_code, leaves.measure, leaves.category, areas.area_type, areas.area_code, leaves.month, sum(leaves.n) as n
  from leaves
  join areas on leaves.force_code = areas.force_code and leaves.unit_code = areas.unit_code
  group by all
),

months as (
  select unnest(generate_series(first, last, interval 1 month))::date as month
  from (select min(month) as first, max(month) as last from monthly)
),

periods as (
  select 'month' as period_type, month as first, month as last from months
  union all
  select 'rolling_12_months', (month - interval 11 month)::date, month from months
  union all
  select 'calendar_year_to_date', date_trunc('year', month)::date, month from months
  union all
  select 'financial_year_to_date', (date_trunc('year', month - interval 3 month) + interval 3 month)::date, month from months
),

dense as (
  select series.*, months.month, coalesce(by_area.n, 0) as n
  from series
  cross join months
  left join by_area using (force_code, measure, category, area_type, area_code, month)
),

figures as (
  select
    d.force_code, d.area_type, d.area_code, d.measure, d.category, p.period_type,
    p.first as period_start, last_day(p.last) as period_end, sum(d.n) as value
  from periods as p
  join dense as d on d.month between p.first and p.last
  group by all
)

select
  f.force_code::text as force_code, f.area_type::text as area_type, f.area_code::text as area_code,
  f.measure::text as measure, f.category::text as category, f.period_type::text as period_type,
  f.period_start::date as period_start, f.period_end::date as period_end, f.value::bigint as value,
  before.value::bigint as prior_value
from figures as f
left join figures as before
  on
    f.force_code = before.force_code and f.area_type = before.area_type and f.area_code = before.area_code
    and f.measure = before.measure and f.category = before.category and f.period_type = before.period_type
    and last_day((f.period_end - interval 1 year)::date) = before.period_end
