-- Report 2.12.
select {{ event('administered_at', 'naloxone_administrations', extract='naloxone') }}
from {{ ref('stg_naloxone') }}
