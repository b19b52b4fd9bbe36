{{ config(materialized='night_table') }}
-- Sums of every subject's events by day and file, with whether they count. Months and the windows of editions are made from these,
-- so that the rows of the extracts, by far the most of a large night, are read once, and one place says which of them count.
--
-- Kept totals of erased rows are added like events, one for each month.
with measures as (
    select * from {{ ref('measure_list') }}
),

by_file as (
    select
        mart,
        load_id,
        force_code,
        leaf_code,
        max(leaf_name) as leaf_name,
        event_on,
        measure,
        category,
        sum(amount) as amount
    from {{ ref('events') }}
    group by mart, load_id, force_code, leaf_code, event_on, measure, category
),

-- Loads without the column that splits a stock.
unsplit as (
    select distinct measures.mart, measures.measure, gaps.load_id
    from measures
    inner join {{ ref('coverage_gaps') }} as gaps on measures.category_coverage = gaps.coverage
    where measures.aggregation = 'stock'
),

-- Amounts that no category can have are in `all` alone: on days whose newest file lacks the column that splits a measure, those of
-- older files too. On other days every row has a category: it is `Not recorded` in an older file without the column, whose row
-- counts where its newer version is in quarantine, say. A stock has rows of any day, so there the load decides.
of_files as (
    select
        by_file.mart,
        by_file.force_code,
        by_file.leaf_code,
        by_file.leaf_name,
        by_file.event_on,
        cast({{ month_no('by_file.event_on') }} as int) as month_no,
        by_file.measure,
        by_file.category,
        windows.coverage is not null as is_covered,
        case
            when measures.aggregation = 'stock' then unsplit.load_id is not null
            else measures.category_coverage is not null and split.coverage is null
        end as is_unsplit,
        by_file.amount
    from by_file
    inner join measures
        on by_file.mart = measures.mart
        and by_file.measure = measures.measure
    left join {{ ref('coverage_windows') }} as windows
        on measures.coverage = windows.coverage
        and by_file.force_code = windows.force_code
        and by_file.event_on between windows.covered_from and windows.covered_to
    left join {{ ref('coverage_windows') }} as split
        on measures.category_coverage = split.coverage
        and by_file.force_code = split.force_code
        and by_file.event_on between split.covered_from and split.covered_to
    left join unsplit
        on by_file.mart = unsplit.mart
        and by_file.measure = unsplit.measure
        and by_file.load_id = unsplit.load_id
),

-- Of erased rows only the month is known.
of_kept_totals as (
    select
        kept.mart,
        kept.force_code,
        kept.leaf_code,
        kept.leaf_name,
        kept.event_on,
        cast(kept.month_no as int) as month_no,
        kept.measure,
        kept.category,
        kept.is_covered,
        unsplit.load_id is not null as is_unsplit,
        kept.amount
    from {{ ref('kept_measures') }} as kept
    inner join measures
        on kept.mart = measures.mart
        and kept.measure = measures.measure
    left join unsplit
        on kept.mart = unsplit.mart
        and kept.measure = unsplit.measure
        and kept.load_id = unsplit.load_id
    where not kept.is_carried
)

select * from of_files
union all
select * from of_kept_totals
