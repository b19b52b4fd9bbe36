{{ config(materialized='night_table') }}
-- Judges the claims of editions: each printed figure or statement, the figure of the marts, and whether the two agree at the
-- printed precision. `pam check` judges the numbers of any other document by the same rule, in document_check/verdict_rule.py.
with claims as (
    select * from {{ source('raw', 'claims') }}
),

answers as (
    select * from {{ ref('answers') }}
),

figures as (
    select
        claims.edition,
        claims.claim_no,
        claims.printed_value,
        claims.printed_places,
        claims.figure,
        claims.unit,
        {{ status_of('claims.figure', 'answers') }} as data_status,
        {{ named_column('claims.figure', 'answers') }} as computed,
        {{ has_no_meaning('claims.figure', 'answers') }} as has_no_meaning
    from claims
    inner join answers on claims.asked_id = answers.asked_id
    where claims.kind = 'figure'
),

-- The printed value and the computed one in units of the last printed place: `1.1 million` is 11 of them.
stepped as (
    select
        *,
        printed_value * printed_places as printed_steps,
        abs(computed * printed_places) as computed_steps,
        case when computed < 0 then -1 else 1 end as side
    from figures
),

judged_figures as (
    select
        edition,
        claim_no,
        computed,
        data_status,
        has_no_meaning,
        case
            when data_status = 'not_applicable' then 'not computable'
            when printed_value is null and computed is null then 'agrees'
            when computed is null then 'not computable'
            when printed_value is null then 'disagrees'
            when printed_steps = side * floor(computed_steps + 0.5) then 'agrees'
            when printed_steps = side * floor(computed_steps) then 'agrees when cut'
            -- The whole period may have what was printed, unless a part of it counts more already.
            when data_status = 'partial' and not (unit = 'count' and computed > printed_value) then 'not computable'
            else 'disagrees'
        end as verdict
    from stepped
),

-- A statement has groups, each with a whole and its parts. It is true if it is true for each group.
asked as (
    select * from {{ source('raw', 'asked') }}
),

shown as (
    select
        terms.edition, terms.claim_no, terms.form, terms.group_no, terms.amount, terms.within, terms.role,
        answers.data_status,
        answers.unit,
        {{ has_no_meaning('terms.shows', 'answers') }} as has_no_meaning,
        case terms.shows
            when 'volume_change' then answers.volume_change
            when 'pct_change' then answers.pct_change
            when 'lower_limit' then limits.lower_limit
            else answers.value
        end as value
    from {{ source('raw', 'statement_terms') }} as terms
    inner join answers on terms.asked_id = answers.asked_id
    left join asked on terms.asked_id = asked.asked_id
    left join {{ ref('published_limits') }} as limits
        on asked.force_code = limits.force_code
        and asked.measure = limits.measure
        and asked.area_type = limits.area_type
        and answers.area_name = limits.area_name
        and answers.period_label = limits.period_label
        and answers.category = 'all'
        and terms.shows = 'lower_limit'
),

-- A partly covered period cannot be compared with a whole one.
terms as (
    select
        *,
        case
            when form = 'is_partial' and data_status in ('complete', 'partial') then 0
            when form = 'is_partial' or value is null then 1
            when form not in ('adds_up', 'is') and data_status <> 'complete' then 1
            when form = 'is' and data_status = 'partial' and value <> amount and not (unit = 'count' and value > amount) then 1
            else 0
        end as is_unknown
    from shown
),

grouped as (
    select
        edition, claim_no, form, group_no,
        max(case when role = 'whole' then value end) as whole,
        max(case when role = 'whole' and data_status = 'partial' then 1 else 0 end) as is_partial,
        sum(case when role = 'part' then value end) as parts,
        max(case when role = 'part' then value end) as largest_part,
        max(amount) as amount,
        max(within) as within,
        max(is_unknown) as is_unknown,
        max(is_unknown * has_no_meaning) as has_no_meaning,
        max(case when is_unknown = 1 and data_status = 'partial' then 'partial' end) as unknown_status
    from terms
    group by edition, claim_no, form, group_no
),

