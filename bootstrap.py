#!/usr/bin/env python3
"""Set up PAM Warehouse in this checkout, then run a night on the sample (no argument), the tests, or nothing more.

    python3 bootstrap.py            set up, and publish a night of made-up data in var/
    python3 bootstrap.py test       set up, and run the tests; further arguments go to pytest
    python3 bootstrap.py setup      set up only
    python3 bootstrap.py spark      set up, and install Spark, for `pam nightly --engine spark`; needs Java 17 or newer

Needs Linux, Python 3.11 to 3.13 and pip's index (PIP_INDEX_URL names another one, on a closed network). Everything is installed
into .venv, from requirements.lock, each package checked against its hash: with uv, in seconds; if uv can't do it, with pip.
"""

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BEFORE = ROOT / ".venv-before"
"""Where .venv is while another is made."""
LOCK = ROOT / "requirements.lock"
UV_LOCK = ROOT / "requirements-uv.lock"
SPARK_LOCK = ROOT / "requirements-spark.lock"
STAMP = VENV / "installed.txt"
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS", "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE", "trusted-host": "UV_INSECURE_HOST", "proxy": "ALL_PROXY", "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}  # fmt: skip
"""uv's variables for pip's settings."""
BIN = VENV / "bin"
PIP = ("python", "-m", "pip", "--disable-pip-version-check", "install")
UV = ("uv", "pip", "install", "--python", str(BIN / "python"))
PIP_DOES = "The message above says why uv can't install. pip does, which takes a minute or two."
# The locks name every package: nothing is left to resolve.
LOCKED = ("--quiet", "--no-deps", "--require-hashes", "-r")


def main(args: list[str]) -> int:
    """Do what the first argument says. Returns the exit code."""
    if os.name == "nt":
        print("PAM Warehouse runs on Linux. On Windows, run this in WSL 2 (`wsl --install` sets it up).", file=sys.stderr)
        return 2
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        print(f"PAM Warehouse needs Python 3.11 to 3.13; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    if "'" in str(ROOT):
        print(f"{ROOT}: dbt can't load seeds from a path with an apostrophe: move this checkout", file=sys.stderr)
        return 2
    task = args[0] if args else "sample"
    if task not in ("sample", "test", "setup", "spark"):
        print(__doc__, file=sys.stderr)
        return 2
    set_up()
    if task == "test":
        return run("python", "-m", "pytest", *args[1:])
    if task == "spark" and (failed := install_spark()):
        return failed
    # A night's user may not write here: each `pam` would compile the code again, which takes a third of its start.
    folders = ("dagster_project",) if "PIP_NO_COMPILE" in os.environ else ("dagster_project", str(VENV))
    run("python", "-W", "ignore", "-m", "compileall", "-qq", "-j", "0", *folders)
    if task == "sample":
        code = run("pam", "nightly", "--sample")
        if code == 0:
            print(f"\n`pam` is in {BIN.relative_to(ROOT)}/: `. {BIN.relative_to(ROOT)}/activate` puts it on the path.")
            print("\n".join(pages_of(Path(os.environ.get("PAM_HOME") or ROOT / "var"))))
        return code
    # What every home's first night begins with; where it can't be laid, that night does without.
    run("python", "-m", "dagster_project.transform.empty_build")
    return 0


def pages_of(home: Path) -> list[str]:
    """Lines that say where the pages of a home's published night are."""
    found = [("report", page) for page in sorted(home.glob("published/report/*/index.html"))]
    found += [("dashboard", page) for page in home.glob("published/dashboard/index.html")]
    return [f"The {name}, to open in a browser: {page}" for name, page in found]


def set_up() -> None:
    """Make .venv as the lock says; nothing to do where it is that already."""
    wanted = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if not STAMP.exists():
        # An update was killed.
        put_back()
    if STAMP.exists() and STAMP.read_text() == f"{wanted} {sys.version}":
        return
    print("Setting up .venv from requirements.lock, once.", flush=True)
    # Programs name the path of their environment, so that the new one is made in its place.
    if VENV.exists():
        # An update may have been killed when it was done.
        shutil.rmtree(BEFORE, ignore_errors=True)
        VENV.rename(BEFORE)
    try:
        install()
    except BaseException:
        put_back()
        raise
    STAMP.write_text(f"{wanted} {sys.version}")
    shutil.rmtree(BEFORE, ignore_errors=True)


def put_back() -> None:
    """Put the environment of before an update that failed back in its place, if there is one."""
    if BEFORE.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        BEFORE.rename(VENV)
        print("The update failed; .venv is as it was before.", file=sys.stderr)


def install() -> None:
    """Make .venv anew. Ends the program where a package can't be had."""
    venv.create(VENV, clear=True, with_pip=True)
    checkout = ("--quiet", "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    failed = run(*PIP, "--only-binary", ":all:", *LOCKED, str(UV_LOCK))
    if failed or run(*UV, *LOCKED, str(LOCK), **uv_settings()) or run(*UV, *checkout):
        print(PIP_DOES, flush=True)
        if run(*PIP, *LOCKED, str(LOCK)) or run(*PIP, *checkout):
            sys.exit("Set-up failed: pip's message above says why. On a closed network, PIP_INDEX_URL names your index.")


def install_spark() -> int:
    """Install Spark into .venv; the exit code. Spark comes as source, which is packed and unpacked again: not compressed, that
    takes 6 s, not 21."""
    packages = ("--no-build-isolation", *LOCKED, str(SPARK_LOCK))
    if not run(*UV, "--config-setting=--build-option=--compression=stored", *packages, **uv_settings()):
        return 0
    print(PIP_DOES, flush=True)
    return run(*PIP, *packages)


def uv_settings() -> dict[str, str]:
    """What pip's files and variables say of indexes and certificates, as variables of uv, which reads neither."""
    command = [BIN / "python", "-m", "pip", "config", "list"]
    told = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False).stdout
    pairs = [line.split("=", 1) for line in told.splitlines() if line.partition("=")[0].rpartition(".")[2] in UV_NAMES]
    # A variable overrides a file, and what is for `install` what is for all commands.
    pairs.sort(key=lambda pair: (pair[0].startswith(":env:"), pair[0].startswith("install.")))
    pip = {name.rpartition(".")[2]: " ".join(ast.literal_eval(value).split()) for name, value in pairs}
    # Hashes decide which file may be installed, so that it does not matter which index has it.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match"} | {uv: pip[name] for name, uv in UV_NAMES.items() if pip.get(name)}


def run(program: str, *args: str, **variables: str) -> int:
    """Run a program of .venv in the checkout, with these variables too; its exit code, or 126 where it may not be run."""
    try:
        return subprocess.run([str(BIN / program), *args], cwd=ROOT, env=environment() | variables, check=False).returncode
    except OSError as error:
        print(error, file=sys.stderr)
        return 126


def environment() -> dict[str, str]:
    """The variables of programs of .venv."""
    kept = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
    return kept | {"PATH": f"{BIN}{os.pathsep}{kept.get('PATH', '')}"}


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
