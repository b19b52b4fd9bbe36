"""Nights that are killed, that run out of disk, that may not write: what they leave behind."""
