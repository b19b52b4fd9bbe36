"""The gate: Great Expectations decides whether a night may be published.

Alone in importing great_expectations.
"""
