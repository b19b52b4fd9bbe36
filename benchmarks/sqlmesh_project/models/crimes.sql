MODEL (
  name staging.crimes,
  kind INCREMENTAL_BY_TIME_RANGE (time_column happened_on)
);

with files as (
  select
    split_part(parse_filename(filename), '__', 2) as force_code,
    cast(recorded_on as date) as happened_on,
    crime_ref::text as crime_ref, offence_code::text as offence_code, status::text as status, lpu::text as lpu
  from read_csv(@VAR('inbox') || '/crimes__*.csv', all_varchar = true, header = true, filename = true)
)

select * from files
where happened_on between @start_date and @end_date
