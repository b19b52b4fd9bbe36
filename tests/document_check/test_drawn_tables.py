"""Tables of an author's own, drawn from the sample's figures: a right cell never disagrees, and a wrong one never agrees."""

import random
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from how_often import IS_LONG, often
from support import published

from dagster_project.core.home import Home
from document_check.documents import check_text
from document_check.test_drawn_sentences import FIGURES, FORCE, Row, printed

TITLES = ["{}", "Table 3: {}", "{} by unit", "Number of {}"]
LABELS = {
    "financial_year": ["{}", "FY {}", "{} financial year"], "calendar_year": ["{}", "Calendar year {}"], "month": ["{}"],
    "rolling_12_months": ["12 months to {}", "Year to {}", "Year ending {}", "Twelve months to the end of {}"],
}  # fmt: skip


class Drawn:
    """The sample's figures by measure, and tables of them."""

    def __init__(self, home: Home, draw: random.Random) -> None:
        self.draw, self.rows = draw, [Row(*r) for r in published(home, FIGURES)]
        self.values = {(r.mart, r.measure, r.period_type, r.label, r.area, r.category): r for r in self.rows}
        self.titles = {(r.mart, r.measure): r.title for r in self.rows}
        self.periods: defaultdict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        self.parts: defaultdict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        for r in self.rows:
            self.periods[r.mart, r.measure].add((r.period_type, r.label))
            if (r.area, r.category) != (FORCE, "all"):
                self.parts[r.mart, r.measure].add((r.area, r.category))

    def table(self) -> tuple[str, str]:
        """A table as text, and the value of its wrong cell; blank if all are right. Its rows are parts of one measure, or all
        measures of a mart; its columns are periods, or the other way round."""
        measure = self.draw.choice(list(self.titles))
        kind = self.draw.choice(list(LABELS))
        # Half of the tables print numbers in the most usual way.
        way = self.draw.choice([0, self.draw.randrange(60)])
        periods = [p for p in sorted(self.periods[measure]) if p[0] == kind]
        periods = self.draw.sample(periods, min(len(periods), 3))
        parts = sorted(self.parts[measure])
        if parts and self.draw.random() < 2 / 3:
            kind_of_part = self.draw.choice(parts)[0] == FORCE
            parts = [p for p in parts if (p[0] == FORCE) == kind_of_part]
            rows = [(category if area == FORCE else area, (*measure, area, category)) for area, category in parts[:6]]
            rows.append(("Force", (*measure, FORCE, "all")))
            title = self.draw.choice(TITLES).format(self.titles[measure])
        else:
            rows = [(t, (*m, FORCE, "all")) for m, t in self.titles.items() if m[0] == measure[0]]
            title = "Key figures"
        label_form = self.draw.choice(LABELS[kind])
        labels = [label_form.format(label) if "12 months" not in label else label for _, label in periods]
        scale = self.draw.choice(["", "", "£000s"])
        grid = [[scale, *labels]] + [
            [name, *(self.cell((*key[:2], *period, *key[2:]), way, scale) for period in periods)] for name, key in rows
        ]
        shape = self.draw.choice(["", "", "pairs", "heading"])
        if shape == "pairs":
            # A label over two columns, and in one of them something else.
            below = self.draw.choice([["Number", "Change"], ["Target", "Number"]])
            at = 1 + below.index("Number")
            head, *body = grid
            grid = [head[:1], ["", *below * (len(head) - 1)]] + [row[:1] for row in body]
            for label in head[1:]:
                grid[0] += [label, ""]
            for row, cells in zip(grid[2:], body, strict=True):
                for cell in cells[1:]:
                    row += [cell, "5"] if at == 1 else ["5", cell]
        elif shape == "heading":
            of_adults = [[row[0], *["5"] * (len(row) - 1)] for row in grid[1:3]]
            grid += [["Of these, adults", *[""] * (len(grid[0]) - 1)], *of_adults]
        wrong = ""
        if self.draw.random() < 1 / 2 and len(grid[0]) > 1:
            r, c = self.draw.randrange(1, len(grid)), self.draw.randrange(1, len(grid[0]))
            changed = "7" + grid[r][c].lstrip("£").replace(",", "")
            is_value = bool(re.search(r"\d", grid[r][c])) and grid[r][c] != "5"
            if is_value and not any(changed in row for row in grid):
                wrong = grid[r][c] = changed
        if not shape and self.draw.random() < 1 / 3:
            grid = [list(row) for row in zip(*grid, strict=True)]
        return f"{title}\n\n" + "\n".join("\t".join(row) for row in grid) + "\n", wrong

    def cell(self, key: tuple[str, ...], way: int, scale: str) -> str:
        row = self.values.get(key)
        if row and row.unit == "gbp" and scale:
            return f"{row.value / 1000:,.1f}"
        return printed(row.value, row.unit, way) if row else "[x]"


