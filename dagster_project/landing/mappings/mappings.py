"""Reads mappings: a YAML file in the home's `mappings/` says how a force's own system writes the columns of a contract.

A mapping with a mistake does not stop the night: the files that it could be for wait in the inbox, and everything else lands.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import duckdb
import yaml
from pydantic import BaseModel, BeforeValidator, StringConstraints, ValidationError

from dagster_project.contracts import Column, Contract, plain_header
from dagster_project.contracts.model import DATE_TYPES, NUMBER_TYPES
from dagster_project.core.files import misnamed_yaml
from dagster_project.core.home import Home
from dagster_project.core.printable import visible
from dagster_project.core.similar_names import suggestion
from dagster_project.core.validation_errors import Name, faults_of
from dagster_project.core.yaml_io import RepeatedKeyError, UniqueKeys

from .file_name_patterns import BadPatternError, Pattern, format_fault, read_pattern
from .mapping_fields import Files, Header, HeadersField, ListOf, TablePlace, as_items, headers_of, parts_of

ENDINGS = (".yml", ".yaml")
DIGEST = 12
"""Hex digits of a mapping's hash that the ledger stores."""

Text = Annotated[str, StringConstraints(strip_whitespace=True)]


class Unwritten(str):
    """A value that was left out, as in `DRG:`. A code that becomes a blank has `DRG: ""`."""


def _refuse_unwritten(value: object) -> object:
    """Without it, the rows of a code whose meaning somebody forgot to write would count nowhere, without a word."""
    if isinstance(value, Unwritten):
        raise ValueError('has no meaning: write it after a colon and a space, or "" where the code is to become a blank')
    return value


Meaning = Annotated[Text, BeforeValidator(_refuse_unwritten)]
Exact = Annotated[str, StringConstraints(min_length=1)]
Formats = Annotated[tuple[Exact, ...], BeforeValidator(as_items)]
Forces = Annotated[tuple[Header, ...], BeforeValidator(as_items)]
Columns = Annotated[tuple[Name, ...], BeforeValidator(as_items)]

DAY_NEEDED = "rows count by their day, so have the system export it"

ADDED_LATER = ("files", "table", "optional")
"""Fields added after the first version: a mapping that does not use them still has its first hash."""


class SystemMapping(BaseModel, extra="forbid", frozen=True):
    """How one system writes the files of one extract, besides what the contract itself allows.

    `forces`: whose files; empty for all. `headers`: contract column -> its headers there, or the parts it is made of; several
    columns may share a header. `values`: column -> their code -> our value; a code may end in `*`. `dates`: column -> strptime
    formats. `constants`: column -> the value of every row, where the file has no such column. `separators`: list column -> the
    text between items. `times_are_utc`: a time without an offset is UTC, not London time. `files`: patterns of file names.
    `table`: where the rows are in the file. `optional`: columns in `headers` that a file may lack.
    """

    extract: Name
    forces: Forces = ()
    headers: dict[Name, HeadersField] = {}
    values: dict[Name, dict[Text, Meaning]] = {}
    dates: dict[Name, Formats] = {}
    constants: dict[Name, Header] = {}
    separators: dict[Name, Exact] = {}
    times_are_utc: bool = False
    files: Annotated[tuple[Files, ...], BeforeValidator(as_items)] = ()
    table: TablePlace = TablePlace()
    optional: Columns = ()

    @property
    def digest(self) -> str:
        """The beginning of the SHA-256 of its content: comments and layout do not change it."""
        body = self.model_dump(mode="json", exclude={n for n in ADDED_LATER if n not in self.model_fields_set})
        if self.table.row_for_each is None:
            body.get("table", {}).pop("row_for_each", None)
        text = json.dumps(body, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:DIGEST]

    def meanings(self) -> dict[str, tuple[str, ...]]:
        """`plain_header` -> contract columns, of the mapping's own headers, without those of columns made of parts."""
        columns: dict[str, tuple[str, ...]] = {}
        for name, source in self.headers.items():
            for header in () if parts_of(source) else headers_of(source):
                plain = plain_header(header)
                columns[plain] = (*columns.get(plain, ()), name)
        return columns

    def codes(self, column: Column) -> dict[str, str]:
        """Their code (trimmed, lower case; may end in `*`) -> our value in the contract's spelling. `""` is a blank in both."""
        value_of = {v.lower(): v for v in column.values}
        return {code.lower(): value_of.get(value.lower(), value) for code, value in self.values.get(column.name, {}).items()}

    def constant(self, column: Column) -> str | None:
        """The value of every row in a column that the file lacks, in the contract's spelling; None where there is none."""
        value = self.constants.get(column.name)
        return next((v for v in column.values if value is not None and v.lower() == value.lower()), value)


