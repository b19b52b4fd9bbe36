"""One run from lock to receipt; and backfill, replay, rollback, retention, alerts and status."""
