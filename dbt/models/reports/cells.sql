{{ config(materialized='night_table') }}
-- Every cell of every printed table and chart, in the printed order. In tables of every area or category, rows are named by these,
-- the largest first; units without any record are left out.
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
        {{ status_of('cells.shows', 'answers') }} as data_status,
        -- The year before and a change are not made of this year's two parts.
        case when cells.shows in ('value', 'numerator', 'denominator') then answers.numerator end as numerator,
        case when cells.shows in ('value', 'numerator', 'denominator') then answers.denominator end as denominator,
        {{ named_column('cells.shows', 'answers') }} as value,
        {{ has_no_meaning('cells.shows', 'answers') }} as has_no_meaning,
        case
            when cells.row_label is not null then cells.row_label
            when asked.published is not null and asked.category <> '*' and asked.area_name <> '*' then answers.period_label
            when asked.category = '*' then answers.category
            else answers.area_name
        end as row_name,
        case when cells.row_label is null then 1 else 0 end as is_named_by_answer
    from cells
    left join {{ source('raw', 'asked') }} as asked on cells.asked_id = asked.asked_id
    left join {{ ref('answers') }} as answers on cells.asked_id = answers.asked_id
),

-- A cell that does not apply, in a row for every area or category, appears in each of them.
rows_of as (
    select
        edition, table_name, row_no, row_name,
        max(is_named_by_answer) as is_named_by_answer,
        max(case when column_no = first_column then value end) as first_value,
        max(case when value <> 0 then 1 else 0 end) as has_something
    from (
        select
            answered.*,
            min(answered.column_no) over (partition by answered.edition, answered.table_name, answered.row_no) as first_column
        from answered
    ) as numbered
    where row_name is not null and row_name <> '*'
    group by edition, table_name, row_no, row_name
),

ordered as (
    select
        edition, table_name, row_no, row_name,
        row_number() over (
            partition by edition, table_name
            order by
                row_no asc,
                case when row_name = 'Not recorded' then 1 else 0 end asc,
                case when is_named_by_answer = 1 then first_value end desc nulls last,
                row_name asc
        ) as place
    from rows_of
    where is_named_by_answer = 0 or row_name <> 'Not recorded' or has_something = 1
),

placed as (
    select
        answered.edition, answered.table_name, cast(ordered.place as int) as row_no, ordered.row_name as row_label,
        answered.column_no, answered.column_name, answered.column_label, answered.window_label, answered.asked_id,
        answered.answer_id, asked.force_code, asked.mart, asked.measure, answered.category, asked.area_type,
        answered.area_name, asked.from_day, asked.to_day, answered.shows, answered.decimals, answered.is_cut, answered.sign,
        answered.value, answered.unit,
        answered.numerator, answered.denominator, answered.data_status, answered.has_no_meaning
    from answered
    inner join ordered
        on answered.edition = ordered.edition
        and answered.table_name = ordered.table_name
        and answered.row_no = ordered.row_no
        and (answered.row_name = ordered.row_name or (answered.answer_id is null and answered.row_label is null))
    left join {{ source('raw', 'asked') }} as asked on answered.asked_id = asked.asked_id
),

-- The same figure in the last edition that was published.
printed_before as (
    select
        placed.edition, placed.table_name, placed.row_no, placed.column_no,
        frozen.edition as frozen_edition,
        frozen.value as frozen_value,
        row_number() over (
            partition by placed.edition, placed.table_name, placed.row_no, placed.column_no order by frozen.edition desc
        ) as choice
    from placed
    inner join {{ source('raw', 'frozen') }} as frozen
        on placed.force_code = frozen.force_code
        and placed.mart = frozen.mart
        and placed.measure = frozen.measure
        and placed.category = frozen.category
        and placed.area_type = frozen.area_type
        and placed.area_name = frozen.area_name
        and placed.to_day = frozen.period_end
        and coalesce(placed.from_day, placed.to_day) = coalesce(frozen.period_start, frozen.period_end)
        and placed.shows = frozen.shows
        and placed.edition >= frozen.edition
),

marked as (
    select
        placed.*,
        earlier_print.frozen_edition,
        earlier_print.frozen_value,
        case
            when
                earlier_print.frozen_value is not null and (placed.value is null or placed.value <> earlier_print.frozen_value)
                then 1
            else 0
        end as is_revised
    from placed
    left join printed_before as earlier_print
        on placed.edition = earlier_print.edition
        and placed.table_name = earlier_print.table_name
        and placed.row_no = earlier_print.row_no
        and placed.column_no = earlier_print.column_no
        and earlier_print.choice = 1
),

-- Decimal places: those of the edition, else of the unit.
asked_digits as (
    select
        *,
        coalesce(
            decimals,
            case
                when shows in ('numerator', 'denominator') then 0
                when shows = 'pct_change' or unit in ('percent', 'per_100k') then 1
                else 0
            end
        ) as asked_places,
        case when is_cut then 1 else 0.5 end as least_shown,
        case when unit = 'gbp' and shows <> 'pct_change' then 1 else 0 end as is_money
    from marked
),

-- 0 is printed for a true zero alone: a figure that would be rounded to it has more places, up to its ten; pounds have pence.
placed_digits as (
    select
        *,
        case
            when value is null or value = 0 then asked_places
            {%- for places in range(10) %}
            when abs(value) * {{ 10 ** places }} >= least_shown
                {%- if places == 1 %} and (is_money = 0 or asked_places = 1){% endif %} then greatest(asked_places, {{ places }})
            {%- endfor %}
            else 10
        end as places
    from asked_digits
),

rounded as (
    select
        *,
        case
            -- Half a last place less is rounded to what a cut leaves: a quotient of small decimals has fewer places on Spark.
            {%- for places in range(10) %}
            {%- set half = 'cast(' ~ 0.5 / 10 ** places ~ ' as decimal(10, 10))' %}
            when is_cut and places = {{ places }}
                then cast(round(greatest(abs(value) - {{ half }}, 0), {{ places }}) as decimal(28, 10))
            {%- endfor %}
            {%- for places in range(11) %}
            when places = {{ places }} then cast(round(abs(value), {{ places }}) as decimal(28, 10))
            {%- endfor %}
        end as shown
    from placed_digits
),

spelled as (
    select
        *,
        {{ with_commas('floor(shown)') }} as digits,
        case
            when places = 0 then ''
            else substr({{ decimal_text('shown') }}, length({{ decimal_text('shown') }}) - 10, places + 1)
        end as decimals_text
    from rounded
)

select
    spelled.edition,
    spelled.table_name,
    spelled.row_no,
    spelled.row_label,
    spelled.column_no,
    spelled.column_name,
    spelled.column_label,
    spelled.window_label,
    spelled.answer_id,
    spelled.force_code,
    spelled.mart,
    spelled.measure,
    spelled.category,
    spelled.area_type,
    spelled.area_name,
    spelled.from_day as period_start,
    spelled.to_day as period_end,
    spelled.shows,
    cast(value as decimal(28, 10)) as value,
    case
        when spelled.shows = 'pct_change' then 'percent'
        when spelled.shows = 'volume_change' and unit = 'percent' then 'percentage_points'
        when spelled.shows in ('numerator', 'denominator') then 'count'
        else unit
    end as unit,
    spelled.numerator,
    spelled.denominator,
    spelled.data_status,
    {{ marker('spelled') }} as marker,
    {{ printed('spelled') }} as printed,
    cast(spelled.frozen_value as decimal(28, 10)) as printed_before,
    spelled.frozen_edition as printed_in
from spelled
