"""From raw to marts: what dbt reads (`raw_schema`), running it (`dbt_runner`; its threads and files are set in
`dbt/profiles.yml`), which models a night builds again (`changed_nodes`) and which months of them (`changed_months`,
`carry_forward`). `accepted_months` reads and writes the months of figures that a person signs off; `kept_totals`
the monthly totals that stay when rows are erased.

The only package that imports dbt and pyspark.
"""
