"""A night from lock to receipt, and what is done to nights afterwards.

- The night itself: `run` has its steps, `run_steps` calls them for the command line, and `land_step`, `build_step` and
  `publish_step` do them (the gate is in `quality`).
- How it ends: `lifecycle` and `end_night` see to its receipt, `saved_steps` keeps what each step made and says whether a
  run goes on with the last night, and `alerts` tells people.
- Afterwards: `status`, `health` and `late_extracts` for people and monitoring, `rollback`, `replay`,
  `expired_rows`, `period_coverage` for `pam backfill`, and `dry_run` for what files would do.
"""
