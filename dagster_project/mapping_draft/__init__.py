"""Drafts the mapping of a force's own export: which header is which column, their codes and dates, and what is left to decide.

`pam map` shows a draft in the terminal or as a page on the loopback. Nothing of the home changes until a person saves the YAML,
and no row of the file leaves the machine.
"""
