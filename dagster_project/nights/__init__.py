"""A night from lock to receipt, and what is done to nights afterwards.

- The night itself: `night_run` has its steps, and ends a night that has nothing new as unchanged; `run_steps` calls them for
  the command line, and `land_step`, `build_step` and `publish_step` do them (the gate is in `quality`).
- How it ends: `night_state` makes its receipt, `end_night` sees that it is written, `interrupted_nights` clears up
  after a night that was killed. `saved_steps` keeps what each step made and says whether a run goes on with the last night.
  `alerts` tells people.
- Afterwards: `status`, `health` and `late_extracts` for people and monitoring, `rollback`, `replay`,
  `erase_expired_rows`, `period_coverage` for `pam backfill`, and `dry_run` for what files would do.
"""
