"""Random sequences of files: landing and staging compared with a plain model."""
