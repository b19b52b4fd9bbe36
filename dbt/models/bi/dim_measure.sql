-- The measures of all marts, in words.
with marts as (
    {{ mart_titles() }}
),

measures as (
    select
        *,
        case when denominator_category is not null then concat(denominator, ' in all') else denominator end as below
    from {{ ref('measure_list') }}
)

select
    {{ measure_key('listed') }} as measure_key,
    listed.mart,
    marts.mart_title,
    listed.measure,
    listed.title as measure_title,
    listed.unit,
    case listed.unit
        when 'count' then 'Count'
        when 'gbp' then 'Pounds'
        when 'percent' then 'Per cent'
        when 'per_100k' then 'Per 100,000 people'
        else 'Days'
    end as unit_title,
    listed.meaning,
    case
        when listed.numerator is not null
            then concat('100 * ', listed.numerator, ' / ', listed.below, ', each totalled over the period first')
        when listed.aggregation = 'sum' then 'Total of all records in the period'
        when listed.aggregation = 'stock' then 'The number on the period''s last day'
        when listed.aggregation = 'last' then 'The last count in the period'
        else 'As published'
    end as formula,
    listed.aggregation = 'sum' as is_additive,
    coverages.available_from
from measures as listed
inner join marts on listed.mart = marts.mart
left join {{ source('raw', 'coverages') }} as coverages on listed.coverage = coverages.coverage
where listed.is_published
