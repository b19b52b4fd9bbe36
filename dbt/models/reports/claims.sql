{{ config(materialized='table') }}
-- What the report printed, what the marts say, and whether the two agree at the precision that it was printed with.
with claims as (
    select * from {{ source('raw', 'claims') }}
),

answers as (
    select * from {{ ref('answers') }}
),

-- The printed value and the computed one in units of the last printed place: `1.1 million` is 11 of them.
figures as (
    select
        claims.edition,
        claims.claim_no,
        answers.data_status,
        case claims.figure
            when 'value' then answers.value
            when 'prior_value' then answers.prior_value
            when 'volume_change' then answers.volume_change
            when 'pct_change' then answers.pct_change
            when 'numerator' then answers.numerator
            when 'denominator' then answers.denominator
        end as computed,
        claims.printed_value * claims.printed_places as printed_steps
    from claims
    inner join answers on claims.asked_id = answers.asked_id
    where claims.kind = 'figure'
),

stepped as (
    select
        figures.*,
        abs(figures.computed * claims.printed_places) as computed_steps,
        case when figures.computed < 0 then -1 else 1 end as side
    from figures
    inner join claims
        on figures.edition = claims.edition
        and figures.claim_no = claims.claim_no
),

judged_figures as (
    select
        stepped.edition,
        stepped.claim_no,
        stepped.computed,
        stepped.data_status,
        case
            when stepped.data_status = 'not_applicable' then 'not computable'
            when claims.printed_value is null and stepped.computed is null then 'agrees'
            when stepped.computed is null then 'not computable'
            when claims.printed_value is null then 'disagrees'
            when stepped.printed_steps = stepped.side * floor(stepped.computed_steps + 0.5) then 'agrees'
            when stepped.printed_steps = stepped.side * floor(stepped.computed_steps) then 'agrees when cut'
            else 'disagrees'
        end as verdict
    from stepped
    inner join claims
        on stepped.edition = claims.edition
        and stepped.claim_no = claims.claim_no
),

-- A sentence is made of groups: a whole and its parts, of which one thing is said. It holds where each group does.
terms as (
    select
        terms.edition, terms.claim_no, terms.form, terms.group_no, terms.amount,
        case when terms.role = 'whole' then answers.value end as whole,
        case when terms.role = 'part' then answers.value end as part,
        case when answers.value is null then 1 else 0 end as is_unknown
    from {{ source('raw', 'statement_terms') }} as terms
    inner join answers on terms.asked_id = answers.asked_id
),

grouped as (
    select
        edition, claim_no, form, group_no,
        max(whole) as whole,
        sum(part) as parts,
        max(amount) as amount,
        max(is_unknown) as is_unknown
    from terms
    group by edition, claim_no, form, group_no
),

held as (
    select
        edition, claim_no, group_no, is_unknown, whole, coalesce(parts, amount) as against,
        case
            when is_unknown = 1 then 0
            when form = 'adds_up' and whole = parts then 0
            when form = 'rises' and whole > parts then 0
            when form = 'most' and 2 * parts > whole then 0
            when form = 'is' and whole = amount then 0
            else 1
        end as is_broken
    from grouped
),

first_broken as (
    select edition, claim_no, min(group_no) as group_no
    from held
    where is_broken = 1
    group by edition, claim_no
),

judged_statements as (
    select
        held.edition,
        held.claim_no,
        case
            when max(held.is_unknown) = 1 and max(held.is_broken) = 0 then 'not computable'
            when max(held.is_broken) = 1 then 'disagrees'
            else 'agrees'
        end as verdict,
        max(case when held.group_no = first_broken.group_no then held.whole end) as whole,
        max(case when held.group_no = first_broken.group_no then held.against end) as against
    from held
    left join first_broken
        on held.edition = first_broken.edition
        and held.claim_no = first_broken.claim_no
    group by held.edition, held.claim_no
),

judged as (
    select edition, claim_no, computed, data_status, verdict, cast(null as decimal(28, 10)) as against
    from judged_figures
    union all
    select
        edition, claim_no, whole as computed, cast(null as string) as data_status, verdict,
        cast(against as decimal(28, 10)) as against
    from judged_statements
)

select
    claims.edition,
    claims.claim_no,
    claims.kind,
    claims.paragraph,
    claims.force_code,
    claims.mart,
    claims.measure,
    claims.figure,
    claims.area_type,
    claims.area_name,
    claims.category,
    claims.period_label,
    claims.from_day as period_start,
    claims.to_day as period_end,
    claims.printed,
    claims.printed_value,
    claims.unit,
    cast(judged.computed as decimal(28, 10)) as computed,
    cast(
        case when claims.kind = 'figure' then judged.computed - claims.printed_value else judged.computed - judged.against end
        as decimal(28, 10)
    ) as difference,
    coalesce(judged.verdict, 'not computable') as verdict,
    case
        when coalesce(judged.verdict, 'not computable') = 'not computable' and judged.data_status = 'not_applicable'
            then 'no measure of the warehouse is called so'
        when coalesce(judged.verdict, 'not computable') = 'not computable' then 'the covered days do not reach it'
        when judged.verdict = 'agrees when cut' then 'printed cut off, not rounded'
        when judged.verdict = 'disagrees' and claims.kind = 'statement'
            then concat(
                    'its own figures say otherwise: ', cast(cast(judged.computed as bigint) as string), ' against ',
                    cast(cast(judged.against as bigint) as string)
                )
        when judged.verdict = 'disagrees' and claims.printed_value is null then 'printed as not available, and there is a figure'
        when judged.verdict = 'disagrees' then 'the marts have another figure'
        when judged.data_status = 'partial' then 'over the covered part of the period'
    end as reason,
    judged.data_status,
    claims.known_reason is not null as is_known,
    claims.known_reason,
    claims.note
from claims
left join judged
    on claims.edition = judged.edition
    and claims.claim_no = judged.claim_no
