MODEL (
  name staging.intelligence,
  kind INCREMENTAL_BY_TIME_RANGE (time_column happened_on)
);

with files as (
  select
    split_part(parse_filename(filename), '__', 2) as force_code,
    cast(submitted_on as date) as happened_on,
    intel_ref::text as intel_ref, themes::text as themes, source::text as source, lpu::text as lpu
  from read_csv(@VAR('inbox') || '/intelligence__*.csv', all_varchar = true, header = true, filename = true)
)

select * from files
where happened_on between @start_date and @end_date
