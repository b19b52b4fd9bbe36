"""Mappings: one YAML file in the home's `mappings/` says how a force's own system writes what a contract asks for.

A mapping that says something it can't mean stops nobody's night: the files that it could be meant for wait in the inbox,
untouched, and everything else lands.
"""

import hashlib
import json
import re
from collections.abc import Collection
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import duckdb
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from dagster_project.contracts import Column, Contract, plain_header
from dagster_project.contracts.model import DATE_TYPES
from dagster_project.core.home import Home
from dagster_project.core.similar_names import meant
from dagster_project.core.validation import Name, faults_of
from dagster_project.core.yaml_io import RepeatedKeyError, UniqueKeys

from .mapping_fields import Files, Header, HeadersField, ListOf, TablePlace, as_items, headers_of, parts_of
from .name_patterns import BadPatternError, Pattern, read_pattern

ENDINGS = (".yml", ".yaml")
DIGEST = 12
"""Hex digits of a mapping's hash that the ledger keeps."""

Text = Annotated[str, StringConstraints(strip_whitespace=True)]
Exact = Annotated[str, StringConstraints(min_length=1)]


Formats = Annotated[tuple[Exact, ...], BeforeValidator(as_items)]
Forces = Annotated[tuple[Header, ...], BeforeValidator(as_items)]
Columns = Annotated[tuple[Name, ...], BeforeValidator(as_items)]

SINCE = ("files", "table", "optional")
"""Fields that came later: where they say nothing, a mapping's hash is what it was before there were any."""


class SystemMapping(BaseModel):
    """What one system's files of one extract hold, beside what the contract itself allows.

    `forces`: whose files; all where it is empty. `headers`: contract column -> its headers there, or the parts that it is made
    of; one header may feed several columns. `values`: column -> their code -> ours, where a code may end in `*`. `dates`:
    column -> strptime formats. `constants`: column -> the value of every row, where the file has no such column.
    `separators`: list column -> what stands between items. `times_are_utc`: a time without an offset is UTC, not London's.
    `files`: names that it reads. `table`: where in the file its rows are. `optional`: columns that a file may lack though
    `headers` names them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    extract: Name
    forces: Forces = ()
    headers: dict[Name, HeadersField] = {}
    values: dict[Name, dict[Text, Text]] = {}
    dates: dict[Name, Formats] = {}
    constants: dict[Name, Header] = {}
    separators: dict[Name, Exact] = {}
    times_are_utc: bool = False
    files: Annotated[tuple[Files, ...], BeforeValidator(as_items)] = ()
    table: TablePlace = TablePlace()
    optional: Columns = ()

    @property
    def digest(self) -> str:
        """The beginning of the SHA-256 of what it says: comments and layout do not change it."""
        body = self.model_dump(mode="json", exclude={n for n in SINCE if n not in self.model_fields_set})
        said = json.dumps(body, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode("utf-8")).hexdigest()[:DIGEST]

    def meanings(self) -> dict[str, tuple[str, ...]]:
        """`plain_header` -> contract columns, of its own headers alone, without those of columns that are made of parts."""
        found: dict[str, tuple[str, ...]] = {}
        for name, source in self.headers.items():
            for header in () if parts_of(source) else headers_of(source):
                plain = plain_header(header)
                found[plain] = (*found.get(plain, ()), name)
        return found

    def codes(self, column: Column) -> dict[str, str]:
        """Their code (trimmed, lower case; blank: `""`; perhaps with `*` at its end) -> ours, of a choice in the contract's
        spelling; `""`: blank."""
        ours = {v.lower(): v for v in column.values}
        return {code.lower(): ours.get(value.lower(), value) for code, value in self.values.get(column.name, {}).items()}

    def constant(self, column: Column) -> str | None:
        """What every row has in a column that the file lacks, in the contract's spelling; None where nothing is said."""
        said = self.constants.get(column.name)
        return next((v for v in column.values if said is not None and v.lower() == said.lower()), said)


