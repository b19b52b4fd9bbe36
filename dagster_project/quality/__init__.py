"""The gate: Great Expectations decides whether a night may be published.

`suites` reads the rules from YAML, the project's and a force's own, `relation_rules` asks them of a relation, and `gate` says
what holds the night. `stored_results` keeps what Great Expectations answered, `data_docs` shows it.

Alone in importing great_expectations.
"""
