MODEL (
  name staging.incidents,
  kind INCREMENTAL_BY_TIME_RANGE (time_column happened_on)
);

with files as (
  select
    split_part(parse_filename(filename), '__', 2) as force_code,
    cast(created_at as date) as happened_on,
    incident_ref::text as incident_ref, cast(created_at as timestamp) as created_at, record_type::text as record_type,
    qualifiers::text as qualifiers,
    grade::text as grade, channel::text as channel, lpu::text as lpu
  from read_csv(@VAR('inbox') || '/incidents__*.csv', all_varchar = true, header = true, filename = true)
)

select * from files
where happened_on between @start_date and @end_date
