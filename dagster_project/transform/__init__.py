"""From raw to marts: what dbt reads, running it, and which months a night builds again.

Alone in importing dbt and pyspark.
"""
