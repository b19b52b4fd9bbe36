"""A force's own reference lists: CSV files in `seeds/` of its home, which add to the project's."""

import csv
from pathlib import Path

from .rebases import COLUMNS as REBASE_COLUMNS
from .rebases import KEY as REBASE_KEY
from .rebases import wrong_with

OWN_LISTS = {
    "areas": ("force_code", "section_code", "section_name", "lpu_code", "lpu_name"),
    "offence_codes": ("offence_code", "offence_class"),
    "rebases": REBASE_COLUMNS,
}
OFFENCE_CLASSES = ("possession", "trafficking")


class SeedError(ValueError):
    """A force's own list that says something it can't mean. The message gives file, line and reason."""


def _known(row: tuple[str, ...], columns: tuple[str, ...]) -> tuple[str, ...]:
    """What may be in a list once."""
    if columns == REBASE_COLUMNS:
        return row[: len(REBASE_KEY)]
    return (row[0].upper(),) if columns[0] == "offence_code" else (row[0], row[columns.index("lpu_code")])


def read_own_list(path: Path, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    """A force's own list: rows of text in the order of `columns`; none where there is no file. Raises SeedError."""
    if not path.exists():
        return []
    try:
        path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SeedError(f"seeds/{path.name}: not UTF-8 (byte {error.start + 1}): save it as CSV UTF-8") from error
    rows: dict[tuple[str, ...], tuple[int, tuple[str, ...]]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [c for c in columns if c not in (reader.fieldnames or [])]
        if missing:
            raise SeedError(f"seeds/{path.name}: line 1: the header lacks {', '.join(missing)}")
        for record in reader:
            line = reader.line_num
            row = tuple((record[c] or "").strip() for c in columns)
            if not all(row):
                blank = ", ".join(c for c, v in zip(columns, row, strict=True) if not v)
                raise SeedError(f"seeds/{path.name}: line {line}: {blank} is blank")
            if columns[-1] == "offence_class" and row[-1] not in OFFENCE_CLASSES:
                raise SeedError(
                    f"seeds/{path.name}: line {line}: offence_class {row[-1]!r} is none of {', '.join(OFFENCE_CLASSES)}"
                )
            if columns == REBASE_COLUMNS and (wrong := wrong_with(row)):
                raise SeedError(f"seeds/{path.name}: line {line}: {wrong}")
            known = _known(row, columns)
            if known in rows:
                raise SeedError(f"seeds/{path.name}: line {line}: {' '.join(known)} is there twice (line {rows[known][0]} too)")
            rows[known] = (line, row)
    return [row for _, row in rows.values()]
