"""A night in a process of its own, which can be interrupted: `python -m faults.night_process` in tests/, run by `nights.run`.

A line of JSON on stdin:

    home      the home's folder
    writes    kill -9 this process before this change of the home's files, counted from 1; null: never
    fill      path and stage: when the stage begins, fill the disk that the path is on; null: never

On stdout, with the night's own output: `STAGE <second> <name>` as each stage begins, `WRITE <n> <what>` before each change.
"""

import atexit
import json
import os
import signal
import sys
import time

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "shutil.move", "shutil.copyfile"}


def main() -> None:
    """Run the night as `pam nightly` does, which builds in a second process."""
    request = json.loads(sys.stdin.readline())
    from dagster_project.__main__ import main as pam
    from dagster_project.nights import night_run

    began, run_step, fill = time.perf_counter(), night_run.NightRun._step, request.get("fill")

    def report_step(self, name):
        print(f"\nSTAGE {time.perf_counter() - began:.4f} {name}", flush=True)
        if fill and fill[1] == name:
            fill_disk(fill[0])
        return run_step(self, name)

    night_run.NightRun._step = report_step
    watch_changes(request["home"], request.get("writes"))
    # `pam` leaves by `os._exit`, which runs no `finally`.
    atexit.register(lambda: print(f"\nSTAGE {time.perf_counter() - began:.4f} end", flush=True))
    sys.argv = ["pam", "nightly", "--home", request["home"]]
    pam()


def fill_disk(path: str) -> None:
    """Write until nothing more fits."""
    handle, size = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 1 << 20
    while size:
        try:
            os.write(handle, bytes(size))
        except OSError:
            size //= 2
    os.close(handle)


def watch_changes(home: str, kill_at: int | None) -> None:
    """Count the changes that Python makes to files of the home. Kill this process before change `kill_at`."""
    count = 0

    def count_change(event: str, args: tuple) -> None:
        nonlocal count
        if event == "open":
            if not (args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
                return
        elif event not in CHANGES:
            return
        if not str(args[0]).startswith(home):
            return
        count += 1
        os.write(1, f"\nWRITE {count} {event} {args[0]}\n".encode())
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count_change)


if __name__ == "__main__":
    main()
