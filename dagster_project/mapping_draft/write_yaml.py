"""Writes a draft as the YAML of a mapping. It can be loaded at once; comments say what is left to decide."""

import re
import sys
from pathlib import Path

import yaml

from dagster_project.core.home import Home
from dagster_project.core.home_lists import UNIT, classifying_columns, counts_towards
from dagster_project.core.plurals import counted, list_first

from .codes import SHOWN, Code
from .columns import Drafted, label_of
from .draft import Draft
from .fields import ColumnSource
from .header_words import words

TOO = "  # with a code below that you give a meaning, take off this #, too"
UTC = {"utc", "zulu"}
"""Words of a header that says that its times without an offset are UTC."""
_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _/().&+'-]*[A-Za-z0-9).]|[A-Za-z0-9]")


def scalar(text: str) -> str:
    """A text as YAML, in quotes if YAML would read it as something else."""
    is_bare = _BARE.fullmatch(text) is not None
    return text if is_bare and yaml.safe_load(text) == text else quoted(text)


def quoted(text: str) -> str:
    """A text as YAML in double quotes, on one line; what YAML can't hold as it is, or folds, is spelled out (`\\x9b`)."""
    return yaml.safe_dump(text, allow_unicode=True, default_style='"', width=sys.maxsize).strip()


def flow(texts: list[str]) -> str:
    """A list on one line."""
    return f"[{', '.join(scalar(t) if ',' not in t else quoted(t) for t in texts)}]"


def mapping_yaml(draft: Draft) -> str:
    """The mapping as YAML, with comments."""
    lines = [f"# Drafted by `pam map` from {_one_line(draft.path.name)}: {counted(draft.rows, 'row')}.",
             "# `# check` means look at it, `# ?` means decide; everything else was recognised by its name or its cells.",
    ]  # fmt: skip
    lines += [f"# decide: {_one_line(p)}" for p in draft.open_points]
    lines += [f"# check: {_one_line(c)}" for c in draft.checks]
    lines.append(f"extract: {draft.contract.extract}")
    lines += _files(draft) + _table(draft) + _headers(draft) + _values(draft) + _dates(draft)
    if draft.separators:
        lines += ["separators:", *(f"  {name}: {quoted(s)}" for name, s in draft.separators.items())]
    times = [label_of(d.source) for d in draft.columns if d.source and d.column.type == "timestamp"]
    if utc := [header for header in times if UTC & set(words(header))]:
        read_as = "a time without an offset is then read as UTC, in every column, and without this line as London's"
        lines.append(f"times_are_utc: true  # check: '{_one_line(utc[0])}' says so; {read_as}")
    if draft.not_stored:
        lines.append(f"# not stored: {_one_line(', '.join(draft.not_stored))}")
    unfit = draft.unfit
    absent = [d.column for d in draft.missing if d.column.name not in unfit]
    lines += [f"# not in the file: {column.name}" for column in absent if not column.required]
    return "\n".join(lines) + "\n"


def _files(draft: Draft) -> list[str]:
    lines = [f"forces: [{draft.force}]"] if draft.force else []
    if draft.name is None:
        return lines
    # A rule for names goes with one force: without one it would not load.
    off = "" if draft.force else "# "
    if not draft.force:
        lines.append("# forces: []  # ? the force's code; then take the # off the lines of files")
    doubt = f"  # check: {draft.name.doubt}" if draft.name.doubt else ""
    lines += [f"{off}files:", f"{off}  - name: {quoted(draft.name.name)}{doubt}"]
    if draft.name.covers:
        period = "whole months, of " if draft.name.covers == "months" else ""
        lines.append(f"{off}    covers: {draft.name.covers}  # {period}the first to the last row's date")
    return lines


def _table(draft: Draft) -> list[str]:
    table, lines = draft.table, list[str]()
    if len(table.sheets) > 1 and table.sheet is not None:
        other_sheets = ", ".join(s for s in table.sheets if s != table.sheet)
        lines.append(f"  sheet: {scalar(table.sheet)}  # not {_one_line(other_sheets)}")
    if table.header_row > 1:
        lines.append(f"  header_row: {table.header_row}")
    if draft.ignore:
        rows = "row that is no record" if draft.extra_rows == 1 else "rows that are no records"
        lines.append(f"  ignore:  # {draft.extra_rows} {rows}")
        lines += [f"    {name}: [{', '.join(quoted(g) for g in globs)}]" for name, globs in draft.ignore.items()]
    if draft.row_for_each:
        name, records = draft.row_for_each
        lines.append(f"  row_for_each: {name}  # check: {records:,} records have several rows, which become one")
    return ["table:", *lines] if lines else []