checked as (
    select
        edition, claim_no, group_no, is_unknown, has_no_meaning, unknown_status, whole,
        case when form = 'largest' then largest_part else coalesce(parts, amount) end as against,
        case
            when is_unknown = 1 then 0
            when form = 'adds_up' and abs(whole - parts) <= within then 0
            when form = 'near' and abs(whole - parts) <= within then 0
            when form = 'rises' and whole > parts then 0
            when form = 'most' and 2 * parts > whole then 0
            when form = 'largest' and whole > largest_part then 0
            when form = 'is' and whole = amount then 0
            when form = 'is_partial' and is_partial = 1 then 0
            else 1
        end as is_broken
    from grouped
),

first_broken as (
    select edition, claim_no, min(group_no) as group_no
    from checked
    where is_broken = 1
    group by edition, claim_no
),

judged_statements as (
    select
        checked.edition,
        checked.claim_no,
        case
            when max(checked.is_broken) = 1 then 'disagrees'
            when max(checked.is_unknown) = 1 then 'not computable'
            else 'agrees'
        end as verdict,
        max(checked.has_no_meaning) as has_no_meaning,
        max(checked.unknown_status) as unknown_status,
        max(case when checked.group_no = first_broken.group_no then checked.whole end) as whole,
        max(case when checked.group_no = first_broken.group_no then checked.against end) as against
    from checked
    left join first_broken
        on checked.edition = first_broken.edition
        and checked.claim_no = first_broken.claim_no
    group by checked.edition, checked.claim_no
),

judged as (
    select
        edition, claim_no, computed, data_status, data_status as unknown_status, has_no_meaning, verdict,
        cast(null as decimal(28, 10)) as against
    from judged_figures
    union all
    select
        edition, claim_no, whole as computed, cast(null as string) as data_status, unknown_status, has_no_meaning, verdict,
        cast(against as decimal(28, 10)) as against
    from judged_statements
),

-- A figure that contradicts other printed figures disagrees, whatever the marts say.
decided as (
    select
        claims.*,
        judged.computed,
        judged.against,
        judged.data_status,
        judged.unknown_status,
        judged.has_no_meaning,
        case when claims.own_total is not null then 'disagrees' else coalesce(judged.verdict, 'not computable') end as verdict
    from claims
    left join judged
        on claims.edition = judged.edition
        and claims.claim_no = judged.claim_no
)

select
    edition,
    claim_no,
    kind,
    paragraph,
    force_code,
    mart,
    measure,
    figure,
    area_type,
    area_name,
    category,
    period_label,
    from_day as period_start,
    to_day as period_end,
    says,
    printed,
    printed_value,
    unit,
    cast(computed as decimal(28, 10)) as computed,
    cast(
        case when kind = 'figure' then computed - printed_value else computed - against end
        as decimal(28, 10)
    ) as difference,
    verdict,
    case
        when own_total is not null
            then concat(
                    'the printed figures contradict each other: ', {{ plain_number('own_total') }}, ' against ',
                    {{ plain_number('own_printed') }}
                )
        when verdict = 'not computable' and data_status = 'not_applicable' then 'not held in the warehouse'
        when verdict = 'not computable' and has_no_meaning = 1
            then 'there is no such figure: nothing to divide by, nothing counted, or a percentage of a percentage'
        when verdict = 'not computable' and unknown_status = 'partial' then 'the extracts cover only a part of the period'
        when verdict = 'not computable' and data_status = 'complete' and figure in ('volume_change', 'pct_change')
            then 'no files cover all of the same days a year before'
        -- Such as a unit that has another name since.
        when verdict = 'not computable' and area_type in ('section', 'lpu')
            then 'no accepted file has it for these days, or the list of areas lacks the name'
        when verdict = 'not computable' then 'no accepted file has it for these days'
        when verdict = 'agrees when cut' then 'matches if rounded down'
        when verdict = 'disagrees' and kind = 'statement' and computed is not null and against is not null
            then concat(
                    'the marts say otherwise: ', {{ plain_number('computed') }}, ' against ', {{ plain_number('against') }}
                )
        when verdict = 'disagrees' and kind = 'statement' then 'the marts say otherwise'
        when verdict = 'disagrees' and printed_value is null then 'printed as not available, and there is a figure'
        when verdict = 'disagrees' then 'the marts have another figure'
        when data_status = 'partial' then 'over the covered part of the period'
    end as reason,
    data_status,
    known_reason is not null as is_known,
    known_reason,
    note
from decided
