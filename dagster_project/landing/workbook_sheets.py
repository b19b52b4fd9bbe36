"""Looks for the table on a workbook's other sheets, such as behind a cover sheet."""

from dagster_project.contracts import Contract

from .excel import sheet_names, sheet_text
from .header import read_header
from .mappings import SystemMapping
from .refusal import Refused, printable


def find_table_elsewhere(data: bytes, sheet: str | None, contract: Contract, form: str, mapping: SystemMapping | None) -> str:
    """A hint to add to a reason: the first other sheet that has every required column, and how to map it; "" for none."""
    try:
        names = sheet_names(data)
    except Exception:
        # The reason names the fault already.
        return ""
    for number, name in enumerate(names, 1):
        if sheet is None and number == 1:
            continue
        try:
            layout = read_header(sheet_text(data, str(number)), contract, form, ",", mapping)
        except Refused:
            continue
        if not layout.missing_required and form == "canonical":
            text = printable(name)
            return f"; sheet '{text}' has them, in row {layout.rows}: say table: {{sheet: {text}}} in a mapping"
    return ""