@dataclass(frozen=True)
class Used:
    """A sound mapping and the file that it came from."""

    name: str
    mapping: SystemMapping

    @property
    def label(self) -> str:
        """What the ledger says of it: `storm.yml@1a2b3c4d5e6f`."""
        return f"{self.name}@{self.mapping.digest}"


@dataclass(frozen=True)
class Problem:
    """A mapping that can't be used: its file, what is wrong, and whose files it could be meant for (None: anyone's)."""

    name: str
    said: str
    extract: str | None = None
    forces: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] | None = ()
    """Of the names that it reads; None where they can't be told: then it could be any name."""

    def reads(self, name: str) -> bool:
        """Whether it could be meant for a file of this name."""
        return self.patterns is None or any(p.fits(name) for p in self.patterns)

    def concerns(self, extract: str, force: str) -> bool:
        """Whether files of this extract and force wait for it to be mended."""
        return self.extract in (None, extract) and (not self.forces or force in self.forces)

    def __str__(self) -> str:
        return f"mappings/{self.name}: {self.said}"


@dataclass(frozen=True)
class Mappings:
    """All mappings of a home."""

    used: tuple[Used, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    def of(self, extract: str, force: str) -> Used | None:
        """The mapping for an extract's files of a force that have a canonical name: the one that names the force, else the one
        for all forces. One that reads names of its own is used where no other names the force."""
        found = self._candidates(extract, force)
        return found[0] if len(found) == 1 else None

    def named(self, name: str) -> Used | None:
        """The mapping of a file's name in `mappings/`."""
        return next((u for u in self.used if u.name == name), None)

    def reading(self, name: str) -> list[Used]:
        """The mappings whose `files` a name fits."""
        return [u for u in self.used if any(f.pattern.fits(name) for f in u.mapping.files)]

    def problem(self, extract: str, force: str) -> str | None:
        """Why files of an extract and force must wait, if they must."""
        said = [str(p) for p in self.problems if p.concerns(extract, force)]
        if len(found := self._candidates(extract, force)) > 1:
            said.append(f"{names_of(found)} both read {extract} of {force}: keep one, or one of them without files")
        return "; ".join(said) or None

    def name_problem(self, name: str) -> str | None:
        """Why a file of a name that is no canonical one must wait, if it must."""
        said = [str(p) for p in self.problems if p.reads(name)]
        if len(found := self.reading(name)) > 1:
            said.append(f"{names_of(found)} both read this name: change files in one of them")
        return "; ".join(said) or None

    def _candidates(self, extract: str, force: str) -> list[Used]:
        of_extract = [u for u in self.used if u.mapping.extract == extract]
        own = [u for u in of_extract if force in u.mapping.forces]
        for found in ([u for u in own if not u.mapping.files], own):
            if found:
                return found
        return [u for u in of_extract if not u.mapping.forces]


def names_of(found: list[Used]) -> str:
    """Mappings by their paths in the home."""
    return " and ".join(f"mappings/{u.name}" for u in found)


def read_mappings(home: Home, contracts: Dict[str, Contract], forces: Collection[str]) -> Mappings:
    """The home's mappings, sound and unsound; none where it has no `mappings/`. Raises OSError for the folder alone."""
    if not home.mappings.is_dir():
        return Mappings()
    paths = sorted(p for p in home.mappings.iterdir() if p.suffix.lower() in ENDINGS and not p.name.startswith("."))
    read = [_read(path, contracts, forces) for path in paths]
    used = [u for u in read if isinstance(u, Used)]
    problems = [p for p in read if isinstance(p, Problem)]
    for one in used:
        rivals = [u.name for u in used if u is not one and _same_files(u.mapping, one.mapping)]
        if rivals:
            said = f"extract, forces: {', '.join(rivals)} maps {one.mapping.extract} of the same force: keep one of them"
            problems.append(Problem(one.name, said, one.mapping.extract, one.mapping.forces))
    unsound = {p.name for p in problems}
    return Mappings(tuple(u for u in used if u.name not in unsound), tuple(sorted(problems, key=lambda p: p.name)))


def _same_files(one: SystemMapping, other: SystemMapping) -> bool:
    """Whether two mappings claim the same files. One that names a force goes before one for all of them. Those that read names
    of their own are told apart by the names."""
    if one.files or other.files:
        return False
    shared = set(one.forces) & set(other.forces) if one.forces or other.forces else {"all"}
    return one.extract == other.extract and bool(shared)


class _Loader(UniqueKeys, yaml.SafeLoader):
    """YAML whose values are all text: `01`, `Y` and `No` are codes, not numbers and truths."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (as PyYAML has it: none of them)


def _read(path: Path, contracts: Dict[str, Contract], forces: Collection[str]) -> Used | Problem:
    try:
        body = yaml.load(path.read_text(encoding="utf-8-sig"), _Loader)  # noqa: S506  (a SafeLoader)
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
    meant = _meant_for(body, contracts, forces)
    try:
        mapping = SystemMapping.model_validate(body)
    except ValidationError as error:
        faults = faults_of(error, SystemMapping)
    else:
        faults = _faults(mapping, contracts, forces)
    return Problem(path.name, "; ".join(dict.fromkeys(faults)), *meant) if faults else Used(path.name, mapping)


def _meant_for(
    body: dict[str, Any], contracts: Dict[str, Contract], forces: Collection[str]
) -> tuple[str | None, tuple[str, ...], tuple[Pattern, ...] | None]:
    """The extract and forces that an unsound mapping names, as far as they are there: the fewest files wait."""
    said = body.get("extract")
    named: Any = as_items(body.get("forces", []))
    theirs = tuple(named) if isinstance(named, list) and all(isinstance(f, str) and f in forces for f in named) else ()
    extract = said if isinstance(said, str) and said in contracts else None
    return extract, theirs, _patterns(body.get("files", []))


def _patterns(given: Any) -> tuple[Pattern, ...] | None:
    """The names that an unsound mapping reads; None where any can't be told."""
    files: Any = as_items(given)
    try:
        return tuple(read_pattern(f["name"] if isinstance(f, dict) else f) for f in files)
    except (BadPatternError, KeyError, TypeError):
        return None


def _faults(mapping: SystemMapping, contracts: Dict[str, Contract], forces: Collection[str]) -> list[str]:
    """What a mapping says that its contract does not bear out, each with its field."""
    contract = contracts.get(mapping.extract)
    if contract is None:
        near = meant(mapping.extract, contracts)
        return [f"extract: no contract is called '{mapping.extract}'{near} (there are {', '.join(contracts)})"]
    other = [f for f in mapping.forces if f not in forces]
    said = [f"forces: unknown force '{f}'{meant(f, forces)} (seeds/forces.csv has their codes)" for f in other]
    columns = {c.name: c for c in contract.columns}
    known = f"{mapping.extract} has {', '.join(columns)}"
    for part in ("headers", "values", "dates", "constants", "separators", "optional"):
        said += [f"{part}.{n}: no such column: {known}" for n in getattr(mapping, part) if n not in columns]
    said += [f"table.ignore.{n}: no such column: {known}" for n in mapping.table.ignore if n not in columns]
    if mapping.files and len(mapping.forces) != 1:
        said.append("forces: a mapping with files is of exactly one force: their names say none")
    if contract.date_column is None and any(f.covers for f in mapping.files):
        said.append(f"files: covers: {mapping.extract} has no date in its rows: put the window in the name")
    if said:
        return said
    said += _header_faults(mapping, contract)
    for name, codes in mapping.values.items():
        said += _value_faults(columns[name], codes)
    for name, formats in mapping.dates.items():
        said += _date_faults(columns[name], formats)
    for name, value in mapping.constants.items():
        said += _constant_faults(columns[name], value)
    said += [f"separators.{n}: not a list column" for n in mapping.separators if columns[n].type != "list"]
    return said


def _header_faults(mapping: SystemMapping, contract: Contract) -> list[str]:
    said = []
    for name, source in mapping.headers.items():
        if isinstance(source, ListOf) and contract.column(name).type != "list":
            said.append(f"headers.{name}: list: not a list column; is join meant?")
        seen: set[str] = set()
        for header in headers_of(source):
            plain = plain_header(header)
            own = contract.by_header(header)
            if not plain:
                said.append(f"headers.{name}: '{header}' is no header")
            elif plain in seen:
                said.append(f"headers.{name}: '{header}' appears twice")
            elif own is not None and own.name != name and own.name not in mapping.headers and not parts_of(source):
                said.append(
                    f"headers.{name}: '{header}' is the contract's own header for {own.name}: say under headers.{own.name} "
                    "what that column is called"
                )
            seen.add(plain)
    return said


def _value_faults(column: Column, codes: Dict[str, str]) -> list[str]:
    at = f"values.{column.name}"
    if column.identifier or column.key:
        return [f"{at}: {'an identifier' if column.identifier else 'a key'} is taken as it is: it has no codes"]
    said = []
    lower = [code.lower() for code in codes]
    said += [f"{at}: the code '{c}' appears twice" for c in dict.fromkeys(lower) if lower.count(c) > 1]
    counted = column.type in DATE_TYPES | {"money", "number", "whole"}
    if counted and "*" in codes:
        said.append(f"{at}.*: would make every {column.type} a blank")
    for code, value in codes.items():
        if column.values and value and value.lower() not in {v.lower() for v in column.values}:
            said.append(f"{at}.{code}: '{value}' is not one of {', '.join(column.values)}")
        elif counted and value:
            said.append(f'{at}.{code}: a {column.type} column maps codes to a blank only: ""')
    return said


_DIRECTIVE = re.compile(r"%-?(.)")


def _date_faults(column: Column, formats: tuple[str, ...]) -> list[str]:
    at = f"dates.{column.name}"
    if column.type not in DATE_TYPES:
        return [f"{at}: not a column of dates"]
    said = []
    for form in formats:
        parts = set(_DIRECTIVE.findall(form))
        if error := _unsound(form):
            said.append(f"{at}: '{form}' is no format that strptime knows: {error}")
        elif "Z" in parts:
            said.append(f"{at}: '{form}': %Z is not taken, BST is another zone elsewhere: use %z, or times_are_utc")
        elif not parts & {"Y", "y"} or not (parts & {"m", "b", "B", "j"}):
            said.append(f"{at}: '{form}' lacks a year (%Y) or a month (%m, %b)")
        elif column.type != "month" and not parts & {"d", "j"}:
            said.append(f"{at}: '{form}' lacks a day (%d)")
        elif "I" in parts and "p" not in parts:
            said.append(f"{at}: '{form}': %I without %p does not tell morning from evening")
    return said


def _unsound(form: str) -> str | None:
    """What DuckDB says of a format that it can't read with."""
    con = duckdb.connect()
    try:
        con.execute("select try_strptime('', $1)", [form]).fetchone()
        return None
    except duckdb.Error as error:
        return str(error).splitlines()[0].rpartition(": ")[2]
    finally:
        con.close()


def _constant_faults(column: Column, value: str) -> list[str]:
    at = f"constants.{column.name}"
    if column.key or column.identifier or column.type in DATE_TYPES | {"money", "number", "whole"}:
        return [f"{at}: only columns of text, lists and choices may have one value for all rows, no key and no identifier"]
    if column.values and value.lower() not in {v.lower() for v in column.values}:
        return [f"{at}: '{value}' is not one of {', '.join(column.values)}"]
    return []
