-- Report 6.7. One of the row's themes counts as Drugs.
select {{ event('submitted_on', 'intelligence_items', category('source'), extract='intelligence') }}
from {{ ref('stg_intelligence') }} as source_rows
where {{ counts_as('Drugs', 'intelligence', 'themes', is_list=true) }}
