"""The open files of the published sample: every figure, to the digit, with its type and meaning."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support import MARTS

from dagster_project.core.config import ConfigError, read_config
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import SAMPLE_MARK
from dagster_project.core.published_file import open_hardened
from dagster_project.core.receipts import read_receipts
from dagster_project.publishing import outputs
from dagster_project.publishing.outputs import OutputContext, open_files


@pytest.fixture(scope="module")
def con(sample_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published night, attached to a database that may read files."""
    with duckdb.connect() as con:
        con.execute(f"attach '{sample_home.warehouse}' as night (read_only)")
        yield con


@pytest.fixture(scope="module")
def csv_metadata(sample_home: Home) -> dict[str, Any]:
    return json.loads((sample_home.published / "open" / "csv" / "csv-metadata.json").read_text(encoding="utf-8"))


def differing(con: duckdb.DuckDBPyConnection, one: str, other: str) -> int:
    """0 where both have the same rows: as many, with the same sum of their hashes."""
    query = "select count(*), bit_xor(hash(t)), sum(hash(t)::hugeint) from"
    sums = [con.execute(f"{query} {x} as t").fetchall() for x in (one, other)]
    return int(sums[0] != sums[1])


def test_every_relation_is_written_in_both_formats_and_described(
    sample_home: Home, con: duckdb.DuckDBPyConnection, csv_metadata: dict[str, Any]
) -> None:
    folder = sample_home.published / "open"
    names = {t["url"].removesuffix(".csv") for t in csv_metadata["tables"]}
    relations = con.execute(
        "select schema_name, table_name from duckdb_tables() union all"
        " select schema_name, view_name from duckdb_views() where not internal and database_name = 'night'"
    ).fetchall()
    # Names and words of files, who accepted a month, and reasons of known changes stay in the force.
    left_out = {("marts", "measures"), *(("meta", name) for name in ("files", "vocabulary", "accepted_months", "rebases"))}
    own = {(s, n) for s, n in relations if s in ("marts", "reports", "meta")} - left_out
    assert names == {n if s == "marts" else f"{s}_{n}" for s, n in own} and len(names) > 50
    assert {p.stem for p in (folder / "parquet").iterdir()} == names
    assert {p.name for p in (folder / "csv").iterdir()} == {f"{n}.csv" for n in names} | {"csv-metadata.json"}
    for table in csv_metadata["tables"]:
        columns = table["tableSchema"]["columns"]
        header = (folder / "csv" / table["url"]).read_text(encoding="utf-8").partition("\n")[0]
        assert [c["name"] for c in columns] == header.split(",") and table["dc:description"]
        assert all(c["dc:description"] and c["null"] == "" and c["datatype"] for c in columns)
    assert csv_metadata["@context"][0] == "http://www.w3.org/ns/csvw"
    text = (folder / "README.txt").read_text(encoding="utf-8")
    assert all(f"  {n}\n" in text for n in names) and "never 0" in text and "[c]" not in text
    # By default pandas drops a category `NA`, so that the parts add up to less; a sum of a whole file counts most things often.
    assert "keep_default_na=False" in text and "has totals beside their parts" in text


def test_parquet_and_csv_have_every_figure_to_the_digit(
    sample_home: Home, con: duckdb.DuckDBPyConnection, csv_metadata: dict[str, Any]
) -> None:
    """Read with the types of their metadata; each text unchanged, except where it would be a formula."""
    folder = sample_home.published / "open"
    types = {"decimal": "DECIMAL(28,10)", "string": "VARCHAR", "dateTime": "TIMESTAMP", "date": "DATE", "boolean": "BOOLEAN"}
    for table in csv_metadata["tables"]:
        relation = f"night.{table['dc:title']}"
        parquet = f"read_parquet('{folder}/parquet/{table['url'].replace('.csv', '.parquet')}')"
        assert differing(con, relation, parquet) == 0, relation
        kinds = dict(con.execute(f"select column_name, column_type from (describe {relation})").fetchall())
        for c in table["tableSchema"]["columns"]:
            assert kinds[c["name"]] == types.get(c["datatype"]) or (c["datatype"] == "integer" and "INT" in kinds[c["name"]])
        csv = (
            f"read_csv('{folder}/csv/{table['url']}', columns = {kinds}, header = true, delim = ',', quote = '\"',"
            " allow_quoted_nulls = false)"
        )
        safe = ", ".join(
            rf"regexp_replace({n}, '^''([=+@-])', '\1') as {n}" if kind == "VARCHAR" else n for n, kind in kinds.items()
        )
        assert differing(con, relation, f"(select {safe} from {csv})") == 0, relation