@dataclass(frozen=True)
class NamedMapping:
    name: str
    mapping: SystemMapping

    @property
    def label(self) -> str:
        """Its name in the ledger: `storm.yml@1a2b3c4d5e6f`."""
        return f"{self.name}@{self.mapping.digest}"


@dataclass(frozen=True)
class Problem:
    """A mapping that can't be used: its file, what is wrong, and the extract and forces it could be for (None, empty: any)."""

    name: str
    reason: str
    extract: str | None = None
    forces: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] | None = ()
    """Patterns of file names; None where they can't be read: then it could be for any name."""

    def reads(self, name: str) -> bool:
        """Whether it could be for a file of this name."""
        return self.patterns is None or any(p.fits(name) for p in self.patterns)

    def concerns(self, extract: str, force: str) -> bool:
        """Whether files of this extract and force wait until it is corrected."""
        return self.extract in (None, extract) and (not self.forces or force in self.forces)

    def __str__(self) -> str:
        return f"mappings/{self.name}: {self.reason}"


@dataclass(frozen=True)
class Mappings:
    valid: tuple[NamedMapping, ...] = ()
    problems: tuple[Problem, ...] = ()

    def of(self, extract: str, force: str) -> NamedMapping | None:
        """The mapping for files of an extract and force that have a canonical name: the one that names the force, else the one
        for all forces. A mapping with `files` is used only where no other names the force."""
        candidates = self._candidates(extract, force)
        return candidates[0] if len(candidates) == 1 else None

    def named(self, name: str) -> NamedMapping | None:
        return next((u for u in self.valid if u.name == name), None)

    def reading(self, name: str) -> list[NamedMapping]:
        return [u for u in self.valid if any(f.pattern.fits(name) for f in u.mapping.files)]

    def problem(self, extract: str, force: str) -> str | None:
        """Why files of an extract and force must wait, or None."""
        reasons = [str(p) for p in self.problems if p.concerns(extract, force)]
        if len(candidates := self._candidates(extract, force)) > 1:
            reasons.append(f"{_paths(candidates)} both read {extract} of {force}: keep one, or one of them without files")
        return "; ".join(reasons) or None

    def name_problem(self, name: str) -> str | None:
        """Why a file whose name is not canonical must wait, or None."""
        reasons = [str(p) for p in self.problems if p.reads(name)]
        if len(reading := self.reading(name)) > 1:
            reasons.append(f"{_paths(reading)} both read this name: change files in one of them")
        return "; ".join(reasons) or None

    def _candidates(self, extract: str, force: str) -> list[NamedMapping]:
        of_extract = [u for u in self.valid if u.mapping.extract == extract]
        of_force = [u for u in of_extract if force in u.mapping.forces]
        return [u for u in of_force if not u.mapping.files] or of_force or [u for u in of_extract if not u.mapping.forces]


def _paths(mappings: list[NamedMapping]) -> str:
    return " and ".join(f"mappings/{u.name}" for u in mappings)


def read_mappings(home: Home, contracts: Dict[str, Contract], forces: Collection[str]) -> Mappings:
    """The home's mappings and their problems; none where it has no `mappings/`. Raises OSError if the folder can't be read."""
    if not home.mappings.is_dir():
        return Mappings()
    paths = sorted(p for p in home.mappings.iterdir() if p.suffix.lower() in ENDINGS and not p.name.startswith("."))
    outcomes = [_read(path, contracts, forces) for path in paths]
    valid = [u for u in outcomes if isinstance(u, NamedMapping)]
    problems = [p for p in outcomes if isinstance(p, Problem)]
    problems += _misnamed(home.mappings, valid, contracts, forces)
    for named in valid:
        rivals = [u.name for u in valid if u is not named and _same_files(u.mapping, named.mapping)]
        if rivals:
            reason = f"extract, forces: {', '.join(rivals)} maps {named.mapping.extract} of the same force: keep one of them"
            problems.append(Problem(named.name, reason, named.mapping.extract, named.mapping.forces))
    invalid = {p.name for p in problems}
    return Mappings(tuple(u for u in valid if u.name not in invalid), tuple(sorted(problems, key=lambda p: p.name)))


