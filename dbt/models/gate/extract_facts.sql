-- Facts about an extract for the gate's suites. A ratio or share is null if there are too few rows to judge.
with night as (
    select * from {{ source('raw', 'night') }}
),

loads as (
    select * from {{ source('raw', 'loads') }}
),

-- Rows that count and have a key that was withheld from some file.
current_rows as (
    select landed.*
    from {{ source('raw', 'withheld_versions') }} as landed
    left join {{ ref('superseded_rows') }} as superseded
        on landed.load_id = superseded.load_id
        and landed.line = superseded.line
    where superseded.load_id is null
),

files as (
    select
        loads.extract,
        loads.force_code,
        max(contracts.kind) as kind,
        max(contracts.rhythm) as rhythm,
        max(loads.covered_to) as covered_to,
        count(*) as files,
        sum(case when loads.is_tonight then loads.rows_in_file else 0 end) as rows_in_file_tonight,
        sum(case when loads.is_tonight then loads.rows_landed else 0 end) as rows_landed_tonight,
        sum(case when loads.is_tonight then loads.rows_quarantined else 0 end) as rows_quarantined_tonight
    from loads
    inner join {{ source('raw', 'contracts') }} as contracts on loads.extract = contracts.extract
    group by loads.extract, loads.force_code
),

-- For each file: a shortage and a surplus must not cancel out. If the quarantine of a file is lost, the ledger's count is used, and
-- the loss is reported separately.
accounted as (
    select
        extract,
        force_code,
        sum(
            abs(rows_in_file - rows_landed - rows_quarantined - rows_duplicate - rows_refused)
            + abs(
                rows_in_file - rows_in_raw - coalesce(rows_in_quarantine, rows_quarantined - rows_tied) - rows_duplicate
                - rows_refused
            )
        ) as rows_unaccounted,
        sum(case when rows_in_quarantine is null then rows_quarantined - rows_tied else 0 end) as rows_missing_in_quarantine,
        max(case when rows_in_quarantine is null then source_file end) as unquarantined_file
    from {{ source('raw', 'accounts') }}
    group by extract, force_code
),

withdrawn as (
    select loads.extract, loads.force_code, count(*) as rows_withdrawn_tonight
    from {{ ref('superseded_rows') }} as superseded
    inner join loads
        on superseded.by_load_id = loads.load_id
    where superseded.reason = 'withdrawn' and loads.is_tonight
    group by loads.extract, loads.force_code
),

-- Rows in months whose rows were erased, of files that do not cover the whole month.
closed as (
    select loads.extract, loads.force_code, count(*) as rows_closed_tonight
    from {{ ref('superseded_rows') }} as superseded
    inner join loads
        on superseded.load_id = loads.load_id
    where superseded.reason = 'closed' and loads.is_tonight
    group by loads.extract, loads.force_code
),

-- Rows whose newer version is in quarantine: the last good version counts.
fallback as (
    select
        current_rows.extract,
        current_rows.force_code,
        count(distinct current_rows.row_key) as rows_stood_in,
        max(newer.source_file) as quarantined_file
    from current_rows
    inner join loads as own on current_rows.load_id = own.load_id
    inner join {{ source('raw', 'withheld') }} as withheld
        on current_rows.extract = withheld.extract
        and current_rows.force_code = withheld.force_code
        and current_rows.row_key = withheld.row_key
    inner join loads as newer
        on withheld.load_id = newer.load_id
        and own.load_rank < newer.load_rank
    group by current_rows.extract, current_rows.force_code
),

-- Days of the last four covered weeks, and of the year before them.
covered as (
    select
        windows.coverage as extract,
        windows.force_code,
        sum(case when files.covered_to is null then 0 else greatest(0, {{ days_between(
            'greatest(windows.covered_from, ' ~ add_days('files.covered_to', -27) ~ ')',
            'least(windows.covered_to, files.covered_to)') }} + 1) end) as recent_days,
        sum(greatest(0, {{ days_between(
            'greatest(windows.covered_from, ' ~ add_days('files.covered_to', -391) ~ ')',
            'least(windows.covered_to, ' ~ add_days('files.covered_to', -28) ~ ')') }} + 1)) as history_days
    from {{ ref('coverage_windows') }} as windows
    inner join files
        on windows.coverage = files.extract
        and windows.force_code = files.force_code
    group by windows.coverage, windows.force_code
),

