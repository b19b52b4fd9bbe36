"""What landing stores: rows (`raw_store`) and an entry for each file (`ledger`).

`earlier_decisions` looks up what was decided of earlier files, `vocabulary` which values they had, and `made_up_files` which
were of the sample. `quarantine_export` reads the quarantine, `erase_unused` erases what is
past its limit and no figure uses.
"""
