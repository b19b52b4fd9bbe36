"""What a text says, whatever it is about: its numbers, periods, and the names of measures, areas, categories and forces.

`figures_in_text` finds numbers, also in words, and tells figures from dates and other numbers; `words_around_numbers` reads
what makes one a change, a limit or a share. `periods_in_text` finds periods, `words` and `force_called` names, and `labels`
compares titles.
"""
