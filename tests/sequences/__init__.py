"""Random sequences of files, as plain data, and what landing and staging make of them against a plain model."""
