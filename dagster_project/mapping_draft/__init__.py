"""Drafts the mapping of a force's own export: which header is which column, its codes and dates, and what is left to decide.

`pam map` shows a draft in the terminal or in the browser. The home does not change until a person saves the YAML, and no row of
the file leaves the machine. Drafting spills none to disk; the preview lands the file in a temporary home, which is deleted.
"""
