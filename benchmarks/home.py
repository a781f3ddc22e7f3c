"""The folder that is measured: the shipped policies and templates, and sequences of plain messages.

The messages are of the class `service`, so the figures are the same by day and by night.
"""

from functools import cache
from pathlib import Path

from starter.home import LoadedHome, load_files, read_home

PROJECT = Path(__file__).resolve().parents[1]

TWO_MESSAGES, ONE_MESSAGE, WAITING = "two-messages", "one-message", "waiting"
# The shipped forms ask for confirmations, so the sequence that sends them stays.
ASKED_FOR = "sequences/confirm-newsletter.yaml"
# Whom a measured broadcast is for.
SEGMENTS, SEGMENT, SOURCE = "policies/segments.yaml", "measured", "measured now"
_HEAD = """
description: Measured by the benchmarks.
owner: growth@acme.example
enter: {on: {form: demo-request}, again: always}
steps:
  - send: welcome/hello
"""
_WAITING = """
description: Waits until something ends it.
owner: growth@acme.example
enter: {on: {event: trial_started}, again: always}
goal: {event: meeting_booked}
exit: [{event: trial_cancelled}, {when: contact.stage == 'customer'}]
steps:
  - wait: 30 days
  - send: welcome/answer
"""
SEQUENCES = {
    f"sequences/{TWO_MESSAGES}.yaml": f"{_HEAD}  - wait: 1 second\n  - send: welcome/answer\n",
    f"sequences/{ONE_MESSAGE}.yaml": _HEAD,
    f"sequences/{WAITING}.yaml": _WAITING,
}


@cache
def measured_home() -> LoadedHome:
    """Return the home, loaded. Raises AssertionError if it has a mistake."""
    files = read_home(PROJECT).files
    shipped = {path: text for path, text in files.items() if path == ASKED_FOR or not path.startswith("sequences/")}
    shipped[SEGMENTS] = f"{shipped[SEGMENTS].rstrip()}\n  {SEGMENT}: {{when: contact.source == '{SOURCE}'}}\n"
    home = load_files(shipped | SEQUENCES)
    assert not home.errors(), home.errors()
    return home
