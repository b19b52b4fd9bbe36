"""The gate in a process of its own, which loads Great Expectations while this one builds the marts.

To load it takes two seconds, and Python does one thing at a time in a process. What the other process can't answer, for
whatever reason, is asked in this one: the same question, of the same files.
"""

import os
import pickle
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from dagster_project.core.checks import Check
from dagster_project.core.config import Public
from dagster_project.core.home import Home

LIBRARY = "great_expectations"
Question = tuple[Home, Path | None, Public | None]
"""What `gate.judge` takes."""


class GateProcess:
    """The gate, asked once. Without `begin`, or where the library is loaded here already, it is asked in this process."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Have the other process load, unless it does already."""
        if self._child is None and LIBRARY not in sys.modules:
            with suppress(OSError):
                self._child = subprocess.Popen(
                    [sys.executable, "-P", "-m", __name__],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    # Ctrl-C is this process's to hear: it ends the other one.
                    start_new_session=True,
                )  # fmt: skip

    def judge(self, home: Home, keep: Path | None, public: Public | None) -> list[Check]:
        """What `gate.judge` says. Raises as it does."""
        answer = self._answer((home, keep, public)) if self._child else None
        if answer is None:
            from . import gate

            answer = gate.judge(home, keep, public)
        return answer

    def end(self) -> None:
        """End the other process, whatever it is at."""
        if child := self._child:
            self._child = None
            child.kill()
            # What is left unsaid can't be said any more.
            with suppress(OSError):
                child.communicate()

    def _answer(self, question: Question) -> list[Check] | None:
        """None where there is none."""
        child = self._child
        if child is None or child.stdin is None or child.stdout is None:
            return None
        try:
            pickle.dump(question, child.stdin)
            child.stdin.flush()
            answer: list[Check] = pickle.load(child.stdout)  # noqa: S301  (what our own process says)
        except (OSError, EOFError, pickle.UnpicklingError):
            return None
        finally:
            self.end()
        return answer


def _end_with_parent() -> None:
    """Once the other end is closed, nobody waits for an answer: let go of the candidate's files at once."""
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    """The other process: load, then answer one question."""
    from dagster_project.core.home import be_quiet
    from dagster_project.core.import_speed import collect_less, import_less

    be_quiet()
    import_less()
    collect_less()
    from . import engine, gate

    answers = sys.stdout.buffer
    sys.stdout = sys.stderr
    engine.load()
    try:
        question: Question = pickle.load(sys.stdin.buffer)  # noqa: S301  (what our own process asks)
    except EOFError:
        return
    threading.Thread(target=_end_with_parent, daemon=True).start()
    pickle.dump(gate.judge(*question), answers)
    answers.flush()
    # Whatever the libraries would still tidy up is gone with the process.
    os._exit(0)


if __name__ == "__main__":
    main()
