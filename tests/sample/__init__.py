"""Tests of the sample extracts."""
