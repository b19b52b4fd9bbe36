"""The reader against Python's own: the same cells, on the same physical lines, quotes and all."""

import csv
import io
from contextlib import ExitStack

import duckdb
import pytest
from how_often import often
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.contracts import load_contracts
from dagster_project.landing import csv_reader
from dagster_project.landing.header_columns import read_header
from dagster_project.landing.header_row import HeaderNames
from dagster_project.landing.mappings import SystemMapping
from dagster_project.landing.refusal import Refused

CRIMES = load_contracts()["crimes"]
HEADER = ["crime_ref", "recorded_on", "offence_code", "status"]


@pytest.fixture(scope="module", params=[csv_reader.WORTH_IT, 0], ids=["small", "as if large"])
def con(request):
    with duckdb.connect() as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_reader, "WORTH_IT", request.param)
        yield connection


def cells(con, text: str):
    layout = read_header(text, HeaderNames(CRIMES, "canonical", SystemMapping(extract="crimes")))
    with ExitStack() as held:
        csv_reader.read_cells(con, text, layout, held)
        return con.execute("select line, cells from landing_cells order by line").fetchall()


def by_python(text: str, separator: str = ","):
    """What Python's csv module reads, less blank lines, with the line on which each row begins."""
    found, before = [], 0
    lines = csv.reader(io.StringIO(text), delimiter=separator)
    for row in lines:
        if row:
            found.append((before + 1, row))
        before = lines.line_num
    return found[1:]


FIELD = st.text(st.sampled_from('ab "\n,;\t|£'), max_size=6)


@settings(max_examples=often(40, 500))
@given(
    rows=st.lists(st.lists(FIELD, min_size=4, max_size=4), max_size=12),
    separator=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_whatever_python_writes_is_read_back(con, rows, separator, quoting):
    out = io.StringIO()
    # The first field never blank: a line of blanks alone is no row here.
    writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows([["x" + row[0], *row[1:]] for row in rows])
    text = out.getvalue()
    # Blanks before a quote are looked through here, and kept by Python: cells are trimmed later anyway.
    found = [(line, [c.strip(" ") for c in row]) for line, row in cells(con, text)]
    wanted = [(line, [c.strip(" ") for c in row]) for line, row in by_python(text, separator)]
    assert found == wanted


@settings(max_examples=often(60, 500))
@given(body=st.text(st.sampled_from('ab",\n'), max_size=40))
def test_whatever_comes_is_read_as_python_does_or_refused(con, body):
    text = ",".join(HEADER) + "\n" + body + "\n"
    wanted = by_python(text)
    try:
        found = cells(con, text)
    except Refused:
        # Python takes the rest of the text for the last field.
        assert wanted[-1][1][-1].endswith("\n")
    else:
        assert found == wanted


@pytest.mark.parametrize("size", [1, 7, 64])
def test_blocks_change_nothing(con, monkeypatch, size):
    rows = [f'{i},"a\nb",{"x" * (i % 5)},5" pipe' for i in range(40)]
    text = "\n".join([",".join(HEADER), *rows, ""])
    plain = text.replace('"a\nb"', "a").replace('"', "")
    wanted, wanted_plain = cells(con, text), cells(con, plain)
    assert [line for line, _ in wanted] == list(range(2, 82, 2))
    assert [line for line, _ in wanted_plain] == list(range(2, 42))
    monkeypatch.setattr(csv_reader, "BLOCK", size)
    assert cells(con, text) == wanted
    assert cells(con, plain) == wanted_plain


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ('1,5" pipe,x,y', ["1", '5" pipe', "x", "y"]),
        ('1, "a, b" ,x,y', ["1", "a, b ", "x", "y"]),
        ('1,"a"b,x,y', ["1", "ab", "x", "y"]),
        ('1,"a""b",x,y', ["1", 'a"b', "x", "y"]),
        ('1,"","""",y', ["1", "", '"', "y"]),
        (",,,", ["", "", "", ""]),
    ],
)
def test_odd_quotes(con, line, fields):
    assert cells(con, ",".join(HEADER) + "\n" + line) == [(2, fields)]


def test_header_alone(con):
    for text in (",".join(HEADER), ",".join(HEADER) + "\n", ",".join(f'"{h}"' for h in HEADER) + "\n\n"):
        assert cells(con, text) == []
