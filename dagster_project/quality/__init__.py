"""The gate: Great Expectations decides whether a night may be published.

`suites` reads the rules from YAML, the project's (`expectations`) and a force's own, `relation_rules` asks them of a
relation, and `gate` says what holds the night. `stored_results` keeps what Great Expectations answered, `data_docs` shows it.

A rule is a limit on a column; limits that many suites have are in `expectations/shared`. What the column says, such as how far
a month is from those of the year before, is worked out by the SQL in `dbt/models/gate`, or by `public_facts.sql` and
`report_facts.sql` here.

Alone in importing great_expectations.
"""
