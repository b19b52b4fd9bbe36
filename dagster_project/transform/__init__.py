"""From raw to marts: what dbt reads, running it, and which months a night builds again.

The only package that imports dbt and pyspark.
"""
