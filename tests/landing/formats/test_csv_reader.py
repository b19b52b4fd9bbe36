"""The CSV reader compared with Python's: the same cells, on the same physical lines, with quotes."""

import csv
import io
from contextlib import ExitStack

import duckdb
import pytest
from how_often import often
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.contracts import load_contracts
from dagster_project.landing.formats import csv_reader
from dagster_project.landing.formats.header_columns import read_header
from dagster_project.landing.formats.header_row import HeaderNames
from dagster_project.landing.mappings.mappings import SystemMapping
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
    with ExitStack() as stack:
        csv_reader.read_cells(con, text, layout, stack)
        return con.execute("select line, cells from landing_cells order by line").fetchall()


def read_by_python(text: str, separator: str = ","):
    """What Python's csv module reads, without blank lines, with the line on which each row begins."""
    rows, before = [], 0
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    for row in reader:
        if row:
            rows.append((before + 1, row))
        before = reader.line_num
    return rows[1:]


FIELD = st.text(st.sampled_from('ab "\n,;\t|£'), max_size=6)


@settings(max_examples=often(40, 500))
@given(
    rows=st.lists(st.lists(FIELD, min_size=4, max_size=4), max_size=12),
    separator=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_reads_back_what_python_writes(con, rows, separator, quoting):
    out = io.StringIO()
    # The first field is never blank: a line of only blanks is no row here.
    writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows([["x" + row[0], *row[1:]] for row in rows])
    text = out.getvalue()
    # The reader ignores blanks before a quote, and Python keeps them: cells are trimmed later anyway.
    read = [(line, [c.strip(" ") for c in row]) for line, row in cells(con, text)]
    expected = [(line, [c.strip(" ") for c in row]) for line, row in read_by_python(text, separator)]
    assert read == expected


@settings(max_examples=often(60, 500))
@given(body=st.text(st.sampled_from('ab",\n'), max_size=40))
def test_any_text_is_read_as_python_does_or_refused(con, body):
    text = ",".join(HEADER) + "\n" + body + "\n"
    expected = read_by_python(text)
    try:
        read = cells(con, text)
    except Refused:
        # Python takes the rest of the text for the last field.
        assert expected[-1][1][-1].endswith("\n")
    else:
        assert read == expected


@pytest.mark.parametrize("size", [1, 7, 64])
def test_block_size_does_not_change_the_cells(con, monkeypatch, size):
    rows = [f'{i},"a\nb",{"x" * (i % 5)},5" pipe' for i in range(40)]
    text = "\n".join([",".join(HEADER), *rows, ""])
    unquoted = text.replace('"a\nb"', "a").replace('"', "")
    expected, expected_plain = cells(con, text), cells(con, unquoted)
    assert [line for line, _ in expected] == list(range(2, 82, 2))
    assert [line for line, _ in expected_plain] == list(range(2, 42))
    monkeypatch.setattr(csv_reader, "BLOCK", size)
    assert cells(con, text) == expected
    assert cells(con, unquoted) == expected_plain


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
def test_unusual_quotes(con, line, fields):
    assert cells(con, ",".join(HEADER) + "\n" + line) == [(2, fields)]


def test_header_only(con):
    for text in (",".join(HEADER), ",".join(HEADER) + "\n", ",".join(f'"{h}"' for h in HEADER) + "\n\n"):
        assert cells(con, text) == []
