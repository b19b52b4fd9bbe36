"""Nights that are killed, run out of disk or may not write: what they leave behind."""
