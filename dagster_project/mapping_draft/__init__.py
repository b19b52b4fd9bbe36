"""Drafts the mapping of a force's own export: which header is which column, its codes and dates, and what is left to decide.

`tables` finds the table in the file and `fields` what its cells hold; `draft` drafts, with `columns`, `codes`, `dates` and
`file_names`; `header_words` says how like a column a header is, whose other names are in the contract; `write_yaml` writes the
result, and `try_mapping` tries it on the file. `pam map` shows it at the terminal (`show`) or as a page (`browser`), with ten
rows of the file and what they would be.

The home does not change until a person saves the YAML, and no row of the file leaves the machine. Drafting spills none to disk;
the preview lands the file in a temporary home, which is deleted.
"""
