-- How often a cell of the report differs from its mart: a row for each mart, force and measure of a cell. For a period that
-- the marts have, the cell must be the mart's figure; for any other run of whole months, the sum of the months. A cell of
-- figures that others publish may have no period: it must be one of the series' figures.
with cells as (
    select row_number() over () as cell_no, c.*, listed.aggregation
    from warehouse.reports.cells as c
    left join work.seeds.measure_list as listed on c.mart = listed.mart and c.measure = listed.measure
    where c.mart is not null
),

compared as (
    select
        cells.cell_no,
        cells.value as printed,
        case cells.shows
            when 'value' then m.value
            when 'volume_change' then m.volume_change
            when 'pct_change' then m.pct_change
            -- Compared only if both have one: a mart leaves out a prior value without a whole year.
            when 'prior_value' then coalesce(m.prior_value, cells.value)
            when 'numerator' then coalesce(m.numerator, cells.value)
            when 'denominator' then coalesce(m.denominator, cells.value)
        end as figure
    from cells
    inner join warehouse.marts.measures as m
        on cells.mart = m.mart and cells.measure = m.measure and cells.category = m.category
        and cells.area_type = m.area_type and cells.area_name = m.area_name and cells.force_code = m.force_code
        and cells.period_start = m.period_start and cells.period_end = m.period_end
),

months as (
    select cells.cell_no, any_value(cells.value) as printed, sum(m.value) as figure
    from cells
    inner join warehouse.marts.measures as m
        on cells.mart = m.mart and cells.measure = m.measure and cells.category = m.category
        and cells.area_type = m.area_type and cells.area_name = m.area_name and cells.force_code = m.force_code
        and m.period_type = 'month' and m.period_start >= cells.period_start and m.period_end <= cells.period_end
    where cells.shows = 'value' and cells.aggregation = 'sum' and cells.value is not null
    group by cells.cell_no
    -- All of them: of a window that begins or ends within a month, that one is not between.
    having count(*) = datediff('month', any_value(cells.period_start), any_value(cells.period_end)) + 1
        and bool_and(m.data_status = 'complete')
),

published as (
    select cells.cell_no, any_value(cells.value) as printed, list(m.value) as figures
    from cells
    inner join warehouse.marts.measures as m
        on cells.mart = m.mart and cells.measure = m.measure and cells.category = m.category
        and cells.area_type = m.area_type and cells.area_name = m.area_name and cells.force_code = m.force_code
    where cells.shows = 'value' and cells.period_end is null and cells.value is not null
    group by cells.cell_no
)

select
    cells.mart as report, cells.force_code, cells.measure, min(cells.table_name) as table_name,
    count(*) filter (cells.cell_no in (select cell_no from compared where printed is distinct from figure)
        or cells.cell_no in (select cell_no from months where printed is distinct from figure)
        or cells.cell_no in (select cell_no from published where not list_contains(figures, printed))) as cell_not_its_mart
from cells
group by cells.mart, cells.force_code, cells.measure
