"""A force's mappings: what a force says of its own exports, so that they are read as the contract's extracts.

`mappings` reads `mappings/<force>.yml`, `mapping_fields` says what may stand in it, `file_name_patterns` which files it is for.
"""
