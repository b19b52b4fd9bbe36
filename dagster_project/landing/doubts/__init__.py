"""Doubts about a file as a whole: reasons to hold it back, and notes for a person.

- Hold it: `hold_reasons` (with `plausibility` and `other_sheets`); beside earlier files `withdrawn_rows`,
  `restarted_keys` and part of `changed_records`.
- Note it: `file_doubts`, `category_doubts`, `reference_doubts`, `unstored_columns`, `indicator_periods`, `changed_records`.
"""
