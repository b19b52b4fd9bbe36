"""Finding the figures of a table's cells: of the edition's tables (`link_tables`), of the author's own (`link_own_tables`) and
of those of `pam topline` (`link_topline`). `link_any_table` tries each. `words_of_titles` finds what makes them something else.
"""
