MODEL (
  name staging.stop_search,
  kind INCREMENTAL_BY_TIME_RANGE (time_column happened_on)
);

with files as (
  select
    split_part(parse_filename(filename), '__', 2) as force_code,
    cast(timezone('Europe/London', cast(searched_at as timestamptz)) as date) as happened_on,
    search_ref::text as search_ref,
    timezone('Europe/London', cast(searched_at as timestamptz)) as searched_at,
    legislation::text as legislation, object_of_search::text as object_of_search, object_found::text as object_found,
    age_range::text as age_range, self_defined_ethnicity::text as self_defined_ethnicity, outcome::text as outcome, lpu::text as lpu
  from read_csv(@VAR('inbox') || '/stop_search__*.csv', all_varchar = true, header = true, filename = true)
)

select * from files
where happened_on between @start_date and @end_date
