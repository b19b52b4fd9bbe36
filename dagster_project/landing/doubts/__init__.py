"""Doubts about a file as a whole: reasons to hold it back, and notes for a person.

- Hold it before its rows are stored: `hold_before_storing` calls what does. While they are stored, `store_file` calls the
  rest: parts of `implausible_files`, `suspicious_dates` (are day and month swapped?), and beside earlier files
  `mass_withdrawals` (does it lack most of what stands?), `restarted_keys` and a part of `changed_records`.
- Note it: `other_sheets`, `file_doubts`, `category_doubts`, `reference_doubts`, `flags_in_unstored_columns`,
  `indicator_periods`, `changed_records`, `stopped_values`.

`stored_rows` has what they look at once the rows are stored, `doubts_said` what was said of earlier files. A figure beside
those of earlier months is not judged here, but by the gate (`quality`).
"""