def test_the_named_primary_key_is_unique(con: duckdb.DuckDBPyConnection, csv_metadata: dict[str, Any]) -> None:
    keyed = [t for t in csv_metadata["tables"] if "primaryKey" in t["tableSchema"]]
    assert len(keyed) == len(MARTS) + 1  # the control charts
    for table in keyed:
        key = ", ".join(table["tableSchema"]["primaryKey"])
        repeated = f"select {key} from night.{table['dc:title']} group by all having count(*) > 1"
        assert con.execute(repeated).fetchall() == [], table["url"]


def test_parquet_is_compressed_and_names_its_night(sample_home: Home, con: duckdb.DuckDBPyConnection) -> None:
    path = sample_home.published / "open" / "parquet" / "mart_iom.parquet"
    assert con.execute("select distinct compression from parquet_metadata(?)", [str(path)]).fetchall() == [("ZSTD",)]
    notes = {k.decode(): v.decode() for _, k, v, *_ in con.execute("from parquet_kv_metadata(?)", [str(path)]).fetchall()}
    assert read_receipts(sample_home)[-1].night_id in notes["description"] and "Open Government Licence" in notes["rights"]


def test_files_match_the_receipt_and_can_be_reproduced_to_the_byte(sample_home: Home, tmp_path: Path) -> None:
    receipt = read_receipts(sample_home)[-1]
    measured = outputs.measure_output(sample_home.published / "open", receipt.outputs["open"]["seconds"])
    assert outputs.as_dicts({"open": measured}) == {"open": {**receipt.outputs["open"], "form": ""}}
    own = outputs.Output("open", "open_files", "")
    again = outputs.write(sample_home, sample_home.warehouse, receipt.night_id, tmp_path, [own])
    assert again["open"].sha256 == measured.sha256


def test_open_files_have_no_path_and_no_file_name(sample_home: Home) -> None:
    names = [f.stem for f in sample_home.archive.rglob("*.csv")]
    for path in (sample_home.published / "open").rglob("*"):
        if path.suffix in (".txt", ".json") or path.match("meta_*.csv"):
            text = path.read_text(encoding="utf-8")
            assert str(sample_home.path) not in text and not [n for n in names if n in text], path
    assert names and not os.path.exists(sample_home.published / "open" / "csv" / "meta_files.csv")


@pytest.fixture
def formulas(tmp_path: Path) -> Path:
    """A night's file with one table of the report, with texts that a spreadsheet would run."""
    path = tmp_path / "night.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create schema meta; create schema reports")
        con.execute("create table reports.t (a varchar, b decimal(28,10), c timestamp, d boolean)")
        con.execute(
            "insert into reports.t values ('=cmd()', 0, null, true), ('-4.2%', -0.5, '2026-01-01 02:03:04', null),"
            " ('', 100, null, false), (null, null, null, null), ('@x', 100000000000000000, null, null),"
            " ('-x', 0.0000000001, null, null), ('a,\"b\"', 10, null, null)"
        )
        con.execute("create table meta.extracts (extract varchar, title varchar, covered_to date, files_accepted int)")
        con.execute(
            "create table meta.dictionary as select 'relation' as kind, 'reports' as schema_name, 't' as relation_name,"
            " 't' as name, 'A table' as description"
        )
    return path


def test_sources_are_the_extracts_with_an_accepted_file(formulas: Path, new_home: Home) -> None:
    """Refused files are no source. A licence that others give is named for theirs alone."""
    with duckdb.connect(str(formulas)) as con:
        con.execute(
            "insert into meta.extracts values ('crimes', 'Crimes', '2025-12-31', 1), ('naloxone', 'Naloxone', null, 0),"
            " ('stop_search', 'Stop and search', '2026-01-31', 0)"
        )
        about = open_files.statement(con, OutputContext(new_home, "20260103T020000Z", False, ("open",)))
    assert about["source"] == "Extracts: Crimes" and "extracts to 2025-12-31" in about["description"]
    assert "Open Government Licence" not in about["rights"]


def test_formulas_are_escaped_and_null_differs_from_empty(formulas: Path, tmp_path: Path, new_home: Home) -> None:
    (new_home.path / SAMPLE_MARK).touch()
    settings = '[public]\nmode = "off"\n[publish]\nlicence = "https://example.org/licence"\n'
    new_home.config_file.write_text(settings, encoding="utf-8")
    folder = tmp_path / "open"
    folder.mkdir()
    con = open_hardened(formulas, writable=folder)
    try:
        open_files.write(con, folder, OutputContext(new_home, "20260103T020000Z", True, ("open",)))
    finally:
        con.close()
    assert sorted((folder / "csv" / "reports_t.csv").read_text(encoding="utf-8").splitlines()[1:]) == sorted(
        [
            "'=cmd(),0,,true",
            "-4.2%,-0.5,2026-01-01T02:03:04.000000,",
            '"",100,,false',
            ",,,",
            "'@x,100000000000000000,,",
            "'-x,0.0000000001,,",
            '"a,""b""",10,,',
        ]
    )
    metadata = json.loads((folder / "csv" / "csv-metadata.json").read_text(encoding="utf-8"))
    assert metadata["dc:title"].startswith("Sample: ") and metadata["dc:license"] == {"@id": "https://example.org/licence"}
    assert (folder / "README.txt").read_text(encoding="utf-8").startswith("Sample: ")


