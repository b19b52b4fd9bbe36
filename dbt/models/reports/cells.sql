{{ config(materialized='table') }}
-- Every cell of every printed table and chart, in the printed order. An area or category of its own names its row, the
-- largest first; units that nothing is recorded of are left out.
with cells as (
    select * from {{ source('raw', 'report_cells') }}
),

answered as (
    select
        cells.*,
        answers.answer_id,
        answers.area_name,
        answers.category,
        answers.unit,
        answers.data_status,
        answers.numerator,
        answers.denominator,
        case cells.shows
            when 'value' then answers.value
            when 'prior_value' then answers.prior_value
            when 'volume_change' then answers.volume_change
            when 'pct_change' then answers.pct_change
            when 'numerator' then answers.numerator
            when 'denominator' then answers.denominator
        end as value,
        case
            when cells.row_label is not null then cells.row_label
            when asked.published is not null and asked.category <> '*' and asked.area_name <> '*' then answers.period_label
            when asked.category = '*' then answers.category
            else answers.area_name
        end as label,
        case when cells.row_label is null then 1 else 0 end as is_spelled
    from cells
    left join {{ source('raw', 'asked') }} as asked on cells.asked_id = asked.asked_id
    left join {{ ref('answers') }} as answers on cells.asked_id = answers.asked_id
),

-- A cell that does not apply, in a row of every area or category, stands in each of them.
rows_of as (
    select
        edition, table_name, row_no, label,
        max(is_spelled) as is_spelled,
        max(case when column_no = first_column then value end) as first_value,
        max(case when value <> 0 then 1 else 0 end) as has_something
    from (
        select
            answered.*,
            min(column_no) over (partition by edition, table_name, row_no) as first_column
        from answered
    ) as numbered
    where label is not null and label <> '*'
    group by edition, table_name, row_no, label
),

ordered as (
    select
        edition, table_name, row_no, label,
        row_number() over (
            partition by edition, table_name
            order by
                row_no asc,
                case when label = 'Not recorded' then 1 else 0 end asc,
                case when is_spelled = 1 then first_value end desc nulls last,
                label asc
        ) as place
    from rows_of
    where is_spelled = 0 or label <> 'Not recorded' or has_something = 1
)

select
    answered.edition,
    answered.table_name,
    cast(ordered.place as int) as row_no,
    ordered.label as row_label,
    answered.column_no,
    answered.column_name,
    answered.column_label,
    answered.window_label,
    answered.asked_id,
    answered.answer_id,
    asked.mart,
    asked.measure,
    answered.category,
    asked.area_type,
    answered.area_name,
    asked.from_day as period_start,
    asked.to_day as period_end,
    answered.shows,
    cast(answered.value as decimal(28, 10)) as value,
    case
        when answered.shows = 'pct_change' then 'percent'
        when answered.shows = 'volume_change' and answered.unit = 'percent' then 'percentage_points'
        when answered.shows in ('numerator', 'denominator') then 'count'
        else answered.unit
    end as unit,
    answered.numerator,
    answered.denominator,
    answered.data_status,
    case
        when answered.asked_id is null or answered.data_status = 'not_applicable' then '[z]'
        when answered.value is null then '[x]'
        when answered.data_status = 'partial' then '[p]'
    end as marker,
    {{ printed('answered') }} as printed
from answered
inner join ordered
    on answered.edition = ordered.edition
    and answered.table_name = ordered.table_name
    and answered.row_no = ordered.row_no
    and (answered.label = ordered.label or (answered.answer_id is null and answered.row_label is null))
left join {{ source('raw', 'asked') }} as asked on answered.asked_id = asked.asked_id
