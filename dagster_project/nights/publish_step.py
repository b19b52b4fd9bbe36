"""The publishing step of a night: the dictionary, the sealed file, the swap; then keeping and erasing."""

from contextlib import AbstractContextManager
from typing import Any

import duckdb

from dagster_project.audit import told_before
from dagster_project.contracts import load_contracts
from dagster_project.core.checks import Check
from dagster_project.core.config import Config
from dagster_project.core.errors import with_advice
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import Night, Receipt, read_receipts
from dagster_project.editions.frozen import frozen_editions
from dagster_project.landing import Erasure, read_ledger
from dagster_project.publishing import dictionary, kept_nights, outputs, publish
from dagster_project.publishing.outputs import WrittenOutput

from .erase_expired import keep_and_erase
from .replaced_rows import count_superseded


def publish_candidate(
    night: Night, config: Config, checks: list[Check], receipt: Receipt
) -> tuple[str, dict[str, WrittenOutput]]:
    """Publish the candidate and its outputs. Returns the file's SHA-256, and what was written of each output.

    `receipt`: the night's, as far as it is known; the dictionary has it. Raises PublishError and OutputError.
    """
    home = night.home
    # A failed night that is continued has a receipt already.
    earlier = [r for r in read_receipts(home) if r.night_id != night.night_id]
    dictionary.write_meta(night, read_ledger(home), checks, earlier, receipt)
    digest = publish.seal(home)
    with _on_record(night, config, sum(receipt.figures.values()), digest):
        written = publish.publish(home, outputs.chosen_outputs(config))
    return digest, written


def _on_record(night: Night, config: Config, figures: int, digest: str) -> AbstractContextManager[None]:
    """Put on record what the block publishes and which earlier rows no longer count. If it fails, withdraw the record."""
    said: list[tuple[str, dict[str, Any]]] = []
    if changed := count_superseded(night):
        said.append(("alteration", {"what": "rows of earlier files", "night_id": night.night_id, "rows": changed}))
    told: dict[str, Any] = {"night_id": night.night_id, "to": "published/", "figures": figures, "sha256": digest}
    if beside := [o.name for o in outputs.chosen_outputs(config)]:
        told["outputs"] = beside
    return told_before(
        night.home, [*said, ("disclosure", {"what": "published", **told})],
        is_done=lambda: published_night(night.home) == night.night_id,
        what="not published", night_id=night.night_id,
    )  # fmt: skip


def keep_published(night: Night, config: Config) -> list[str]:
    """Keep tonight's publication among the last ones. Returns what could not be done; the night is published anyway."""
    unsettled = kept_nights.fix_links_and_rights(night.home, config.publish.group)
    # Nights of frozen editions are kept, however old.
    went_out = [f.night_id for f in frozen_editions(night.home)]
    return [unsettled, kept_nights.keep_tonight(night.home, config.keep.publications, went_out)]


def erase_kept(night: Night, config: Config) -> tuple[list[Erasure], str]:
    """Erase rows that have been kept long enough, and keep their monthly totals. Returns what was erased, and why not all:
    the night is published anyway, and the next one tries again.
    """
    try:
        erased = keep_and_erase(night.home, load_contracts(), config.keep.years, night.today, night.night_id)
    except (OSError, duckdb.Error) as error:
        return [], f"not all rows that have been kept long enough were erased: {with_advice(error).splitlines()[0]}"
    return erased, ""
