"""From raw to marts: what a night starts from, mostly a copy of the last (`candidate`), what dbt reads (`raw_schema`), running
it (`dbt_runner`; its threads and files are set in `dbt/profiles.yml`), which models are built again (`changed_nodes`) and which
months of them (`changed_months`); `carry_forward` keeps the others. `accepted_months` reads and writes the months of figures
that a person signs off; `kept_totals` the monthly totals that stay when rows are erased.

The SQL is not here, but in `dbt/models`: `staging` reads the extracts and decides which row stands (`superseded_rows.sql`),
`measures/<subject>_events.sql` says what each measure counts, `event_days.sql` and `monthly.sql` add it up, `marts` and
`reports` (cells, and with the macro `printed_cells.sql` how they are printed: signs, `[p]`, `[r]`) make what is published,
`gate` what the gate asks. A figure is empty where nothing is covered, and 0 where nothing was counted: `figure_from` in the
macro `mart_from_months.sql` decides that, and `answers` for the windows that the report asks for.

The only package that imports dbt and pyspark.
"""
