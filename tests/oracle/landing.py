"""A plain model of landing: nights of files in, current rows and coverage out.

It keeps every accepted file and, at the end, applies the contract's rules to each key in turn. Nothing is
incremental, so the order of arrival matters only where the contract says so: which of two files that claim one
identity came first, and which data.police.uk file of a month is the newest. Two files have the same content if
they have the same rows in the contract's columns, however they are packed and ordered.
"""

import calendar
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from .contract import EXTRACTS, police_uk
from .reading import Refused, compared, read_content, row_day

NAME = re.compile(
    r"(?P<extract>[a-z0-9_]+?)__(?P<force>[a-z0-9-]+)__(?P<start>\d{4}-\d\d-\d\d)__(?P<end>\d{4}-\d\d-\d\d)"
    r"__(?P<stamp>\d{8}T\d{6}Z)(?:\.csv|\.csv\.gz|\.csv\.zip|\.zip)"
)
POLICE_UK_NAME = re.compile(
    r"(?P<month>\d{4}-\d\d)-(?P<force>[a-z-]+?)-(?P<suffix>stop-and-search|street)(?:\.csv|\.csv\.gz|\.csv\.zip|\.zip)"
)
LATE = datetime(2100, 1, 1, tzinfo=UTC)
SUFFIXES = {"stop-and-search": "stop_search", "street": "street_crime"}


@dataclass
class FileResult:
    """The outcome of one dropped file. Counts are final: rows in conflict with a file of the same time are in quarantine."""

    night: int
    name: str
    outcome: str  # accepted | known | held | refused
    reason: str | None = None
    extract: str | None = None
    force: str | None = None
    rows_in_file: int = 0
    rows_landed: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    unknown_columns: list = field(default_factory=list)
    quarantine: list = field(default_factory=list)  # of reading.Bad


@dataclass
class Load:
    """One accepted file. `stamp` orders loads: the time of extraction or, for data.police.uk, of landing."""

    extract: str
    force: str
    form: str  # canonical | police_uk
    start: date
    end: date
    stamp: object
    good: dict
    bad_keys: set
    result: FileResult
    drop: "Drop"

    def covers(self, day):
        return self.start <= day <= self.end

    def has_month(self, day):
        """Whether any day of the month of `day` is covered: rows without a key are replaced by the month."""
        return self.start.replace(day=1) <= day <= self.end

    def holds(self, key):
        return key in self.good or key in self.bad_keys


@dataclass
class Drop:
    """A file that was the first of its extraction, or the newest of its month when it came."""

    path: Path
    delivered: dict
    held: bool
    at: datetime

    def counts(self, releases, night):
        return not self.held or releases.get(self.path, night + 1) <= night


@dataclass
class Landing:
    """The result of all nights.

    rows: (extract, force) -> current rows, dicts of typed values with `_day` (date or None), `_key`, `_file`,
        `_line` and `_form`.
    windows: (extract, force) -> list of (from, to, form) that count towards coverage.
    loads: (extract, force) -> the loads of these windows.
    files: one FileResult per drop, in the order of arrival.
    withdrawn: (extract, force) -> keys that a newer file lacks.
    warnings: (extract, force) -> {key: name of the newest file, which has it in quarantine}. The last good
        version counts.
    """

    rows: dict = field(default_factory=dict)
    windows: dict = field(default_factory=dict)
    files: list = field(default_factory=list)
    loads: dict = field(default_factory=dict)
    withdrawn: dict = field(default_factory=dict)
    warnings: dict = field(default_factory=dict)

    def covered_by_files(self, extract, force, has_columns):
        """The covered days whose newest files have some columns. `has_columns`: whether a load has them."""
        days = set()
        loads = self.loads.get((extract, force), [])
        for day in self.covered(extract, force):
            covering = [load for load in loads if load.covers(day)]
            newest = max(load.stamp for load in covering)
            if all(has_columns(load) for load in covering if load.stamp == newest):
                days.add(day)
        return days

    def covered(self, extract, force, form=None):
        """The covered days, of one form only if `form` is given."""
        days = set()
        for start, end, window_form in self.windows.get((extract, force), []):
            if form in (None, window_form):
                days |= {start + timedelta(n) for n in range((end - start).days + 1)}
        return days


