"""Tries a drafted mapping on its file, in a temporary home."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.candidate_files import WAREHOUSE
from dagster_project.core.home import SEEDS, Home
from dagster_project.core.project_lists import force_names
from dagster_project.core.read_database import read_database
from dagster_project.core.receipts import Night
from dagster_project.landing import LedgerEntry, land_files
from dagster_project.landing.inbox.file_names import EVER, InboxFile, describe
from dagster_project.landing.mappings.file_name_patterns import months
from dagster_project.landing.storage.quarantine_export import first_problems
from dagster_project.landing.storage.raw_store import load_of
from dagster_project.nights.dry_run import PROBLEMS, open_trial_home
from dagster_project.nights.errors import NightFailedError, NightHeldError
from dagster_project.nights.night_run import NightRun
from dagster_project.nights.saved_steps import Landed
from dagster_project.transform.dbt_runner import BuildError

from .draft import Draft
from .tables import ROWS

SHOWN_ROWS = 10
HIDDEN = "(hidden)"
"""Shown in place of a personal identifier."""


@dataclass(frozen=True)
class YearFigure:
    """A force's figure of one calendar year."""

    measure: str
    title: str
    year: str
    value: Decimal | None
    unit: str
    status: str


@dataclass(frozen=True)
class Preview:
    """The result of landing the file with the mapping, and the figures that it would give.

    `problems`: the first quarantined rows, line and reasons. `before`, `after`: ten rows by contract column, as in the file and
    as they would land; `after` has None for a row that would not land. `why_none`: why there are no figures.
    """

    entry: LedgerEntry
    problems: list[tuple[int, str]]
    lines: list[int]
    before: list[dict[str, str]]
    after: list[dict[str, str] | None]
    figures: list[YearFigure]
    why_none: str


def preview(con: duckdb.DuckDBPyConnection, home: Home, draft: Draft, text: str, *, with_figures: bool = True) -> Preview:
    """Try the mapping `text`. `con`: the draft's connection, with its rows. Raises OSError, ValueError."""
    if draft.force is None:
        raise ValueError("name the force with --force: figures are for a force")
    # With the real one's lists, and no file that landed there, so that all figures come from this one.
    with open_trial_home(home, ("seeds",)) as trial_home:
        (trial_home.mappings / "draft.yml").write_text(text, encoding="utf-8")
        night = Night.begin(trial_home)
        (entry,) = land_files(trial_home, load_contracts(), [_as_described(draft)], night.night_id, archive=False)
        problems = first_problems(trial_home, entry, PROBLEMS)
        lines, before, after = _ten_rows(con, trial_home, draft, entry)
        figures, why = _figures(trial_home, night, entry, draft) if with_figures else ([], "")
        return Preview(entry, problems, lines, before, after, figures, why)


def _as_described(draft: Draft) -> InboxFile:
    """The file with the draft's extract, force and window, whatever its name."""
    first, last = (day or ever for day, ever in zip(draft.window, EVER, strict=True))
    if draft.name is None or draft.name.covers != "days":
        first, last = months(first, last)
    if draft.contract.kind == "list" and draft.window[1]:
        # A whole list is of the day of its extraction, however old its last row is.
        last = max(last, date.fromtimestamp(draft.path.stat().st_mtime))
    file = describe(draft.path.absolute(), load_contracts(), force_names())
    return replace(
        file, container=draft.table.container, form="canonical", extract=draft.contract.extract, force_code=draft.force,
        covered_from=first, covered_to=last, extracted_at=datetime.now(UTC).replace(microsecond=0), problem=None,
    )  # fmt: skip


