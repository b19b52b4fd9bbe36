"""The publishing step of a night: write the dictionary, seal the file, swap it in; then keep the night and erase old rows."""

from contextlib import AbstractContextManager
from typing import Any

import duckdb

from dagster_project.audit import record_first
from dagster_project.contracts import load_contracts
from dagster_project.core.check_results import Check
from dagster_project.core.config import Config
from dagster_project.core.errors import with_advice
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import Night, Receipt, read_receipts
from dagster_project.editions.frozen import frozen_editions
from dagster_project.landing import Erasure, read_ledger
from dagster_project.publishing import dictionary, keep_night, outputs, publish
from dagster_project.publishing.outputs import WrittenOutput

from .erase_expired import archive_and_erase
from .replaced_rows import count_superseded


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
    with _on_record(night, config, sum(receipt.figures.values()), digest):
        written = publish.publish(home, outputs.chosen_outputs(config))
    return digest, written


def _on_record(night: Night, config: Config, figures: int, digest: str) -> AbstractContextManager[None]:
    """Put on record what the block publishes and which earlier rows no longer count. If the block fails, withdraw that."""
    records: list[tuple[str, dict[str, Any]]] = []
    if replaced := count_superseded(night):
        records.append(("alteration", {"what": "rows of earlier files", "night_id": night.night_id, "rows": replaced}))
    facts: dict[str, Any] = {"night_id": night.night_id, "to": "published/", "figures": figures, "sha256": digest}
    if names := [o.name for o in outputs.chosen_outputs(config)]:
        facts["outputs"] = names
    return record_first(
        night.home, [*records, ("disclosure", {"what": "published", **facts})],
        is_done=lambda: published_night(night.home) == night.night_id,
        what="not published", night_id=night.night_id,
    )  # fmt: skip


def keep_publication(night: Night, config: Config) -> list[str]:
    """Keep tonight's publication among the last ones. Returns what could not be done, blank texts among them: the night is
    published anyway.
    """
    unsettled = keep_night.fix_links_and_rights(night.home, config.publish.group)
    # Nights of frozen editions are kept, however old.
    frozen = [f.night_id for f in frozen_editions(night.home)]
    return [unsettled, keep_night.keep_tonight(night.home, config.keep.publications, frozen)]


def erase_expired_rows(night: Night, config: Config) -> tuple[list[Erasure], str]:
    """Erase rows at their retention limit, and keep their monthly totals. Returns what was erased, and why not all of it: the
    night is published anyway, and the next one tries again.
    """
    try:
        erased = archive_and_erase(night.home, load_contracts(), config.keep.years, night.today, night.night_id)
    except (OSError, duckdb.Error) as error:
        return [], f"not all rows at their retention limit were erased: {with_advice(error).splitlines()[0]}"
    return erased, ""