-- The longest run of days without a row that ends in the last four covered weeks, and in the year before. Rows by month have no
-- days of their own.
row_dates as (
    select distinct days.extract, days.force_code, days.row_date, windows.covered_to
    from {{ ref('row_days') }} as days
    inner join files
        on days.extract = files.extract
        and days.force_code = files.force_code
    inner join {{ ref('coverage_windows') }} as windows
        on files.extract = windows.coverage
        and files.force_code = windows.force_code
        and files.covered_to = windows.covered_to
    where files.kind = 'events' and days.row_date between windows.covered_from and windows.covered_to
),

runs as (
    select
        extract,
        force_code,
        covered_to,
        row_date,
        coalesce(
            lead(row_date) over (partition by extract, force_code order by row_date),
            {{ add_days('covered_to', 1) }}
        ) as next_date
    from row_dates
),

quiet as (
    select
        extract,
        force_code,
        max(case when next_date > {{ add_days('covered_to', -27) }} then {{ days_between('row_date', 'next_date') }} - 1 end)
            as quiet_days,
        max(case when next_date <= {{ add_days('covered_to', -27) }} then {{ days_between('row_date', 'next_date') }} - 1 end)
            as usual_quiet_days,
        max_by(
            case when next_date > {{ add_days('covered_to', -27) }} then row_date end,
            case
                when next_date > {{ add_days('covered_to', -27) }}
                    then 100000 * {{ days_between('row_date', 'next_date') }} - {{ days_between('row_date', 'covered_to') }}
            end
        ) as quiet_after
    from runs
    where next_date > {{ add_days('covered_to', -391) }}
    group by extract, force_code
),

by_kind as (
    select
        days.extract,
        days.force_code,
        days.row_kind,
        sum(days.rows_current) as all_rows,
        sum(days.rows_placeable) as placeable_rows,
        sum(days.rows_unplaced) as unplaced_rows,
        sum(case when days.row_date > {{ add_days('files.covered_to', -28) }} then days.rows_current else 0 end) as recent_rows,
        sum(case
            when days.row_date > {{ add_days('files.covered_to', -392) }}
                and days.row_date <= {{ add_days('files.covered_to', -28) }} then days.rows_current
            else 0
        end) as history_rows,
        sum(case when files.kind in ('events', 'monthly_file') and windows.coverage is null then days.rows_current else 0 end)
            as rows_outside_windows
    from {{ ref('row_days') }} as days
    inner join files
        on days.extract = files.extract
        and days.force_code = files.force_code
    left join {{ ref('coverage_windows') }} as windows
        on days.extract = windows.coverage
        and days.force_code = windows.force_code
        and days.row_date between windows.covered_from and windows.covered_to
    group by days.extract, days.force_code, days.row_kind
),

counted as (
    select
        *,
        sum(recent_rows) over (partition by extract, force_code) as recent_total,
        sum(history_rows) over (partition by extract, force_code) as history_total
    from by_kind
),

volumes as (
    select
        extract,
        force_code,
        sum(all_rows) as rows_current,
        sum(placeable_rows) as rows_placeable,
        sum(unplaced_rows) as rows_unplaced,
        sum(rows_outside_windows) as rows_outside_windows,
        max(recent_total) as recent_rows,
        max(history_total) as history_rows,
        sum(abs(
            cast(recent_rows as double) / nullif(recent_total, 0) - cast(history_rows as double) / nullif(history_total, 0)
        )) / 2 as kinds_shift
    from counted
    group by extract, force_code
)

