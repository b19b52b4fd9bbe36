{{ config(materialized='view') }}
-- Report 6.7. Drugs is one of the row's themes.
select {{ event('submitted_on', 'intelligence_items', category('source'), extract='intelligence') }}
from {{ ref('stg_intelligence') }}
where {{ list_has('themes', 'Drugs') }}
