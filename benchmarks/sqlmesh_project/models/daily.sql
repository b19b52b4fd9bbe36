MODEL (
  name measures.daily,
  kind INCREMENTAL_BY_TIME_RANGE (time_column happened_on)
);

-- What each row adds to which measure, by day and unit.
with incidents as (
  select *, concat(';', regexp_replace(lower(coalesce(qualifiers, '')), ' *; *', ';', 'g'), ';') like '%;drugs;%' as is_drugs
  from staging.incidents
  where happened_on between @start_date and @end_date
),

searches as (
  select *, lower(object_of_search) in ('controlled drugs', 'drugs') as is_drugs
  from staging.stop_search
  where happened_on between @start_date and @end_date
),

tests as (
  select
    *,
    coalesce(cocaine = 'Positive', false) as has_cocaine,
    coalesce(opiates = 'Positive', false) as has_opiates,
    coalesce(
      test_status = 'Completed'
      and (result = 'Positive' or (result is null and (cocaine = 'Positive' or opiates = 'Positive'))),
      false
    ) as is_positive
  from staging.drug_tests
  where happened_on between @start_date and @end_date
),

offences as (
  select *, split_part(offence_code, '/', 1) as code
  from staging.crimes
  where status = 'Recorded' and happened_on between @start_date and @end_date
),

events as (
  select force_code, lpu, happened_on, 'possession_offences' as measure, code as category
  from offences where code in ('92C', '92D', '92E')
  union all
  select force_code, lpu, happened_on, 'trafficking_offences', code from offences where code = '92A'
  union all
  select force_code, lpu, happened_on, 'intelligence_items', coalesce(source, 'Not recorded')
  from staging.intelligence
  where
    happened_on between @start_date and @end_date
    and concat(';', regexp_replace(lower(coalesce(themes, '')), ' *; *', ';', 'g'), ';') like '%;drugs;%'
  union all
  select
    force_code, lpu, happened_on, unnest(list_filter([
      case when record_type = 'INCIDENT' then 'incidents_drugs' end,
      case when record_type = 'ROC' then 'roc_drugs' end,
      case when record_type = 'INCIDENT' and grade = 'Emergency' and happened_on >= date '2023-10-01' then 'incidents_drugs_emergency' end,
      case when record_type = 'ROC' and grade = 'Emergency' and happened_on >= date '2023-10-01' then 'roc_drugs_emergency' end
    ], m -> m is not null)), 'all'
  from incidents where is_drugs
  union all
  select force_code, lpu, happened_on, 'incidents_drugs_by_channel', coalesce(channel, 'Not recorded')
  from incidents where is_drugs and record_type = 'INCIDENT'
  union all
  select force_code, lpu, happened_on, 'searches', coalesce(legislation, 'Not recorded') from searches
  union all
  select force_code, lpu, happened_on, 'drug_searches', coalesce(legislation, 'Not recorded') from searches where is_drugs
  union all
  select force_code, lpu, happened_on, 'drug_finds', coalesce(legislation, 'Not recorded')
  from searches where is_drugs and object_found = 'Y'
  union all
  select force_code, lpu, happened_on, 'drug_searches_by_outcome', coalesce(outcome, 'Not recorded') from searches where is_drugs
  union all
  select force_code, lpu, happened_on, 'drug_searches_by_ethnicity', coalesce(self_defined_ethnicity, 'Not recorded')
  from searches where is_drugs
  union all
  select force_code, lpu, happened_on, 'drug_searches_by_age', coalesce(age_range, 'Not recorded') from searches where is_drugs
  union all
  select force_code, lpu, happened_on, 'tests_missed', coalesce(missed_reason, 'Not recorded')
  from tests where test_status = 'Missed'
  union all
  select
    force_code, lpu, happened_on, unnest(list_filter([
      'trigger_arrests',
      case when test_status = 'Completed' then 'tests_completed' end,
      case when test_status = 'Refused' then 'tests_refused' end,
      case when is_positive then 'tests_positive' end,
      case when is_positive and has_cocaine and not has_opiates then 'positive_cocaine' end,
      case when is_positive and has_opiates and not has_cocaine then 'positive_opiates' end,
      case when is_positive and has_cocaine and has_opiates then 'positive_both' end,
      case when is_positive and not has_cocaine and not has_opiates then 'positive_not_recorded' end,
      case when referred = 'Y' then 'referrals' end
    ], m -> m is not null)), 'all'
  from tests
)

select
  force_code::text as force_code, coalesce(lpu, 'unknown')::text as unit_code, happened_on::date as happened_on,
  measure::text as measure, category::text as category, count(*)::bigint as n
from events
group by all