def _misnamed(
    folder: Path, valid: list[NamedMapping], contracts: Dict[str, Contract], forces: Collection[str]
) -> Iterator[Problem]:
    """Mappings that are not read for their names, such as `storm.yml.txt`. Not notes, nor copies of a mapping that is read."""
    for file, name in misnamed_yaml(folder):
        if Path(file).suffix.lower() in ENDINGS or not (folder / file).is_file():
            continue
        meant = _read(folder / file, contracts, forces)
        if isinstance(meant, NamedMapping):
            mapping = meant.mapping
            meant = Problem(file, "", mapping.extract, mapping.forces, tuple(f.pattern for f in mapping.files))
        of_extract = [u.mapping.forces for u in valid if u.mapping.extract == meant.extract]
        is_read = any(not meant.forces or not own or set(meant.forces) & set(own) for own in of_extract)
        if meant.extract and not is_read:
            yield replace(meant, reason=f"is not read: its name must be {name}.yml; or move it out of mappings/")


def _same_files(mapping: SystemMapping, other: SystemMapping) -> bool:
    """Whether two mappings claim the same files. A mapping that names a force has priority over one for all; mappings with
    `files` are told apart by file names."""
    if mapping.files or other.files:
        return False
    shared = set(mapping.forces) & set(other.forces) if mapping.forces or other.forces else {"all"}
    return mapping.extract == other.extract and bool(shared)