def _headers(draft: Draft) -> list[str]:
    lines, likely = list[str](), draft.likely | draft.unfit
    for drafted in draft.columns:
        if drafted.source is None:
            if header := likely.get(drafted.column.name):
                lines.append(f"  # {drafted.column.name}: {scalar(header)}  # ?")
            continue
        comment = f"check: {'; '.join(drafted.checks)} ({drafted.why})" if drafted.checks else drafted.why
        lines.append(f"  {drafted.column.name}: {_source(drafted.source)}  # {_one_line(comment)}")
    return ["headers:" if any(d.source for d in draft.columns) else "# headers:", *lines] if lines else []


def _source(source: ColumnSource) -> str:
    if source.how == "one":
        return scalar(source.headers[0])
    if source.how == "list":
        return f"{{list: {flow(list(source.headers))}}}"
    return f"{{join: {flow(list(source.headers))}, with: {quoted(source.between)}}}"


def _values(draft: Draft) -> list[str]:
    lines: list[str] = []
    is_open = False
    for drafted in draft.columns:
        codes = draft.codes.get(drafted.column.name)
        if not codes:
            continue
        code_lines, writes = _codes(draft.contract.extract, drafted, codes)
        lines += [f"  {drafted.column.name}:" if writes else f"  # {drafted.column.name}:{TOO}", *code_lines]
        is_open = is_open or writes
    return ["values:" if is_open else f"# values:{TOO}", *lines] if lines else []


def _codes(extract: str, drafted: Drafted, codes: list[Code]) -> tuple[list[str], bool]:
    """A column's codes, one on each line, and whether any line is more than a comment."""
    lines, writes = list[str](), False
    is_choice = drafted.column.type == "choice"
    known = [c for c in codes if c.target is not None and not is_choice]
    if known:
        shown_codes = list_first([f"{_one_line(c.code)} ({counted(c.rows, 'row')})" for c in known], SHOWN)
        lines.append(f"    # known as they are: {shown_codes}")
    listed = codes if is_choice else [c for c in codes if c.target is None]
    name = drafted.column.name
    is_classifying = name in (*classifying_columns(extract), UNIT)
    if listed and is_classifying:
        meanings = "|".join(counts_towards(extract, name))
        lines += [
            "    # ? no list knows these, and many of them hold the file: give each a meaning here, or list it as it is:",
            f"    # pam vocabulary accept {extract} {name} CODE --counts-as {meanings}",
        ]
    for code in listed[:SHOWN]:
        if code.target is not None and not code.code.endswith("*"):
            lines.append(f"    {scalar(code.code)}: {scalar(code.target)}  # {counted(code.rows, 'row')}")
            writes = True
        else:
            perhaps = f"; perhaps {code.perhaps}" if code.perhaps else ""
            one_of = "" if is_choice or is_classifying else "; or leave it as it is"
            lines.append(f"    # {scalar(code.code)}:  # ? {counted(code.rows, 'row')}{perhaps}{one_of}")
    if len(listed) > SHOWN:
        lines.append(f"    # ? {len(listed) - SHOWN} more codes, each of fewer rows")
    return lines, writes


def _dates(draft: Draft) -> list[str]:
    lines = []
    for drafted in draft.columns:
        if drafted.source is None or drafted.column.type not in ("date", "timestamp", "month"):
            continue
        form = drafted.source.profile.dates
        if not form.formats:
            continue
        formats = ", ".join(quoted(f) for f in form.formats)
        note = f"  # {form.note}" if form.note else ""
        lines.append(f"  {drafted.column.name}: {formats if len(form.formats) == 1 else f'[{formats}]'}{note}")
    return ["dates:", *lines] if lines else []


def _one_line(text: str) -> str:
    """A text from the file, safe for a comment."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def write_new(path: Path, text: str, home: Home) -> None:
    """Write a mapping. It never replaces a file, which a person may have edited. Raises FileExistsError, OSError.

    If it goes into a home that does not exist yet, the home is made first, so that its folders are private.
    """
    if path.absolute().is_relative_to(home.path.absolute()):
        home.create()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise FileExistsError(f"{path} already exists: name another with --out, or remove it") from error
