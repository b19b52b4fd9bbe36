"""Alerts: messages to people when a night needs one, with what happened and what to do.

At the end of every night, however it ended, its events are put in one message and sent to the home's channels. Sending never
fails or changes a night: what could not be delivered is logged and tried again the next night. No message holds a row, an
identifier or a secret.

`events` are what happened, `new_alerts` says which of them are new and when one is told again, `advice` what to do, `message`
puts it in words, `channels` are where it goes, and `log` has what was sent.
"""

from .events import NightEnd
from .new_alerts import overview, send_alerts, send_test

__all__ = ["NightEnd", "overview", "send_alerts", "send_test"]