class _Loader(UniqueKeys, yaml.SafeLoader):
    """YAML without types: `01`, `Y` and `No` are codes, not numbers and booleans. A key may not appear twice."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML's own attribute; empty: everything is text)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> str:
        """A text; an `Unwritten` one where there is nothing, not even quotation marks."""
        return Unwritten() if node.value == "" and getattr(node, "style", None) is None else super().construct_scalar(node)


def _read(path: Path, contracts: Dict[str, Contract], forces: Collection[str]) -> NamedMapping | Problem:
    try:
        body = yaml.load(visible(path.read_text(encoding="utf-8-sig")), _Loader)  # noqa: S506  (a SafeLoader)
    except UnicodeDecodeError as error:
        return Problem(path.name, f"not UTF-8 (byte {error.start + 1}): save it as UTF-8", patterns=None)
    except OSError as error:
        return Problem(path.name, f"can't be read: {error.strerror}", patterns=None)
    except RepeatedKeyError as error:
        return Problem(path.name, str(error), patterns=None)
    except (yaml.YAMLError, RecursionError) as error:
        return Problem(path.name, f"not readable as YAML: {' '.join(str(error).split())}", patterns=None)
    if not isinstance(body, dict):
        return Problem(path.name, "not a mapping of fields: extract, headers, values, dates", patterns=None)
    scope = _scope(body, contracts, forces)
    try:
        mapping = SystemMapping.model_validate(body)
    except ValidationError as error:
        return Problem(path.name, "; ".join(dict.fromkeys(faults_of(error, SystemMapping))), *scope)
    faults = _faults(mapping, contracts, forces)
    return Problem(path.name, "; ".join(dict.fromkeys(faults)), *scope) if faults else NamedMapping(path.name, mapping)


def _scope(
    body: dict[str, Any], contracts: Dict[str, Contract], forces: Collection[str]
) -> tuple[str | None, tuple[str, ...], tuple[Pattern, ...] | None]:
    """The extract, forces and name patterns of an invalid mapping, where they are valid, so that few files wait."""
    extract = body.get("extract")
    if not isinstance(extract, str) or extract not in contracts:
        extract = None
    listed: Any = as_items(body.get("forces", []))
    known = tuple(listed) if isinstance(listed, list) and all(isinstance(f, str) and f in forces for f in listed) else ()
    return extract, known, _patterns(body.get("files", []))


def _patterns(value: Any) -> tuple[Pattern, ...] | None:
    files: Any = as_items(value)
    try:
        return tuple(read_pattern(f["name"] if isinstance(f, dict) else f) for f in files)
    except (BadPatternError, KeyError, TypeError):
        return None


def _faults(mapping: SystemMapping, contracts: Dict[str, Contract], forces: Collection[str]) -> list[str]:
    """The mistakes of a mapping, checked against its contract, each with its field."""
    contract = contracts.get(mapping.extract)
    if contract is None:
        hint = suggestion(mapping.extract, contracts)
        return [f"extract: no contract is called '{mapping.extract}'{hint} (there are {', '.join(contracts)})"]
    unknown = [f for f in mapping.forces if f not in forces]
    faults = [f"forces: unknown force '{f}'{suggestion(f, forces)} (seeds/forces.csv has their codes)" for f in unknown]
    columns = {c.name: c for c in contract.columns}
    known = f"{mapping.extract} has {', '.join(columns)}"
    for part in ("headers", "values", "dates", "constants", "separators", "optional"):
        faults += [f"{part}.{n}: no such column: {known}" for n in getattr(mapping, part) if n not in columns]
    faults += [f"table.ignore.{h}: is no header" for h in mapping.table.ignore if not plain_header(h)]
    items = mapping.table.row_for_each
    if items is not None and (items not in columns or columns[items].type != "list"):
        faults.append(f"table.row_for_each: '{items}' is no list column of {mapping.extract}")
    if mapping.files and len(mapping.forces) != 1:
        faults.append("forces: a mapping with files is of exactly one force: their names say none")
    if contract.date_column is None and any(f.covers for f in mapping.files):
        faults.append(f"files: covers: {mapping.extract} has no date in its rows: put the window in the name")
    if faults:
        return faults
    faults += _header_faults(mapping, contract)
    for name, codes in mapping.values.items():
        faults += _value_faults(columns[name], codes)
    for name, formats in mapping.dates.items():
        faults += _date_faults(columns[name], formats)
    for name, value in mapping.constants.items():
        faults += _constant_faults(columns[name], value)
    faults += [f"separators.{n}: not a list column" for n in mapping.separators if columns[n].type != "list"]
    return faults


def _header_faults(mapping: SystemMapping, contract: Contract) -> list[str]:
    faults = []
    for name, source in mapping.headers.items():
        if isinstance(source, ListOf) and contract.column(name).type != "list":
            faults.append(f"headers.{name}: list: not a list column; is join meant?")
        seen: set[str] = set()
        for header in headers_of(source):
            plain = plain_header(header)
            meant = contract.by_header(header)
            if not plain:
                faults.append(f"headers.{name}: '{header}' is no header")
            elif plain in seen:
                faults.append(f"headers.{name}: '{header}' appears twice")
            elif meant is not None and meant.name != name and meant.name not in mapping.headers and not parts_of(source):
                faults.append(
                    f"headers.{name}: '{header}' is the contract's own header for {meant.name}: say under headers.{meant.name} "
                    "what that column is called"
                )
            seen.add(plain)
    return faults


def _value_faults(column: Column, codes: Dict[str, str]) -> list[str]:
    key = f"values.{column.name}"
    if column.identifier or column.key:
        return [f"{key}: {'an identifier' if column.identifier else 'a key'} is taken as it is: it has no codes"]
    faults = [f"{key}: the code '{c}' appears twice" for c, n in Counter(code.lower() for code in codes).items() if n > 1]
    is_date_or_number = column.type in DATE_TYPES | NUMBER_TYPES
    if is_date_or_number and "*" in codes:
        faults.append(f"{key}.*: would make every {column.type} a blank")
    for code, value in codes.items():
        if column.values and value and value.lower() not in {v.lower() for v in column.values}:
            faults.append(f"{key}.{code}: '{value}' is not one of {', '.join(column.values)}")
        elif is_date_or_number and value:
            faults.append(f'{key}.{code}: a {column.type} column maps codes to a blank only: ""')
    return faults


def _date_faults(column: Column, formats: tuple[str, ...]) -> list[str]:
    key = f"dates.{column.name}"
    if column.type not in DATE_TYPES:
        return [f"{key}: not a column of dates"]
    faults = []
    for form in formats:
        if error := _format_error(form):
            faults.append(f"{key}: '{form}' is no format that strptime knows: {error}")
        elif re.search("%-?Z", form):
            faults.append(f"{key}: '{form}': %Z is not taken, BST is another zone elsewhere: use %z, or times_are_utc")
        elif fault := format_fault(form, "month" if column.type == "month" else "day"):
            is_month = column.type != "month" and not format_fault(form, "month")
            faults.append(f"{key}: '{form}' {fault}{f': {DAY_NEEDED}' if is_month else ''}")
    return faults


@cache
def _format_error(form: str) -> str | None:
    """DuckDB's error for a date format; None where it can use it."""
    with duckdb.connect() as con:
        try:
            con.execute("select try_strptime('', $1)", [form]).fetchone()
        except duckdb.Error as error:
            return str(error).splitlines()[0].rpartition(": ")[2]
    return None


def _constant_faults(column: Column, value: str) -> list[str]:
    key = f"constants.{column.name}"
    if column.key or column.identifier or column.type in DATE_TYPES | NUMBER_TYPES:
        return [f"{key}: only columns of text, lists and choices may have one value for all rows, no key and no identifier"]
    if column.values and value.lower() not in {v.lower() for v in column.values}:
        return [f"{key}: '{value}' is not one of {', '.join(column.values)}"]
    return []
