"""What one file's rows are checked against, and the SQL of their cells."""

from dataclasses import dataclass, field
from datetime import date

from dagster_project.contracts import Column, Contract
from dagster_project.contracts.model import PoliceUk
from dagster_project.core.sql import literal

from .. import rows_not_to_count as words
from ..formats.csv_reader import Cells
from ..formats.decode import MARK
from ..formats.header_columns import AroundTable, Layout
from ..mappings.mapping_fields import Join, parts_of
from ..mappings.mappings import SystemMapping
from .parse_values import mapped, translated


@dataclass(frozen=True)
class FileTable:
    """What one file's rows are checked against: contract, form of the file, window and layout.

    `cells`: what is known of `landing_cells`. `mapping`: the force's, or an empty one. `main_encoding`: the file's encoding,
    where some cells are in another.
    """

    contract: Contract
    form: str
    covered_from: date
    covered_to: date
    layout: Layout
    cells: Cells
    mapping: SystemMapping
    main_encoding: str | None = None
    n_ignored: int = 0
    """Rows that were left out because they are not records."""
    n_astray: int = 0
    """Rows under a record that is not theirs: see `fill_records`."""
    force: str = ""
    """Whose file it is."""
    says_own_number: bool = False
    """Whether a column of the force has forces' numbers alone, the own one among them: then others are other forces'."""
    unread_sheets: tuple[str, ...] = ()
    """Other sheets of the workbook with the same columns."""
    unseen: tuple[str, ...] = ()
    """Sheets that were not read, and what was read though a person does not see it, or struck it out: a sentence for each."""
    around: AroundTable = field(default_factory=AroundTable)

    @property
    def is_named(self) -> bool:
        """Whether the mapping names the sheet of the workbook that is read."""
        return self.mapping.table.sheet is not None

    def cell(self, index: int) -> str:
        """SQL for the trimmed text of a row's field, from 0."""
        return self.trimmed(f"f{index + 1}" if self.cells.is_uniform else f"cells[{index + 1}]")

    def trimmed(self, text: str) -> str:
        """SQL for a text without blanks at its ends."""
        return text if self.cells.blanks is None else f"trim({text}, {self.cells.blanks})"

    def text(self, name: str) -> str:
        """SQL for the trimmed text of a column that the file has: its field, or several joined. NULL or '' is blank."""
        fields = self.layout.fields_of(name)
        source = self.mapping.headers.get(name) if name in self.layout.parts else None
        if not parts_of(source):
            return self.cell(fields[0])
        between = source.between if isinstance(source, Join) else ";"
        filled = ", ".join(f"nullif({self.cell(i)}, '')" for i in fields)
        return f"nullif(concat_ws({literal(between)}, {filled}), '')"

    def ignore_text(self, name: str) -> str | None:
        """SQL for the trimmed text that a name of the mapping's `table.ignore` means; None where the file lacks the column."""
        if column := self.contract.by_name(name):
            fields = self.layout.fields_of(column.name)
        else:
            fields = (self.layout.ignore_fields[name],) if name in self.layout.ignore_fields else ()
        if not fields:
            return None
        text = self.text(column.name) if column else self.cell(fields[0])
        if fields == (0,) or self.cells.is_uniform:
            return text
        # In a row with more fields than the header, as by a comma in a note, only the first is surely of its column.
        return f"case when len(cells) <= {self.layout.width} then {text} end"

    @property
    def n_fields(self) -> str:
        """SQL for the number of fields of a row."""
        return str(self.layout.width) if self.cells.is_uniform else "len(cells)"

    @property
    def is_ragged(self) -> str:
        """SQL that is true of a row with more or fewer fields than the header, or with a quote in the wrong place."""
        if self.cells.is_uniform:
            return "false"
        rules = [f"len(cells) <> {self.layout.width}"]
        if self.cells.has_lines:
            keys = [self.text(name) for name in self.key if name in self.layout.position]
            rules += ["torn", *(f"coalesce({self.has_rows(cell)}, false)" for cell in keys)]
        return f"({' or '.join(rules)})"

    def has_rows(self, cell: str) -> str:
        """SQL that is true of a key that contains the end of one row and the beginning of another: line ends and separators."""
        return f"(contains({cell}, chr(10)) and contains({cell}, {literal(self.layout.separator)}))"

    @property
    def other_force(self) -> str | None:
        """SQL for the other force that a row says it is of; None where the file has no such column."""
        fields = self.layout.force_fields if self.form == "canonical" else ()
        return words.other_force(map(self.cell, fields), self.force, are_numbers=self.says_own_number) if fields else None

    @property
    def void(self) -> str | None:
        """SQL for the header under which a row says that it is no record; None where the file has no such column."""
        fields = self.layout.void_fields if self.form == "canonical" else {}
        if not fields:
            return None
        return words.says_void({header: self.cell(i) for i, header in fields.items()}, "status" in self.layout.position)

    @property
    def other_currency(self) -> str | None:
        """SQL that is true of a row whose amounts are not in pounds; None where the file does not say it. If an amount's header
        says pounds, the currency is that of the notes."""
        amounts = [c.name for c in self.contract.columns if c.type == "money" and c.name in self.layout.position]
        in_pounds = any(words.POUNDS.search(self.layout.headers[name]) for name in amounts)
        fields = self.layout.currency_fields if amounts and not in_pounds and self.form == "canonical" else ()
        is_other = " or ".join(words.is_word(self.cell(i), [words.OTHER_CURRENCY]) for i in fields)
        without_pound = [f"not starts_with({self.text(name)}, '£')" for name in amounts]
        return (is_other and " and ".join([f"({is_other})", *without_pound])) or None

    @property
    def force_headers(self) -> str:
        """The headers of the columns in which a row says whose it is, as a reason says them."""
        return " or ".join(self.layout.force_fields.values())

    @property
    def source(self) -> PoliceUk | None:
        """The contract's section for data.police.uk, where the file comes from there; else None."""
        return self.contract.police_uk if self.form == "police_uk" else None

    @property
    def key(self) -> list[str]:
        """The key's columns; empty where the source lacks one: rows are then identified by file and line."""
        absent = self.source.absent if self.source else ()
        return [] if set(self.contract.key) & set(absent) else self.contract.key

    def translated(self, column: Column) -> str:
        """SQL for a column's text with the mapping's codes replaced, from its trimmed text `t_<name>`."""
        return translated(column, f"t_{column.name}", self.mapping)

    def canonical(self, column: Column) -> str:
        """SQL for a column's canonical text, from its trimmed text `t_<name>`."""
        if column.name not in self.layout.position:
            constant = self.mapping.constant(column)
            return "cast(null as varchar)" if constant is None else literal(constant)
        utc = bool(self.source and self.source.times_are_utc)
        form = mapped(column, self.translated(column), self.mapping, utc=utc)
        return f"case when {self.undecoded(column)} then null else {form} end" if self.main_encoding else form

    def undecoded(self, column: Column) -> str:
        """SQL that is true where a cell is not in the file's main encoding: its text is uncertain."""
        return f"coalesce(contains(t_{column.name}, {literal(MARK)}), false)" if self.main_encoding else "false"