def test_right_cells_never_disagree_and_wrong_ones_never_agree(sample_home: Home, tmp_path: Path) -> None:
    seed = random.randrange(1 << 30) if IS_LONG else 2026
    drawn = Drawn(sample_home, random.Random(seed))
    verdicts: Counter[tuple[bool, str]] = Counter()
    tables = often(80, 5000)
    for _ in range(tables):
        text, wrong = drawn.table()
        checked = check_text(sample_home, tmp_path, text)
        for item in checked.items:
            is_wrong = item.printed == wrong
            assert item.verdict != ("agrees" if is_wrong else "disagrees"), (seed, text, item)
            verdicts[is_wrong, item.verdict] += 1
    # A quarter of the tables have cells that must not be linked.
    assert verdicts[False, "agrees"] > verdicts[False, "not linked"] / 1.5, verdicts
    assert verdicts[True, "disagrees"] > tables / 10, verdicts


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        ("Possession offences\n\nUnit\t2024/25\nErewash\t206\nForce\t1,936\n", ["agrees", "agrees"]),
        ("Possession offences in 2024/25\n\nUnit\tNumber\nErewash\t205\n", ["disagrees"]),
        ("Misuse of Drugs Act orders\n\n\tCharity\tForce\n2024/25\t30\t57\n", ["agrees", "agrees"]),
        ("Value of confiscation orders (£000s)\n\nUnit\t2024/25\nForce\t1,186\n", ["agrees"]),
        ("Value of confiscation orders\n\n£m\t2024/25\nForce\t1.3\n", ["disagrees"]),
        # Labels in two rows, in a row of their own, in the corner and in two columns.
        ("Possession offences\n\n\t2024/25\t\n\tChange\tNumber\nErewash\t56\t206\n", ["not linked", "agrees"]),
        ("Possession offences\n\n\t2024/25\n\tTarget\nErewash\t206\n", ["not linked"]),
        ("Possession offences\n\nUnit\t2024/25\nAdults\t\nErewash\t206\n", ["not linked"]),
        ("Possession offences\n\nAdults\t2024/25\nErewash\t206\n", ["not linked"]),
        ("Possession offences\n\nUnit\tSex\t2024/25\nErewash\tMale\t206\n", ["not linked"]),
        ("Possession offences\n\nUnit\t2024/25\nErewash\t206\nUnit\t2023/24\nErewash\t206\n", ["agrees", "disagrees"]),
        ("Drug offences\n\n\t2024/25\t\nOffence\tChange\tNumber\nDrug Possession\t505\t1,936\n", ["not linked", "agrees"]),
        ("Drug offences\n\nOffence\t2024/25\nTargets\t\nDrug Possession\t1,936\n", ["not linked"]),
        # Labels that change nothing, and numbers without a comma.
        ("Drug offences\n\n\tFinancial year\nOffence\t2024/25\n\tVolume\nDrug Possession\t1,936\n", ["agrees"]),
        ("Drug offences\n\nOffence\tComment\t2024/25\nDrug Possession\tRising\t1936\n", ["agrees"]),
        ("Possession offences\n\nUnit\t2024/25\nSouth\t\nErewash\t206\nDales\tnot held\nForce\t1936\n", ["agrees", "agrees"]),
        # A label in the middle of its columns, one that is over no other label, and ages.
        (
            "Possession offences\n\n\t\t2024/25\t\nUnit\tErewash\tForce\tDales\nNumber\t206\t1,936\t1\n",
            ["not linked", "agrees", "not linked"],
        ),
        ("Possession offences\n\nUnit\t2024/25\t\n\tNumber\t\nErewash\t206\t55\n", ["agrees", "not linked"]),
        ("Possession offences\n\nUnit\tAge\t2024/25\nErewash\t25 and over\t206\n", ["not linked", "not linked"]),
        (
            "Possession offences\n\nUnit\t2024/25\nErewash\t206\nDales\t1\nErewash\t20\n",
            ["not linked", "disagrees", "not linked"],
        ),
        # Thousands of what, and of which table.
        ("Drug offences\n\n000s\t2024/25\nDrug Possession\t1.9\n", ["not linked"]),
        # A number is no amount, unless words or a pound sign say so.
        ("Section 27 orders\n\n\t2024/25\nCharity\t30\nPolice\t27\n", ["not linked", "not linked"]),
        ("Section 27 orders\n\n\t2024/25\nCharity\t£35,236\nPolice\t£50,234\n", ["agrees", "disagrees"]),
        (
            "Confiscation orders\n\n\t2024/25\nTOTAL (Benefit - value, £m)\t17.8\nTOTAL (Orders - value)\t£1,185,696\n",
            ["agrees", "agrees"],
        ),
        ("Possession offences by code\n\nCode\t2024/25\nErewash\t206\n", ["not linked"]),
        ("Possession offences of children\n\nUnit\t2024/25\nErewash\t206\n", ["not linked"]),
        ("Possession offences\n\nUnit\t2024/25\tChange\nErewash\t206\t14\n", ["agrees", "not linked"]),
        ("Possession offences\n\nUnit\t2024/25\nErewash\t206\nTotal\t206\n", ["agrees", "not linked"]),
        ("Possession offences in 2024/25\n\nUnit\tYear\tNumber\nErewash\t2024/25\t206\n", ["agrees"]),
        ("Possession offences in 2024/25\n\nUnit\tApr 2024\nErewash\t206\n", ["not linked"]),
        ("Erewash\n\nDrugs\n\nPossession offences\n\nYear\tNumber\n2024/25\t206\n", ["not linked"]),
        # A title of plain words, or of several measures, names nothing; other words for a measure; a column of changes.
        (
            "Drug activity\n\n\t2023/24\t2024/25\tChange\t% change\nPossession offences\t1,431\t1,936\t505\t(35%)\n",
            ["agrees", "agrees", "agrees", "disagrees"],
        ),
        (
            "Summary of drug intelligence\n\n\t2023/24\t2024/25\t% change\nDrug intelligence\t17,951\t17,861\t(0.5%)\n",
            ["agrees"] * 3,
        ),
        (
            "Possession offences and drug searches\n\n\t2024/25\nPossession offences\t1,936\nConfiscation orders\t108\n",
            ["agrees", "not linked"],
        ),
        ("Drug activity\n\n\t2024/25\nStop & searches\t2,251\nForce total\t2,251\n", ["agrees", "not linked"]),
        (
            "Drug activity\n\n\tSep 2025\tOct 2025\tChange\nPossession offences\t181\t181\t4\n",
            ["agrees", "agrees", "not linked"],
        ),
        ("Drug activity targets\n\n\t2024/25\nStop searches\t2,251\n", ["not linked"]),
        ("Change in drug activity\n\n\t2024/25\nStop searches\t2,251\n", ["not linked"]),
        ("Young people\n\nDrug activity\n\n\t2024/25\nStop searches\t2,251\n", ["not linked"]),
        ("Fraud\n\nConfiscation orders\n\nYear\tNumber\n2024/25\t16\n", ["not linked"]),
        # A change may be on the target beside it.
        (
            "Drug activity\n\n\tTarget\t2023/24\t2024/25\tChange\nPossession offences\t1,800\t1,431\t1,936\t136\n",
            ["not linked", "agrees", "agrees", "not linked"],
        ),
        # Months and quarters, below a title that says so, and the table above.
        ("Drug activity by month, 2025\n\nMonth\tDrug searches\nApr 2025\t180\nMay 2025\t169\n", ["agrees", "disagrees"]),
        ("Quarterly activity\n\n\tQ1 2025/26\tJul-Sep 2024\nDrug searches\t530\t362\n", ["agrees", "disagrees"]),
        (
            "Monthly activity\n\n\tApr 2025\nDrug searches\t180\n\nDrug activity\n\n\t2024/25\nDrug searches\t1,315\n",
            ["agrees", "disagrees"],
        ),
        (
            "Arrests\n\n\tApr 2025\nSuspects\t180\n\nDrug activity\n\n\t2024/25\nDrug searches\t1,351\n",
            ["not linked", "not linked"],
        ),
        ("Table A2: Drug trafficking offences by local policing unit\n\nUnit\t2024/25\nDales\t112\n", ["disagrees"]),
        # Months and quarters of the title's year.
        (
            "Drug activity by quarter, 2024/25\n\n\tQ1\tQ2\t2024/25\nDrug searches\t327\t362\t1,351\n",
            ["agrees", "disagrees", "agrees"],
        ),
        ("Drug searches by month, 2024/25\n\nMonth\tNumber\nApril\t105\nMarch\t105\n", ["agrees", "disagrees"]),
        ("Drug activity, 2024\n\n\tQ1\tQ2\nDrug searches\t160\t327\n", ["not linked"] * 2),
        ("Drug activity\n\n\tQ1\tQ2\nDrug searches\t160\t327\n", ["not linked"] * 2),
        ("Drug searches, 2025\n\nMonth\t2024\t2025\nApril\t105\t180\n", ["not linked"] * 2),
        # Columns beside those of the edition's table.
        (
            "Activity by month\n\nMonth\tDrug searches\tCompleted tests\nApr 2025\t180\t63\nMay 2025\t169\t47\n",
            ["agrees", "agrees", "disagrees", "disagrees"],
        ),
        # A total of days that follow each other, or of all parts; of some units, it may be theirs or that of all.
        ("Drug activity\n\nMonth\tDrug searches\nApr 2025\t180\nMay 2025\t196\nTotal\t376\n", ["agrees"] * 3),
        (
            "Drug activity\n\nMonth\tDrug searches\nApr 2025\t180\nMay 2025\t196\nTotal\t367\n",
            ["agrees", "agrees", "disagrees"],
        ),
        (
            "Drug activity\n\nMonth\tDrug searches\nApr 2025\t180\nJun 2025\t154\nTotal\t334\n",
            ["agrees", "agrees", "not linked"],
        ),
        ("Drug searches\n\n\tApr 2025\tMay 2025\tTotal\nForce\t180\t196\t376\n", ["agrees"] * 3),
        ("Misuse of Drugs Act orders\n\n\tCharity\tPolice\tTotal\n2024/25\t30\t27\t75\n", ["agrees", "agrees", "disagrees"]),
        (
            "Drug activity\n\n\t2024/25\nPossession offences\t1,936\nTrafficking offences\t1,032\nTotal\t2,968\n",
            ["agrees", "agrees", "not linked"],
        ),
        ("Drug activity, 2024/25\n\n\tQ1\tQ2\tTotal\nDrug searches\t327\t326\t1,351\n", ["agrees", "agrees", "not linked"]),
        ("Work of the proactive team\n\nDrug searches\n\n\t2024/25\nForce\t1,351\n", ["not linked"]),
        ("Nottinghamshire\n\nPossession offences\n\n\t2024/25\nForce total\t1,936\n", ["not linked"]),
        ("Nottinghamshire\n\nDrugs\n\nPossession offences\n\n\t2024/25\nForce total\t1,936\n", ["not linked"]),
        ("Derbyshire Constabulary\n\nPossession offences\n\n\t2024/25\nForce total\t1,936\n", ["agrees"]),
        ("Drugs\n\nDrug activity\n\n\t2024/25\nPossession offences\t1,936\n", ["agrees"]),
        ("Possession offences\n\nDrug activity\n\n\t2024/25\nPossession offences\t1,936\n", ["agrees"]),
    ],
)
def test_a_cell_is_linked_if_all_words_for_it_are_understood(
    sample_home: Home, tmp_path: Path, text: str, verdicts: list[str]
) -> None:  # fmt: skip
    assert [i.verdict for i in check_text(sample_home, tmp_path, text).items] == verdicts


