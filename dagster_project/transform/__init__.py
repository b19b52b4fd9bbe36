"""From raw to marts: what dbt is told, running it, and which months a night builds again.

Alone in importing dbt and pyspark.
"""
