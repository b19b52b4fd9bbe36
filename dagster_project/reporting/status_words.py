"""The status of an extract as pages say it.

`meta.extracts` has `never dropped` for one that never came to the inbox, which a reader may take for one that nobody left out.
"""

NEVER_RECEIVED = "never received"


def status_in_words(status: str) -> str:
    """`current`, `late`, `not sent` or `never received`."""
    return NEVER_RECEIVED if status == "never dropped" else status