def _ten_rows(
    con: duckdb.DuckDBPyConnection, trial_home: Home, draft: Draft, entry: LedgerEntry
) -> tuple[list[int], list[dict[str, str]], list[dict[str, str] | None]]:
    """Ten rows from all over the file, before and after. Personal identifiers are never read."""
    mapped = [(d.column, d.source) for d in draft.columns if d.source]
    secret = _hidden_columns(draft)
    delivered = [" || ' | ' || ".join(f"coalesce(c{i}, '')" for i in source.indexes) for _, source in mapped]
    texts = ", ".join(f"'{HIDDEN}'" if c.name in secret else text for (c, _), text in zip(mapped, delivered, strict=True))
    rows = con.execute(
        f"select line, {texts} from (select *, row_number() over (order by line) as n, count(*) over () as total from {ROWS})"
        f" where (n - 1) % greatest(total // {SHOWN_ROWS}, 1) = 0 order by line limit {SHOWN_ROWS}"
    ).fetchall()
    lines = [r[0] for r in rows]
    before = [{c.name: text for (c, _), text in zip(mapped, r[1:], strict=True)} for r in rows]
    landed = _landed(trial_home, draft, entry, lines, secret)
    return lines, before, [landed.get(line) for line in lines]


def _hidden_columns(draft: Draft) -> set[str]:
    """Columns that are never shown: personal identifiers, and others with the same header."""
    fields = {i for d in draft.columns if d.source and d.column.identifier for i in d.source.indexes}
    return {d.column.name for d in draft.columns if d.column.identifier or (d.source and fields & set(d.source.indexes))}


def _landed(
    trial_home: Home, draft: Draft, entry: LedgerEntry, lines: list[int], secret: set[str]
) -> dict[int, dict[str, str]]:
    if entry.outcome not in ("accepted", "held") or not load_of(entry).raw(trial_home).exists():
        return {}
    names = [c.name for c in draft.contract.columns]
    picked = ", ".join(f"'{HIDDEN}'" if n in secret else f"coalesce(cast({n} as varchar), '')" for n in names)
    with duckdb.connect() as con:
        rows = con.execute(
            f"select cast(_line as bigint), {picked} from read_parquet(?) where list_contains(?, cast(_line as bigint))",
            [str(load_of(entry).raw(trial_home)), lines],
        ).fetchall()
    return {r[0]: dict(zip(names, r[1:], strict=True)) for r in rows}


def _figures(trial_home: Home, night: Night, entry: LedgerEntry, draft: Draft) -> tuple[list[YearFigure], str]:
    if entry.outcome != "accepted" or not entry.rows_landed:
        return [], f"the file would be {entry.outcome}" if entry.outcome != "accepted" else "no row would land"
    # Both engines give the same figures, and DuckDB is faster here.
    run = NightRun(trial_home, engine="duckdb")
    run.night, run.landed = night, Landed((entry,))
    try:
        run.build()
    except (NightHeldError, NightFailedError, BuildError, ValueError) as error:
        return [], str(error)
    with read_database(trial_home.candidate / WAREHOUSE) as con:
        rows = con.execute(
            """
            select m.measure, any_value(l.title), m.period_label, any_value(m.value), any_value(m.unit),
                any_value(m.data_status)
            from marts.measures as m join read_csv(?, all_varchar = true) as l on l.mart = m.mart and l.measure = m.measure
            where m.area_type = 'force' and m.category = 'all' and m.period_type = 'calendar_year'
                and m.force_code = ? and m.data_status <> 'not_available'
            group by m.mart, m.measure, m.period_label order by m.mart, m.measure, m.period_label
            """,
            [str(SEEDS / "measure_list.csv"), draft.force],
        ).fetchall()
    years = _years(trial_home, draft, entry)
    # A list of what runs on, such as orders, has figures of years in which none began.
    figures = [figure for row in rows if (figure := YearFigure(*row)).year in years or figure.value]
    return figures, "" if figures else "no measure has a year with rows"


def _years(trial_home: Home, draft: Draft, entry: LedgerEntry) -> set[str]:
    """The years of the rows that land. The window may have more: one mistyped date makes it any length."""
    placing = draft.contract.date_column
    if placing is None:
        return set()
    with duckdb.connect() as con:
        raw = str(load_of(entry).raw(trial_home))
        rows = con.execute(f"select distinct left(cast({placing} as varchar), 4) from read_parquet(?)", [raw])
        return {year for (year,) in rows.fetchall()}
