#!/usr/bin/env python3
"""Set up PAM Warehouse in this checkout, then run a night on the sample (no argument), the tests, or nothing more.

    python3 bootstrap.py            set up, and publish a night of made-up data in var/
    python3 bootstrap.py test       set up, and run the tests; further arguments go to pytest
    python3 bootstrap.py setup      set up only

Needs Python 3.11 to 3.13 and pip's index (PIP_INDEX_URL names another one, on a closed network). Everything is installed
into .venv, from requirements.lock, each package checked against its hash.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "installed.txt"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")


def main(args: list[str]) -> int:
    """Do what the first argument says. Returns the exit code."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        print(f"PAM Warehouse needs Python 3.11 to 3.13; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    task = args[0] if args else "sample"
    if task not in ("sample", "test", "setup"):
        print(__doc__, file=sys.stderr)
        return 2
    set_up()
    if task == "sample":
        code = run("pam", "nightly", "--sample")
        if code == 0:
            print(f"\n`pam` is in {BIN.relative_to(ROOT)}/: `. {BIN.relative_to(ROOT)}/activate` puts it on the path.")
        return code
    if task == "test":
        return run("python", "-m", "pytest", *args[1:])
    # A night's user may not write here: each `pam` would compile the code again, which takes a third of its start.
    run("python", "-m", "compileall", "-q", "dagster_project")
    # What every home's first night begins with; where it can't be laid, that night does without.
    run("python", "-m", "dagster_project.transform.empty_build")
    return 0


def set_up() -> None:
    """Make .venv as the lock says; nothing to do where it is that already."""
    wanted = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == f"{wanted} {sys.version}":
        return
    print("Setting up .venv from requirements.lock: a minute or two, once.", flush=True)
    venv.create(VENV, clear=True, with_pip=True)
    # The lock names every package: nothing is left for pip to resolve.
    pip = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    for step in (("--no-deps", "--require-hashes", "-r", str(LOCK)), ("--no-deps", "--no-build-isolation", "-e", str(ROOT))):
        if run("python", *pip, *step) != 0:
            sys.exit("Set-up failed: pip's message above says why. On a closed network, PIP_INDEX_URL names your index.")
    STAMP.write_text(f"{wanted} {sys.version}")


def run(program: str, *args: str) -> int:
    """Run a program of .venv in the checkout; its exit code."""
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
    environment["PATH"] = f"{BIN}{os.pathsep}{environment.get('PATH', '')}"
    return subprocess.run([str(BIN / program), *args], cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
