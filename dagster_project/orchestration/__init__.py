"""Dagster: assets, checks, schedules, sensors, and the processes of `pam serve`.

Alone in importing dagster, with `definitions.py`.
"""
