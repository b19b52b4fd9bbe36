MODEL (
  name staging.drug_tests,
  kind INCREMENTAL_BY_TIME_RANGE (time_column happened_on)
);

with files as (
  select
    split_part(parse_filename(filename), '__', 2) as force_code,
    cast(arrested_at as date) as happened_on,
    custody_ref::text as custody_ref, cast(arrested_at as timestamp) as arrested_at,
    trigger_offence::text as trigger_offence,
    test_status::text as test_status, missed_reason::text as missed_reason, cast(tested_at as timestamp) as tested_at,
    cocaine::text as cocaine, opiates::text as opiates, result::text as result, referred::text as referred, lpu::text as lpu
  from read_csv(@VAR('inbox') || '/drug_tests__*.csv', all_varchar = true, header = true, filename = true)
)

select * from files
where happened_on between @start_date and @end_date
