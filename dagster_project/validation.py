"""What pydantic found wrong with a file of settings, as a person reads it."""

from pydantic import ValidationError


def faults_of(error: ValidationError, whole: str = "") -> list[str]:
    """Each fault as `field.below: what is wrong`; `whole` is what a fault of no one field is said of."""
    return [
        f"{'.'.join(str(p) for p in e['loc']) or whole}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
    ]
