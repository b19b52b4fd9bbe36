"""The publishing step of a night: write the dictionary, seal the file, swap it in; then keep the night and erase old rows. It
also says which rows of earlier files this night's files replace or withdraw.
"""

import io
from collections import Counter
from typing import Any

import duckdb

from dagster_project.audit import record_first
from dagster_project.contracts import load_contracts
from dagster_project.core.candidate_files import WORK
from dagster_project.core.check_results import Check
from dagster_project.core.config import Config
from dagster_project.core.errors import with_advice
from dagster_project.core.files import write_whole
from dagster_project.core.published_file import published_night
from dagster_project.core.read_database import read_database
from dagster_project.core.receipts import Night, Receipt, read_receipts
from dagster_project.core.sql import literal
from dagster_project.editions.frozen import frozen_editions
from dagster_project.landing import Erasure, read_ledger
from dagster_project.landing.storage.erase_unused import WITHDRAWN_LIST
from dagster_project.publishing import dictionary, keep_and_prune, outputs, publish
from dagster_project.publishing.outputs import WrittenOutput
from dagster_project.serving.answer_formats import write_result

from .erase_expired_rows import replace_by_totals


def publish_candidate(
    night: Night, config: Config, checks: list[Check], receipt: Receipt
) -> tuple[str, dict[str, WrittenOutput]]:
    """Publish the candidate and its outputs. Returns the file's SHA-256, and what was written of each output.

    `receipt`: this night's, as far as it is known, for `meta.nights`. Raises PublishError and OutputError.
    """
    home = night.home
    # A failed night that is continued already has a receipt.
    earlier = [r for r in read_receipts(home) if r.night_id != night.night_id]
    dictionary.write_meta(night, read_ledger(home), checks, earlier, receipt)
    digest = publish.seal(home)
    chosen = outputs.chosen_outputs(config)
    records: list[tuple[str, dict[str, Any]]] = []
    if replaced := _count_superseded(night):
        records.append(("alteration", {"what": "rows of earlier files", "night_id": night.night_id, "rows": replaced}))
    facts: dict[str, Any] = {
        "what": "published", "night_id": night.night_id, "to": "published/", "figures": sum(receipt.figures.values()),
        "sha256": digest,
    }  # fmt: skip
    if chosen:
        facts["outputs"] = [o.name for o in chosen]
    with record_first(
        home, [*records, ("disclosure", facts)], is_done=lambda: published_night(home) == night.night_id,
        what="not published", night_id=night.night_id,
    ):  # fmt: skip
        written = publish.publish(home, chosen)
    return digest, written


def keep_publication(night: Night, config: Config) -> list[str]:
    """Keep tonight's publication among the last ones. Returns what could not be done, blank texts among them: the night is
    published anyway.
    """
    unsettled = keep_and_prune.fix_links_and_rights(night.home, config.publish.group)
    # Nights of frozen editions are kept, however old.
    frozen = [f.night_id for f in frozen_editions(night.home)]
    return [unsettled, keep_and_prune.keep_tonight(night.home, config.keep.publications, frozen)]


def erase_expired(night: Night, config: Config) -> tuple[list[Erasure], str]:
    """Erase rows at their retention limit, and keep their monthly totals. Returns what was erased, and why not all of it: the
    night is published anyway, and the next one tries again.
    """
    try:
        erased = replace_by_totals(night.home, load_contracts(), config.keep.years, night.today, night.night_id)
    except (OSError, duckdb.Error) as error:
        return [], f"not all rows at their retention limit were erased: {with_advice(error).splitlines()[0]}"
    return erased, ""


def _rows(night: Night, select: str) -> list[tuple[Any, ...]]:
    """A query of the superseded rows `old` and the `newer` loads of this night that supersede them."""
    with read_database(night.home.candidate / WORK) as con:
        newer = "raw.loads as newer on old.by_load_id = newer.load_id and newer.is_tonight"
        return con.execute(select.format(f"staging.superseded_rows as old join {newer}")).fetchall()


def _count_superseded(night: Night) -> dict[str, dict[str, int]]:
    """Rows of earlier files that this night's files supersede: extract -> reason -> number of rows."""
    counts: dict[str, dict[str, int]] = {}
    rows = _rows(night, "select newer.extract, old.reason, count(*) from {} group by all order by all")
    for extract, reason, n in rows:
        counts.setdefault(extract, {})[reason] = n
    return counts


def list_withdrawn(night: Night) -> dict[str, int]:
    """How many rows this night's files withdraw, by extract. Lists each row in `nights/<night id>__withdrawn.csv`.

    Not those whose key only files of this very night have: one of them corrects another.
    """
    rows = _rows(
        night,
        "select landed.extract, landed.force_code, landed.row_key, landed.row_date, loads.source_file, landed.line,"
        " newer.source_file from {}"
        " join raw.landed_rows as landed on old.load_id = landed.load_id and old.line = landed.line"
        " join raw.loads on landed.load_id = loads.load_id"
        " where old.reason = 'withdrawn' and exists ("
        "   select 1 from raw.row_index as earlier join raw.loads as since using (load_id)"
        f"   where since.night_id <> {literal(night.night_id)} and earlier.extract = landed.extract"
        "   and earlier.force_code = landed.force_code"
        "   and earlier.row_key = landed.row_key"
        " ) order by all",
    )
    if not rows:
        return {}
    text = io.StringIO()
    write_result(("extract", "force_code", "key", "date", "file", "line", "withdrawn_by"), rows, "csv", text)
    write_whole(night.home.nights / f"{night.night_id}{WITHDRAWN_LIST}", text.getvalue().encode("utf-8"))
    return dict(Counter(row[0] for row in rows))
