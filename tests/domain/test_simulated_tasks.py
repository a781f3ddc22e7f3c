"""A task of a simulated contact ends when the contact does what its policy says, as it does in life."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.loader import load
from domain.script import Script, Scripted
from domain.simulation import simulate
from tests.domain.kit import POLICIES, TEMPLATES, compose

MONDAY = datetime(2026, 5, 4, 9, tzinfo=UTC)
FILES = POLICIES | {
    "policies/teams.yaml": "teams: {sales: {email: sales@acme.example}}\n",
    "policies/follow-ups.yaml": """
policies:
  normal: {on: {meeting_booked: {do: complete, outcome: met}, purchased: cancel, replied: tell}}
""",
    "sequences/call.yaml": """
topic: product-news
enter: {again: always}
steps:
  - task: Call
    team: sales
    up_to: 5 days
    outcomes:
      met: [exit: was-met]
      cancelled: [exit: was-cancelled]
      timed_out: [exit: in-vain]
""",
}


@pytest.mark.parametrize(
    ("event", "end", "after"),
    [("meeting_booked", "exited:was-met", 2), ("purchased", "exited:was-cancelled", 2),
     ("replied", "exited:in-vain", 5), ("clicked", "exited:in-vain", 5)],
)  # fmt: skip
def test_what_the_policy_says_of_an_event_ends_the_task(event: str, end: str, after: int) -> None:
    loaded = load(FILES, TEMPLATES)
    assert not loaded.errors(), [str(each) for each in loaded.errors()]
    contact = {"email": "ann@customer.example", "time_zone": "UTC"}
    script = Script(contact, MONDAY, events=[Scripted(MONDAY + timedelta(days=2), event)])

    story = simulate(loaded.programs["call"], loaded.policies, TEMPLATES, compose, script)

    assert story.end is not None
    assert (story.end["reason"], story.end["at"]) == (end, f"2026-05-{4 + after:02}T09:00:00Z")
