-- Report 6.2.
select {{ event('responded_on', 'responses', category('issue'), extract='community_voices') }}
from {{ ref('stg_community_voices') }}
