"""Alerts: messages to people when a night needs one, with what happened and what to do.

At the end of every night, however it ended, its events are put in one message and sent to the home's channels. Sending never
fails or changes a night: what could not be delivered is logged and tried again the next night. No message holds a row, an
identifier or a secret.

In this order, such as for the e-mail when a night is held: `event_sentences` says what happened and why, `advice` what to do
about it, `send_new_alerts` takes what nobody was told yet, `message_formats` lays it out, with a subject, `channels` delivers
it by e-mail, Slack or Teams, and `log` has what was sent.
"""

from .event_sentences import NightEnd
from .send_new_alerts import overview, send_alerts, send_test

__all__ = ["NightEnd", "overview", "send_alerts", "send_test"]