def test_a_model_of_the_forces_own_is_written_without_the_key_of_marts(
    sample_home: Home, new_home: Home, tmp_path: Path
) -> None:
    """In the schema marts, of another shape, with types that no mart has and without a description."""
    path, folder = tmp_path / "night.duckdb", tmp_path / "open"
    shutil.copyfile(sample_home.warehouse, path)
    folder.mkdir()
    with duckdb.connect(str(path)) as night:
        night.execute("create table marts.mart_own as select 'Dales' as area, 5::hugeint as n, 1.5::double as x, [1] as list")
        night.execute("insert into meta.dictionary by name select 'relation' as kind, 'marts' as schema_name,"
                      " 'mart_own' as relation_name, 'mart_own' as name")  # fmt: skip
    with open_hardened(path, writable=folder) as night:
        open_files.write(night, folder, OutputContext(new_home, "20260103T020000Z", True, ("open",)))
    metadata = json.loads((folder / "csv" / "csv-metadata.json").read_text(encoding="utf-8"))
    (table,) = (t for t in metadata["tables"] if t["url"] == "mart_own.csv")
    assert [c["datatype"] for c in table["tableSchema"]["columns"]] == ["string", "integer", "double", "string"]
    assert "primaryKey" not in table["tableSchema"] and table["dc:description"] == "mart_own"
    assert (folder / "csv" / "mart_own.csv").read_text() == "area,n,x,list\nDales,5,1.5,[1]\n"


def test_public_open_files_have_only_the_public_form(
    sample_home: Home, con: duckdb.DuckDBPyConnection, tmp_path: Path, new_home: Home, formulas: Path
) -> None:
    new_home.config_file.write_text('[publish]\nopen = "public"\nlicence = "https://example.org/l"\n', encoding="utf-8")
    folder = tmp_path / "open"
    folder.mkdir()
    context = OutputContext(new_home, "20260103T020000Z", True, ("open",))
    with open_hardened(sample_home.warehouse, writable=folder) as night:
        open_files.write(night, folder, context)
    views = con.execute("select view_name from duckdb_views() where schema_name = 'marts_public'").fetchall()
    marts = {name for (name,) in views} | {"mart_control_charts"}
    assert marts == MARTS | {"mart_control_charts"}
    assert {p.stem for p in (folder / "parquet").iterdir()} == marts | {"meta_dictionary"}
    for mart in marts:
        assert differing(con, f"night.marts_public.{mart}", f"read_parquet('{folder}/parquet/{mart}.parquet')") == 0
    header, *lines = (folder / "csv" / "mart_naloxone.csv").read_text(encoding="utf-8").splitlines()
    assert "marker" in header.split(",") and any("[c]" in line for line in lines)
    readme = (folder / "README.txt").read_text(encoding="utf-8")
    assert "null: not available, not applicable, or not public (marker [c])." in readme
    metadata = json.loads((folder / "csv" / "csv-metadata.json").read_text(encoding="utf-8"))
    assert "counts under 5 are not shown" in metadata["dc:description"] and "exact, and small" not in metadata["dc:description"]
    assert len([t for t in metadata["tables"] if "primaryKey" in t["tableSchema"]]) == len(marts)
    columns = [(t["url"], c) for t in metadata["tables"] for c in t["tableSchema"]["columns"] if c["name"] == "value"]
    # The public form may be rounded: that counts are exact is said of the marts alone.
    said = {column["dc:description"] for url, column in columns if url != "mart_control_charts.csv"}
    assert said == {"The figure, exact or rounded as the relation's description says; null where marker says why"}
    with open_hardened(formulas, writable=folder) as night, pytest.raises(ValueError, match="the night has no marts_public"):
        open_files.write(night, folder, context)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ('[publish]\nlicence = "x"', "publish.licence lets anybody pass the open files on"),
        ('[publish]\nopen = "public"\n[public]\nmode = "off"', "needs the public form"),
        ('[publish]\nopen = "public"\nlicence = "x"', ""),
        ('[publish]\nlicence = "x"\n[public]\nmode = "off"', ""),
    ],
)
def test_when_a_licence_is_allowed(new_home: Home, settings: str, error: str) -> None:
    new_home.config_file.write_text(settings, encoding="utf-8")
    if error:
        with pytest.raises(ConfigError, match=error):
            read_config(new_home)
    else:
        read_config(new_home)