def land(nights, forces, releases=None, moments=None):
    """Land nights of files.

    Args:
        nights: list of lists of paths (files that are not data files are skipped).
        forces: force code -> name. A file of another force is refused.
        releases: path of a released file -> the first night in which it counts. It loads unchanged.
        moments: when each night lands its files, aware datetimes. By default after every extraction.

    Returns:
        Landing.
    """
    landing, loads, identities, months, releases = Landing(), [], {}, {}, releases or {}
    for night, paths in enumerate(nights):
        moment = moments[night] if moments else LATE
        for path in map(Path, paths):
            if path.name.startswith(".") or path.name.endswith((".manifest.json", ".tmp", ".part")):
                continue
            result = FileResult(night, path.name, "accepted")
            landing.files.append(result)
            landed_at = moment + timedelta(microseconds=len(landing.files))
            try:
                load = _land_file(path, result, forces, identities, months, landed_at, releases, loads)
            except Refused as refusal:
                result.outcome, result.reason = "refused", str(refusal)
            else:
                if load:
                    loads.append(load)
    groups = {}
    for load in loads:
        groups.setdefault((load.extract, load.force), []).append(load)
    for (extract, force), group in groups.items():
        _find_current(landing, extract, force, group)
    return landing


def parse_name(name):
    """(contract, force, form, start, end, extracted at or None) of a file name.

    Raises:
        Refused: the name has no known form, or its window is invalid.
    """
    try:
        if (match := NAME.fullmatch(name)) and match["extract"] in EXTRACTS:
            start, end = date.fromisoformat(match["start"]), date.fromisoformat(match["end"])
            stamp = datetime.strptime(match["stamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if end < start:
                raise Refused("window ends before it begins")
            return EXTRACTS[match["extract"]], match["force"], "canonical", start, end, stamp
        if match := POLICE_UK_NAME.fullmatch(name):
            start = date.fromisoformat(match["month"] + "-01")
            end = start.replace(day=calendar.monthrange(start.year, start.month)[1])
            contract = police_uk(EXTRACTS[SUFFIXES[match["suffix"]]])
            return contract, match["force"], "police_uk", start, end, None
    except ValueError as error:
        raise Refused(f"file name: {error}") from error
    raise Refused("file name not recognised")


def _land_file(path, result, forces, identities, months, landed_at, releases, loads):
    """Decide on one file. Returns a Load if it is accepted, None if it is known or held."""
    contract, force, form, start, end, stamp = parse_name(path.name)
    result.extract, result.force = contract.name, force
    if force not in forces:
        raise Refused(f"unknown force {force}")
    content = read_content(path, contract, start, end, naive_is_utc=form == "police_uk")
    identity = (contract.name, force, start, end, stamp)
    # Names of data.police.uk files have no time of extraction. The newest content of a month, sent again, is known; older
    # content sent again lands as the newest.
    earlier = months.setdefault(identity, []) if stamp is None else identities.get(identity, [])
    newest = [*earlier[-1:], *[drop for drop in earlier if drop.counts(releases, result.night)][-1:]]
    if stamp is None and not EXTRACTS[contract.name].keys and earlier:
        # If neither form has a key, the newest file of a month counts, whichever form it has: a month that was replaced is
        # not the newest. Searches have a key in the force's own form, which outranks a month and never replaces one.
        canonical = [load for load in loads if (load.extract, load.force, load.form) == (contract.name, force, "canonical")]
        touching = [load for load in canonical if load.start <= end and start <= load.end]
        if any(load.stamp > earlier[-1].at and load.drop.counts(releases, result.night) for load in touching):
            newest = []
    if any(drop.delivered == content.delivered for drop in newest):
        result.outcome = "known"
        return None
    if stamp is not None and earlier:
        raise Refused("two files claim to be one extraction")
    # Rows without a key of files of one time can't be told apart, and say their month alone: no two may cover a month.
    first, last = (start.year, start.month), (end.year, end.month)
    shared = (
        i
        for i in identities
        if i[:2] == identity[:2] and i[4] == stamp and (i[2].year, i[2].month) <= last and first <= (i[3].year, i[3].month)
    )
    if stamp is not None and contract.kind == "monthly" and any(shared):
        raise Refused("two files claim to be one extraction")
    drop = Drop(path, content.delivered, bool(content.hold), landed_at)
    (earlier if stamp is None else identities.setdefault(identity, [])).append(drop)
    result.rows_in_file, result.unknown_columns = content.rows_in_file, content.unknown
    result.rows_landed, result.rows_quarantined = len(content.good), len(content.bad)
    result.rows_duplicate, result.quarantine = content.duplicates, content.bad
    if content.hold and path not in releases:
        result.outcome, result.reason = "held", content.hold
        return None
    for key, values in content.good.items():
        values.update(_day=row_day(values, contract), _key=key, _file=path.name, _form=form)
        values.setdefault("_line", key)
    return Load(contract.name, force, form, start, end, stamp or landed_at, content.good, content.bad_keys, result, drop)


def _find_current(landing, extract, force, loads):
    """Current rows and coverage of one extract of one force from its accepted loads."""
    kind = EXTRACTS[extract].kind
    canonical = [load for load in loads if load.form == "canonical"]
    monthly = [load for load in loads if load.form == "police_uk" and not _outranked(load, canonical)]
    place = (extract, force)
    if kind == "indicators":
        rows = _newest_of_each_indicator(canonical)
    elif kind == "monthly":
        rows = _newest_of_each_month(loads)
        canonical, monthly = [], loads
    else:
        rows = _current_of_keys(landing, place, canonical, whole_list=kind == "list")
        rows += _newest_of_each_month(monthly)
    landing.rows[place] = rows
    landing.loads[place] = canonical + monthly
    landing.windows[place] = [(load.start, load.end, load.form) for load in canonical + monthly]


def _outranked(load, canonical):
    """Whether a canonical file covers any day of a data.police.uk month: then nothing of the month counts."""
    return any(other.start <= load.end and other.end >= load.start for other in canonical)


def _newest_of_each_month(loads):
    return [
        row
        for load in loads
        for row in load.good.values()
        if not any(other.stamp > load.stamp and other.has_month(row["_day"]) for other in loads)
    ]


def _arrival(load):
    return load.stamp


def _newest_of_each_indicator(loads):
    newest = {}
    for load in sorted(loads, key=lambda load: (load.stamp, load.start, load.end)):
        newest |= {row["indicator_id"]: load for row in load.good.values()}
    return [row for load in loads for row in load.good.values() if newest[row["indicator_id"]] is load]


def _current_of_keys(landing, place, loads, whole_list):
    """Current rows of an extract with keys. A list covers every date: a key that it lacks is withdrawn."""
    _quarantine_conflicts(loads)
    loads_by_key = {}
    for load in loads:
        for key in set(load.good) | load.bad_keys:
            loads_by_key.setdefault(key, []).append(load)
    landing.withdrawn[place], landing.warnings[place], rows = set(), {}, []
    for key, having in loads_by_key.items():
        good = [load for load in having if key in load.good]
        if not good:
            continue
        version = max(good, key=_arrival)
        row = version.good[key]
        newer = [load for load in loads if load.stamp > version.stamp]
        if any((whole_list or load.covers(row["_day"])) and not load.holds(key) for load in newer):
            landing.withdrawn[place].add(key)
            continue
        rows.append(row)
        if quarantined := [load for load in having if load.stamp > version.stamp]:
            landing.warnings[place][key] = max(quarantined, key=_arrival).result.name
    return rows


def _quarantine_conflicts(loads):
    """Quarantine a key in all files of one time of extraction if its rows differ."""
    by_stamp = {}
    for load in loads:
        by_stamp.setdefault(load.stamp, []).append(load)
    for same_stamp in by_stamp.values():
        versions = {}
        for load in same_stamp:
            for key, row in load.good.items():
                versions.setdefault(key, []).append((load, row))
        for key, rows in versions.items():
            first = compared(rows[0][1])
            if all(compared(row) == first for _, row in rows):
                continue
            for load, _ in rows:
                del load.good[key]
                load.bad_keys.add(key)
                load.result.rows_landed -= 1
                load.result.rows_quarantined += 1
