"""The set-up gives uv the settings of pip, and ends with the paths of the sample's pages."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from dagster_project.core.home import PROJECT, Home


@pytest.fixture
def bootstrap() -> ModuleType:
    return load(PROJECT / "bootstrap.py")


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_prints_the_pages_to_open(bootstrap: ModuleType, sample_home: Home, new_home: Home) -> None:
    report, dashboard = (line.rpartition(": ")[2] for line in bootstrap.pages_of(sample_home.path))
    assert report.endswith("/published/report/2026-03/index.html") and Path(report).is_file()
    assert dashboard.endswith("/published/dashboard/index.html") and Path(dashboard).is_file()
    assert bootstrap.pages_of(new_home.path) == []


def test_uv_gets_the_settings_of_pip(bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://all.example/simple\ncert = /etc/all.pem\ntimeout = 60\n"
        "extra-index-url =\n    https://one.example/simple\n    https://two.example/simple\n"
        "[install]\nindex-url = https://install.example/simple\n"
    )
    for name in ("PIP_CERT", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_DEFAULT_TIMEOUT", "PIP_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_CERT", "/etc/own.pem")
    settings = bootstrap.uv_settings()
    assert settings["UV_DEFAULT_INDEX"] == "https://install.example/simple"
    assert settings["UV_INDEX"] == "https://one.example/simple https://two.example/simple"
    assert settings["SSL_CERT_FILE"] == "/etc/own.pem", "a variable overrides a file"
    assert settings["UV_HTTP_TIMEOUT"] == "60"
    monkeypatch.setenv("PIP_CERT", r"C:\new\own's.pem")
    assert bootstrap.uv_settings()["SSL_CERT_FILE"] == r"C:\new\own's.pem"
    monkeypatch.setenv("PIP_INDEX_URL", "https://own.example/simple")
    assert bootstrap.uv_settings()["UV_DEFAULT_INDEX"] == "https://own.example/simple"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the set-up, an environment and its program."""
    for name in ("bootstrap.py", "pyproject.toml", "requirements.lock", "requirements-uv.lock"):
        shutil.copy(PROJECT / name, tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "pam").write_text("the last version")
    return tmp_path


def test_an_update_that_fails_leaves_the_environment_as_it_was(checkout: Path) -> None:
    """Here the second: the first was killed."""
    (checkout / ".venv").rename(checkout / ".venv-before")
    (checkout / ".venv" / "bin").mkdir(parents=True)
    command = [sys.executable, str(checkout / "bootstrap.py"), "setup"]
    result = subprocess.run(command, env=os.environ | {"PIP_NO_INDEX": "1"}, capture_output=True, text=True, check=False)
    assert result.returncode == 1 and "Set-up failed: pip's message" in result.stderr
    assert result.stderr.count("The update failed; .venv is as it was before.") == 2
    assert (checkout / ".venv" / "bin" / "pam").read_text() == "the last version"
    assert not (checkout / ".venv-before").exists()


def test_an_update_takes_the_place_of_the_environment(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap = load(checkout / "bootstrap.py")
    monkeypatch.setattr(bootstrap, "install", lambda: (checkout / ".venv").mkdir())
    bootstrap.set_up()
    assert [path.name for path in (checkout / ".venv").iterdir()] == ["installed.txt"]
    assert not (checkout / ".venv-before").exists()
    monkeypatch.setattr(bootstrap, "install", lambda: pytest.fail("it was set up again"))
    bootstrap.set_up()


def test_a_path_that_dbt_cannot_load_seeds_from_is_refused(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", Path("/srv/o'brien/main"))
    monkeypatch.setattr(bootstrap, "set_up", lambda: pytest.fail("it was set up"))
    assert bootstrap.main([]) == 2
    assert capsys.readouterr().err.startswith("/srv/o'brien/main: dbt can't load seeds from a path with an apostrophe")


def test_windows_is_refused_before_anything_is_installed(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "os", SimpleNamespace(name="nt"))
    monkeypatch.setattr(bootstrap, "set_up", lambda: pytest.fail("it was set up"))
    assert bootstrap.main([]) == 2
    assert "On Windows, run this in WSL 2" in capsys.readouterr().err


@pytest.mark.parametrize("fails", [0, 2])
def test_spark_comes_from_its_lock_with_pip_only_where_uv_fails(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    ran = []
    monkeypatch.setattr(bootstrap, "set_up", lambda: None)
    monkeypatch.setattr(bootstrap, "run", lambda *words, **_: ran.append(words) or (fails if words[0] == "uv" else 0))
    assert bootstrap.main(["spark"]) == 0
    installed = [words for words in ran if "install" in words]
    assert [words[0] for words in installed] == (["uv", "python"] if fails else ["uv"])
    for words in installed:
        assert words[-4:] == ("--no-deps", "--require-hashes", "-r", str(PROJECT / "requirements-spark.lock"))
    # A night's user may not write here.
    assert any("compileall" in words for words in ran[len(installed) :])


def test_uv_knows_the_options_that_spark_is_installed_with(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else pip would install it, in four times the time, and nobody would notice."""
    ran = []
    monkeypatch.setattr(bootstrap, "run", lambda *words, **_: ran.append(words) or 0)
    bootstrap.install_spark()
    ((_, *words),) = ran
    command = [bootstrap.BIN / "uv", *words, "--dry-run", "--offline"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    assert "unexpected argument" not in said


def test_where_spark_cannot_be_installed_the_exit_code_says_so(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "set_up", lambda: None)
    monkeypatch.setattr(bootstrap, "run", lambda *_words, **_variables: 2)
    assert bootstrap.main(["spark"]) == 2
