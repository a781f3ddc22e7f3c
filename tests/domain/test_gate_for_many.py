"""Forty-eight hours of quiet hours, windows and caps over many contacts: nothing at the wrong time, too often, or lost.

The clock of each contact is read here with `zoneinfo` alone, not with the rules that are tested.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from domain.policies import Policies
from domain.program import Program
from domain.simulation import Script, simulate
from domain.story import Story
from tests.domain.kit import ADA, MESSAGING, POLICIES, TEMPLATES, compose, policies, program

# On the Sunday in between, clocks go forward in Europe, and stand still elsewhere.
FRIDAY = datetime(2026, 3, 27, 0, 0, tzinfo=UTC)
LASTS = timedelta(hours=48)
ZONES = (
    "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati",
    "Pacific/Pago_Pago", "America/St_Johns",
)  # fmt: skip
MOST, IN = 2, timedelta(hours=24)
IN_FORCE: Policies = policies(
    POLICIES
    | {
        "policies/messaging.yaml": MESSAGING
        + f"caps: [{{class: marketing, channel: email, most: {MOST}, in: 24 hours}}]\n"
    }
)
SEQUENCE: Program = program("""
    window: daytime
    steps:
      - {send: welcome/hello, expires: 1 day}
      - wait: 2 hours
      - send: welcome/tips
      - {send: care/answer, window: none}
      - wait: 5 hours
      - {send: welcome/nudge, expires: 12 hours}
      - send: shop/receipt
      - {send: welcome/about-vip, window: none}
""")
MARKETING = {"welcome/hello", "welcome/tips", "welcome/nudge", "welcome/about-vip"}
IN_THE_DAYTIME = MARKETING - {"welcome/about-vip"} | {"shop/receipt"}
SENDS = MARKETING | {"care/answer", "shop/receipt"}


def stories(many: int) -> Iterator[tuple[ZoneInfo, Story]]:
    chance = Random(2026)
    for number in range(many):
        zone = chance.choice(ZONES)
        at = FRIDAY + timedelta(seconds=chance.randrange(int(LASTS.total_seconds())))
        who = {**ADA, "id": f"c{number}", "time_zone": zone, "vip": True}
        yield ZoneInfo(zone), simulate(SEQUENCE, IN_FORCE, TEMPLATES, compose, Script(contact=who, at=at))


def when(row: dict[str, object]) -> datetime:
    return datetime.fromisoformat(str(row["at"]))


@pytest.mark.parametrize("many", [500, pytest.param(10_000, marks=pytest.mark.large)])
def test_no_message_leaves_outside_its_hours_or_over_its_cap_and_none_is_lost(many: int) -> None:
    put_off = expired = 0
    for zone, story in stories(many):
        sent = [row for row in story.timeline if row["did"] == "sent"]
        fates = [row["template"] for row in story.timeline if row["kind"] == "send" and row["did"] != "deferred"]
        assert sorted(fates) == sorted(SENDS), "each has one fate"
        for row in sent:
            hour = when(row).astimezone(zone).hour
            assert row["template"] not in IN_THE_DAYTIME or 8 <= hour < 20
            assert row["template"] not in MARKETING or 6 <= hour < 22
        left = [when(row) for row in sent if row["template"] in MARKETING]
        assert all(later - first >= IN for first, later in zip(left, left[MOST:], strict=False))
        for row in story.timeline:
            if row["did"] == "skipped":
                assert row["why"][0].startswith("expired at ")
                assert ", waiting for: " in row["why"][0]
                expired += 1
            put_off += row["did"] == "deferred"
    # It was no easy crowd: most are put off, some messages outlive their use.
    assert put_off > many
    assert expired > many / 100
