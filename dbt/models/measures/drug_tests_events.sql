-- Report 2.15-2.18. The result decides whether a test is positive; where it is blank, the substances do.
with tests as (
    select
        *,
        coalesce(cocaine = 'Positive', false) as has_cocaine,
        coalesce(opiates = 'Positive', false) as has_opiates
    from {{ ref('stg_drug_tests') }}
),

arrests as (
    select
        *,
        coalesce(
            test_status = 'Completed'
            and (result = 'Positive' or (result is null and (has_cocaine or has_opiates))),
            false
        ) as is_positive
    from tests
)

select {{ event('arrested_at', 'trigger_arrests', extract='drug_tests') }}
from arrests
union all
select {{ event('arrested_at', 'tests_completed', extract='drug_tests') }}
from arrests
where test_status = 'Completed'
union all
select {{ event('arrested_at', 'tests_recording_results', extract='drug_tests') }}
from arrests
where test_status = 'Completed'
union all
select {{ event('arrested_at', 'tests_refused', extract='drug_tests') }}
from arrests
where test_status = 'Refused'
union all
select {{ event('arrested_at', 'tests_missed', category('missed_reason'), extract='drug_tests') }}
from arrests
where test_status = 'Missed'
union all
select {{ event('arrested_at', 'tests_positive', extract='drug_tests') }}
from arrests
where is_positive
union all
select {{ event('arrested_at', 'positive_cocaine', extract='drug_tests') }}
from arrests
where is_positive and has_cocaine and not has_opiates
union all
select {{ event('arrested_at', 'positive_opiates', extract='drug_tests') }}
from arrests
where is_positive and has_opiates and not has_cocaine
union all
select {{ event('arrested_at', 'positive_both', extract='drug_tests') }}
from arrests
where is_positive and has_cocaine and has_opiates
union all
select {{ event('arrested_at', 'positive_not_recorded', extract='drug_tests') }}
from arrests
where is_positive and not has_cocaine and not has_opiates
union all
select {{ event('arrested_at', 'referrals', extract='drug_tests') }}
from arrests
where referred = 'Y'
union all
select {{ event('arrested_at', 'arrests_to_test', extract='drug_tests') }}
from arrests
where coalesce(test_status, '') <> 'Not required'
