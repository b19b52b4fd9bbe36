"""Where else in a workbook the table may be, if the sheet that was read has none, such as behind a cover sheet."""

from dagster_project.contracts import Contract

from .excel import sheet_names, sheet_text
from .header import read_header
from .mappings import SystemMapping
from .refusal import Refused, shown


def elsewhere(data: bytes, sheet: str | None, contract: Contract, form: str, mapping: SystemMapping | None) -> str:
    """What to add to a reason: the first other sheet that names every required column, and how to say so; "" for none."""
    try:
        names = sheet_names(data)
    except Exception:
        # Whatever else is wrong with it has been said.
        return ""
    for number, name in enumerate(names, 1):
        if sheet is None and number == 1:
            continue
        try:
            layout = read_header(sheet_text(data, str(number)), contract, form, ",", mapping)
        except Refused:
            continue
        if not layout.lacking and form == "canonical":
            return f"; sheet '{shown(name)}' has them, in row {layout.rows}: say table: {{sheet: {shown(name)}}} in a mapping"
    return ""
