"""`pam nightly` and `pam sample`: made-up data never mix with real data, `--quiet` prints nothing, exit codes are exact."""

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from support import OFFENCES, land_night, write_extract

from dagster_project.cli import PANELS, load_app, nightly
from dagster_project.cli.render_night import show_receipt
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import SAMPLE_MARK
from dagster_project.core.receipts import Receipt, read_receipts
from dagster_project.core.terminal_console import Console


def test_a_second_sample_night_changes_and_prints_nothing(pam: Callable, sample_home: Home, sample_copy: Home) -> None:
    (sample_copy.path / SAMPLE_MARK).touch()
    result = pam("nightly", "--sample", "--home", sample_copy.path, "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert [r.outcome for r in read_receipts(sample_copy)] == ["published", "unchanged"]
    assert sample_copy.warehouse.read_bytes() == sample_home.warehouse.read_bytes()


def test_a_real_night_is_refused_in_the_sample_s_home(pam: Callable, sample_copy: Home) -> None:
    (sample_copy.path / SAMPLE_MARK).touch()
    before = sample_copy.warehouse.read_bytes()
    result = pam("nightly", "--home", sample_copy.path)
    assert result.exit_code == 1
    assert "holds made-up sample data: give real extracts a home of their own (--home DIR)" in result.stderr
    assert sample_copy.warehouse.read_bytes() == before and len(read_receipts(sample_copy)) == 1


def test_the_sample_is_refused_in_a_home_of_real_extracts(pam: Callable, new_home: Home) -> None:
    columns = ["order_ref", "order_date", "amount", "recipient"]
    waiting = write_extract(new_home.inbox, "mda_orders", [["M1", "2025-05-01", "10", "Police"]], columns=columns)
    for left in ([waiting], []):
        result = pam("nightly", "--sample", "--home", new_home.path)
        assert result.exit_code == 1 and "holds extracts already" in result.stderr
        assert not (new_home.path / SAMPLE_MARK).exists() and list(new_home.inbox.iterdir()) == left
        land_night(new_home)


def test_rows_that_many_files_leave_out_are_one_line(new_home: Home, capsys: pytest.CaptureFixture) -> None:
    """A first night of two years of monthly files had a line for each, which hid the file that was refused."""
    files = [{"source_file": f"{n}.csv", "outcome": "accepted", "extract": "crimes", "force_code": "kent", "rows_ignored": left,
              "covered_from": "2025-01-01", "covered_to": "2025-01-31"} for n, left in enumerate((2, 2, 1, 2))]  # fmt: skip
    show_receipt(Console(width=200), Receipt("n", "unchanged", "", "", files=files), new_home)
    assert [line for line in capsys.readouterr().out.splitlines() if "left out" in line] == [
        "0.csv and 2 more of crimes, each: 2 rows left out, as their mapping says (ignore)",
        "2.csv: 1 row left out, as its mapping says (ignore)",
    ]


def test_the_values_that_hold_a_file_are_printed_once(new_home: Home, capsys: pytest.CaptureFixture) -> None:
    rows = [{"source_file": f"{o}.csv", "outcome": o, "extract": "crimes", "force_code": "kent", "reason": "1 of 1 rows: 'ZZ'",
             "covered_from": "2025-01-01", "covered_to": "2025-01-31", "unknown_values": {"offence_code": {"ZZ": 1}}}
            for o in ("held", "accepted")]  # fmt: skip
    show_receipt(Console(width=200), Receipt("n", "held", "", "", files=rows), new_home)
    lines = [line for line in capsys.readouterr().out.splitlines() if ".csv: 1 " in line]
    assert lines == [
        "held held.csv: 1 of 1 rows: 'ZZ'",
        "no list has crimes.offence_code of kent, in accepted.csv: 1 value; pam vocabulary shows them",
    ]


def test_unknown_values_of_several_files_are_one_line(new_home: Home, capsys: pytest.CaptureFixture) -> None:
    """A month of daily files gave a line each."""
    row = {"outcome": "accepted", "extract": "crimes", "force_code": "kent"}
    row |= dict.fromkeys(("covered_from", "covered_to"), "2025-01-01")
    rows = [row | {"source_file": f"{n}.csv", "unknown_values": {"lpu": {"Devon": n, "Wales": 1}}} for n in (1, 2, 3)]
    rows.append(row | {"source_file": "4.csv", "unknown_values": {"offence_code": {"ZZ": 1}}})
    show_receipt(Console(width=200), Receipt("n", "held", "", "", files=rows), new_home)
    assert [line for line in capsys.readouterr().out.splitlines() if "no list" in line] == [
        "no list has crimes.lpu of kent, in 3 files: 2 values; pam vocabulary shows them",
        "no list has crimes.offence_code of kent, in 4.csv: 1 value; pam vocabulary shows them",
    ]


def test_a_file_that_its_new_mapping_does_not_read_again_is_printed(new_home: Home, capsys: pytest.CaptureFixture) -> None:
    """A held file was dropped again after its mapping was corrected, and the night said nothing of it."""
    new_home.mappings.mkdir(exist_ok=True)
    columns = ["order_ref", "order_date", "amount", "recipient"]
    for who in ("Police", "Charity"):
        mapping = f"extract: mda_orders\nvalues: {{recipient: {{POL: {who}}}}}\n"
        (new_home.mappings / "finance.yml").write_text(mapping, encoding="utf-8")
        write_extract(new_home.inbox, "mda_orders", [["M1", "2025-05-01", "10", "POL"]], columns=columns)
        entries = land_night(new_home)
    files = [e.model_dump(mode="json") for e in entries]
    show_receipt(Console(width=300), Receipt("n", "unchanged", "", "", files=files), new_home)
    said = capsys.readouterr().out
    assert "It was read with another mapping, or with none: to have it read with today's, drop it again" in said
    show_receipt(Console(width=300), Receipt("n", "unchanged", "", "", files=[files[0] | {"reason": "known"}]), new_home)
    assert "known" not in capsys.readouterr().out


def test_no_new_file_is_printed_only_by_nights_that_looked(pam: Callable, new_home: Home) -> None:
    """`test_a_night_reports_the_outcome_of_each_file` has nights that looked."""
    new_home.config_file.write_text(f"[night]\ninbox = '{new_home.path / 'none'}'\n", encoding="utf-8")
    missing = pam("nightly", "--wait", "0", "--home", new_home.path)
    assert missing.exit_code == 1 and "no such folder" in missing.stderr and "No new file" not in missing.stdout
    new_home.config_file.unlink()
    columns = ["custody_ref", "arrested_at", "trigger_offence", "test_status"]
    write_extract(new_home.inbox, "drug_tests", [["D1", "2025-05-01", "Theft", "Completed"]], columns=columns)
    new_home.key_file.write_bytes(b"k" * 32)
    new_home.key_file.chmod(0o644)
    open_key = pam("nightly", "--home", new_home.path)
    assert open_key.exit_code == 1 and "No new file" not in open_key.stdout
    assert "pseudonym" in open_key.stderr, open_key.stderr


def test_usage_errors_exit_with_2_and_change_nothing(pam: Callable, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home = tmp_path / "home"
    for options in (["--inbox", tmp_path / "none"], ["--inbox", tmp_path / "file"], ["--sample", "--inbox", tmp_path], ["x"]):
        result = pam("nightly", *options, "--home", home)
        assert result.exit_code == 2 and "Usage" in result.stderr, options
    assert not home.exists()


def test_each_option_reaches_the_night(pam: Callable, new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The night itself is not run: `--rebuild` takes as long as the first one."""
    begun = []
    monkeypatch.setattr(nightly, "run_with_progress", lambda run, quiet: begun.append((run, quiet)) or 3)
    options = ("--rebuild", "--engine", "spark", "--wait", 5, "--inbox", new_home.inbox, "--quiet")
    for given in (options, ()):
        assert pam("nightly", *given, "--home", new_home.path).exit_code == 3
    assert [(run.rebuild, run.engine, run.patience, run.inbox, quiet) for run, quiet in begun] == [
        (True, "spark", 5, new_home.inbox, True), (False, None, 60, None, False),
    ]  # fmt: skip


def test_the_home_may_come_from_the_environment(pam: Callable, sample_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAM_HOME", str(sample_home.path))
    assert pam("query", OFFENCES, "-f", "csv").stdout == "value,prior_value\n2187,1649\n"


def test_sample_files_are_the_same_each_time(pam: Callable, tmp_path: Path) -> None:
    for name in ("one", "two/below"):
        result = pam("sample", tmp_path / name)
        files = sorted((tmp_path / name).iterdir())
        assert result.exit_code == 0 and result.stdout.startswith(f"{len(files)} made-up extracts in ")
        assert len(files) > 20
    one, two = (sorted((tmp_path / name).iterdir()) for name in ("one", "two/below"))
    assert [(p.name, p.read_bytes()) for p in one] == [(p.name, p.read_bytes()) for p in two]


def test_sample_needs_a_folder(pam: Callable, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert pam("sample", tmp_path / "file").exit_code == 2
    assert pam("sample").exit_code == 2
    result = pam("sample", tmp_path / "file" / "below")
    assert result.exit_code == 1 and result.stderr.startswith("pam: ")


def test_help_names_every_command_and_option(pam: Callable) -> None:
    overview = pam("--help")
    assert overview.exit_code == 0
    for command, options in {
        "nightly": ("--inbox", "--sample", "--home", "--rebuild", "--quiet"),
        "status": ("--json", "--home"),
        "query": ("--format", "--home", "SQL"),
        "sample": ("directory",),
        "dbt": (),
    }.items():
        assert command in overview.stdout
        result = pam(command, "-h") if command != "dbt" else overview
        text = result.stdout.replace("DIRECTORY", "directory")
        assert result.exit_code == 0 and all(option in text for option in options), command
    assert pam().exit_code == 2, "no command is a usage error, and shows the help"
    assert pam("everything").exit_code == 2


def test_help_has_a_heading_for_each_command_and_the_version_is_printed(pam: Callable) -> None:
    commands, groups = load_app().registered_commands, load_app().registered_groups
    assert {c.rich_help_panel for c in (*commands, *groups)} == PANELS.keys()
    assert pam("--version").stdout.startswith(f"PAM Warehouse {version('pam-warehouse')}, Python 3.")


def test_a_closed_pipe_ends_the_command_without_an_error(sample_home: Home) -> None:
    """In a process of its own, whose reader closes the pipe after one line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dagster_project", "query", "select * from marts.measures", "-f", "csv", "--home",
         str(sample_home.path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline().startswith("mart,force_code,area_type,")
    process.stdout.close()
    assert process.stderr.read() == "" and process.wait(60) in (0, 141)
    process.stderr.close()


@pytest.mark.parametrize(
    ("end", "code"), [("", 0), ("| true", 0), (">&-", 0), ("2>&-", 0), ("2> /dev/full", 0), ("> /dev/full", 1)]
)
def test_the_exit_code_is_right_wherever_the_output_goes(tmp_path: Path, end: str, code: int) -> None:
    command = f"set -e -o pipefail; {sys.executable} -m dagster_project alerts --home {tmp_path} {end}"
    assert subprocess.run(["bash", "-c", command], capture_output=True, timeout=60).returncode == code


@pytest.mark.parametrize("form", ["table", "csv"])
def test_claims_that_disagree_are_not_well_because_nobody_reads_them(sample_home: Home, form: str) -> None:
    command = f"set -o pipefail; {sys.executable} -m dagster_project claims -f {form} --home {sample_home.path} | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60, text=True)
    assert done.returncode == 1 and "BrokenPipe" not in done.stderr
