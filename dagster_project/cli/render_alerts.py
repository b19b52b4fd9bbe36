"""Shows the alerts that were sent, and a test of their channels, at the terminal."""

from typing import Any

from dagster_project.core.terminal_console import Console

from .echo import print_line


def show_alerts(messages: list[dict[str, Any]]) -> None:
    """Print the result of `alerts.overview`."""
    console = Console()
    for m in messages:
        print_line(console, f"{m['at']}  {m['subject']}")
        for e in m["events"]:
            print_line(console, f"  {e['what']}", "dim")
        for c in m["channels"]:
            if c["delivered"]:
                print_line(console, f"  {c['channel']}: delivered at {c['delivered']}", "green")
            else:
                note = "the next night tries again" if c["waiting"] else "given up"
                print_line(console, f"  {c['channel']}: not delivered ({c['error'] or 'not tried yet'}); {note}", "yellow")
        if not m["channels"]:
            print_line(console, "  No alert sent: no contact set up in pam.toml", "yellow")
    if not messages:
        print_line(console, "No night has had a reason for an alert.")


def show_test(errors: dict[str, str | None]) -> None:
    """Print whether a test message was delivered, by channel."""
    console = Console()
    for channel, error in errors.items():
        print_line(console, f"{channel}: {f'not delivered: {error}' if error else 'delivered'}", "red" if error else "green")
    if not errors:
        print_line(console, "pam.toml names no channel: see [alerts.email] in docs/how-to/run-nights.md", "yellow")