@pytest.mark.parametrize(
    "heading",
    ["Nottinghamshire", "Nottinghamshire Police", "Neighbouring forces", "National picture", "East Midlands region", "Targets",
     "Forecast", "Cannabis", "Class A drugs", "Arrests", "Detections", "Victims", "Provisional figures", "January to October"],
)  # fmt: skip
@pytest.mark.parametrize("title", ["Drug activity", "Key figures"])
def test_a_table_below_a_heading_of_something_else_is_not_linked(
    sample_home: Home, tmp_path: Path, heading: str, title: str
) -> None:  # fmt: skip
    text = f"{heading}\n\n{title}\n\n\t2024\t2025\nPossession offences\t1,769\t2,143\n"
    assert {i.verdict for i in check_text(sample_home, tmp_path, text).items} == {"not linked"}


@pytest.mark.parametrize(
    "words",
    [", January to October", " to October", " in October", " since April", " from April", ", year to October",
     " in the financial year", " by quarter", ", latest quarter", " above the previous year", " (% of force)",
     " (per cent of force)", ", January to October 2024 and January to October 2025"],
)  # fmt: skip
def test_a_table_whose_title_may_be_of_parts_is_not_linked(sample_home: Home, tmp_path: Path, words: str) -> None:
    text = f"Drug activity{words}\n\n\t2024\t2025\nPossession offences\t1,769\t2,143\n"
    assert {i.verdict for i in check_text(sample_home, tmp_path, text).items} == {"not linked"}
