"""Whose times other policies change: who hangs on what changed, and nobody else."""

from textwrap import dedent

import pytest

from domain.retiming import is_retimed
from tests.domain.kit import POLICIES, policies, program

CALENDARS = """
default: office
calendars:
  office: {zone: Europe/Berlin, hours: {mon-fri: ["09:00-17:00"]}}
  desk: {zone: Europe/Berlin, hours: {mon-fri: ["08:00-20:00"]}}
  night: {zone: contact, hours: {mon-sun: ["22:00-06:00"]}}
"""
MESSAGING = POLICIES["policies/messaging.yaml"].split("quiet:")[0]


def home(calendars: str = CALENDARS, more: str = "") -> dict[str, str]:
    return {**POLICIES, "policies/calendars.yaml": calendars, "policies/messaging.yaml": f"{MESSAGING}\n{dedent(more)}"}


def retimed(steps: str, changed: dict[str, str], before: dict[str, str] | None = None) -> bool:
    before = before or home()
    return is_retimed(program(steps, before), policies(before), policies(changed))


OFFICE_SHUT = home(CALENDARS.replace('["09:00-17:00"]}}', '["09:00-17:00"]}, holidays: {also: ["2026-05-05"]}}'))
DESK_LONGER = home(CALENDARS.replace("08:00-20:00", "08:00-21:00"))
NIGHT_LONGER = home(CALENDARS.replace("22:00-06:00", "22:00-07:00"))
OTHER_DEFAULT = home(CALENDARS.replace("default: office", "default: desk"))


@pytest.mark.parametrize(
    ("steps", "changed", "expected"),
    [
        ("steps: [{wait: 2 business days}]", OFFICE_SHUT, True),
        ("steps: [{wait: 2 business days}]", OTHER_DEFAULT, True),
        ("steps: [{wait: 2 business days}]", DESK_LONGER, False),
        ("calendar: desk\nsteps: [{wait: 2 business days}]", DESK_LONGER, True),
        ("calendar: desk\nsteps: [{wait: 2 business days}]", OTHER_DEFAULT, False),
        ("steps: [{wait: until contact.renewal_date - 1 business day, if_past: skip}]", OFFICE_SHUT, True),
        ("steps: [{wait_for: clicked, up_to: 4 business hours}]", OFFICE_SHUT, True),
        ("steps: [{send: welcome/hello, expires: 1 business day}]", OFFICE_SHUT, True),
        ("window: desk\nsteps: [{send: welcome/hello}]", DESK_LONGER, True),
        ("window: office\nsteps: [{send: welcome/hello}]", DESK_LONGER, False),
        ("window: office\nsteps: [{send: welcome/hello, window: desk}]", DESK_LONGER, True),
        ("steps: [{wait: 2 days at 09:00}]", OFFICE_SHUT, False),
        ("steps: [{wait: 2 days at 09:00}]", home(), False),
    ],
)
def test_a_calendar_concerns_whoever_waits_counts_or_sends_by_it(
    steps: str, changed: dict[str, str], expected: bool
) -> None:
    assert retimed(steps, changed) == expected


def test_quiet_hours_concern_whoever_sends() -> None:
    quiet = "quiet: [{class: marketing, channel: email, calendar: night}]"
    steps = "steps: [{send: welcome/hello}]"

    assert retimed(steps, home(more=quiet))
    assert retimed(steps, home(NIGHT_LONGER["policies/calendars.yaml"], quiet), home(more=quiet))
    assert not retimed("steps: [{wait: 2 days}]", home(more=quiet))


def test_caps_and_expiries_concern_whoever_sends() -> None:
    caps, expires = "caps: [{class: marketing, channel: email, most: 9, in: 7 days}]", "expires: {marketing: 3 days}"
    by_calendar = home(more="expires: {marketing: 3 business days}")

    for more in (caps, expires):
        assert retimed("steps: [{send: welcome/hello}]", home(more=more))
        assert not retimed("steps: [{wait: 2 days}]", home(more=more))
    shut = by_calendar | {"policies/calendars.yaml": OFFICE_SHUT["policies/calendars.yaml"]}
    assert retimed("steps: [{send: welcome/hello}]", shut, by_calendar)
    assert not retimed("steps: [{send: welcome/hello}]", OFFICE_SHUT, home())


def test_the_organisations_clock_concerns_whoever_has_no_other() -> None:
    moved = home()
    moved["policies/messaging.yaml"] = moved["policies/messaging.yaml"].replace("Europe/London", "Asia/Tokyo")
    assert moved != home()

    assert retimed("steps: [{wait: 2 days}]", moved)
    assert not retimed("time_zone: Europe/Berlin\nsteps: [{wait: 2 days}]", moved)