select
    files.extract,
    files.force_code,
    files.rhythm,
    files.files,
    cast(coalesce(volumes.rows_current, 0) as bigint) as rows_current,
    cast(coalesce(withdrawn.rows_withdrawn_tonight, 0) as bigint) as rows_withdrawn,
    cast(coalesce(closed.rows_closed_tonight, 0) as bigint) as rows_closed,
    cast(coalesce(fallback.rows_stood_in, 0) as bigint) as rows_stood_in,
    fallback.quarantined_file,
    cast(coalesce(unknown.rows_unknown, 0) as bigint) as rows_unknown,
    unknown.unknown_values,
    cast(coalesce(forgotten.rows_forgotten, 0) as bigint) as rows_forgotten,
    forgotten.forgotten_values,
    cast(coalesce(replaced.rows_replaced, 0) as bigint) as rows_replaced,
    replaced.replaced_files,
    cast(coalesce(accounted.rows_unaccounted, 0) as bigint) as rows_unaccounted,
    cast(coalesce(accounted.rows_missing_in_quarantine, 0) as bigint) as rows_missing_in_quarantine,
    accounted.unquarantined_file,
    cast(coalesce(volumes.rows_outside_windows, 0) as bigint) as rows_outside_windows,
    files.covered_to,
    {{ days_between('files.covered_to', 'night.night_date') }}
    - contracts.grace_days as days_late,
    100 * cast(files.rows_quarantined_tonight as double) / nullif(files.rows_in_file_tonight, 0) as pct_quarantined,
    100 * cast(coalesce(withdrawn.rows_withdrawn_tonight, 0) as double)
    / nullif(coalesce(withdrawn.rows_withdrawn_tonight, 0) + files.rows_landed_tonight, 0) as pct_withdrawn,
    case
        when contracts.has_areas and contracts.kind <> 'monthly_file' and volumes.rows_placeable >= 50
            and files.force_code in (select units.force_code from {{ ref('unit_names') }} as units)
            then 100 * cast(volumes.rows_unplaced as double) / volumes.rows_placeable
    end as pct_unplaced,
    case
        when covered.recent_days >= 14 and covered.history_days >= 84 and volumes.history_rows >= 50
            then
                (cast(volumes.recent_rows as double) / covered.recent_days)
                / (cast(volumes.history_rows as double) / covered.history_days)
    end as volume_ratio,
    case
        when covered.history_days >= 84 and volumes.history_rows >= 50 and quiet.quiet_days > coalesce(quiet.usual_quiet_days, 0)
            then quiet.quiet_days * cast(volumes.history_rows as double) / covered.history_days
    end as rows_missing_in_quiet_days,
    {{ add_days('quiet.quiet_after', 1) }} as quiet_from,
    {{ add_days('quiet.quiet_after', 'cast(quiet.quiet_days as int)') }} as quiet_to,
    case
        when volumes.recent_rows >= 50 and volumes.history_rows >= 200
            then 100 * volumes.kinds_shift
    end as pct_kinds_shift
from files
cross join night
inner join {{ source('raw', 'contracts') }} as contracts on files.extract = contracts.extract
left join volumes
    on files.extract = volumes.extract
    and files.force_code = volumes.force_code
left join withdrawn
    on files.extract = withdrawn.extract
    and files.force_code = withdrawn.force_code
left join closed
    on files.extract = closed.extract
    and files.force_code = closed.force_code
left join fallback
    on files.extract = fallback.extract
    and files.force_code = fallback.force_code
left join {{ source('raw', 'unknown_tonight') }} as unknown
    on files.extract = unknown.extract
    and files.force_code = unknown.force_code
left join {{ source('raw', 'forgotten_values') }} as forgotten
    on files.extract = forgotten.extract
    and files.force_code = forgotten.force_code
left join {{ source('raw', 'replaced_tonight') }} as replaced
    on files.extract = replaced.extract
    and files.force_code = replaced.force_code
left join covered
    on files.extract = covered.extract
    and files.force_code = covered.force_code
left join quiet
    on files.extract = quiet.extract
    and files.force_code = quiet.force_code
left join accounted
    on files.extract = accounted.extract
    and files.force_code = accounted.force_code
