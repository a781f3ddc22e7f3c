"""Invitations as calendars read them: the same meeting is known again, whatever stands in its fields."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar as ICalendar
from icalendar import Event

from domain.meetings import Meeting, Told, counted_on, meeting_id
from rendering.bundle import TemplateProblem
from rendering.email import Letter, build_email
from rendering.front import parse_front
from rendering.invitation import invitation
from rendering.mime import Calendar
from rendering.template import Library

NINE = datetime(2026, 5, 8, 9, tzinfo=UTC)
VISIT = Meeting(
    id=meeting_id("ada", "v-1"),
    start=NINE,
    minutes=180,
    title="Set-up day",
    organiser="Jonas <care@acme.example>",
    place="High Street 1, London",
)


def calendar(meeting: Meeting = VISIT, guest: str = "Ada") -> Calendar:
    people = (("Jonas", "care@acme.example"), (guest, "ada@customer.example"))
    return invitation(meeting, *people, "mail.acme.example", datetime(2026, 5, 1, 12, tzinfo=UTC))


def event(text: str) -> Any:
    read = ICalendar.from_ical(text)
    [found] = read.walk("VEVENT")
    return found


def test_a_meeting_arrives_as_it_was_meant() -> None:
    found = event(calendar().text)

    assert found["UID"] == f"{VISIT.id}@mail.acme.example"
    assert (found.decoded("DTSTART"), found.decoded("DTEND")) == (NINE, NINE + timedelta(hours=3))
    assert (found["SUMMARY"], found["LOCATION"], found["SEQUENCE"]) == ("Set-up day", "High Street 1, London", 0)
    assert (found["ORGANIZER"], found["ORGANIZER"].params["CN"]) == ("mailto:care@acme.example", "Jonas")
    assert found["ATTENDEE"] == "mailto:ada@customer.example"
    assert found["ATTENDEE"].params["RSVP"] == "TRUE"
    assert "DTSTART:20260508T090000Z" in calendar().text
    assert "METHOD:REQUEST" in calendar().text


def test_a_move_counts_and_a_reminder_does_not() -> None:
    moved = counted_on(replace(VISIT, start=NINE + timedelta(days=1)), Told(NINE, False, 0))
    reminded = counted_on(moved, Told(moved.start, False, moved.count))

    assert [event(calendar(each).text)["SEQUENCE"] for each in (VISIT, moved, reminded)] == [0, 1, 1]


def test_a_meeting_called_off_names_the_one_it_was() -> None:
    off = counted_on(replace(VISIT, start=None, cancelled=True), Told(NINE, False, 1))
    found = calendar(off)

    assert found.method == "CANCEL"
    assert "METHOD:CANCEL" in found.text
    assert event(found.text).decoded("DTSTART") == NINE
    assert (event(found.text)["STATUS"], event(found.text)["SEQUENCE"]) == ("CANCELLED", 2)


def test_a_meeting_nobody_was_told_of_can_be_called_off() -> None:
    found = event(calendar(counted_on(replace(VISIT, start=None, cancelled=True), None)).text)

    assert "DTSTART" not in found
    assert found["SEQUENCE"] == 1


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:x",
            "a\nATTENDEE:mailto:evil@x.example",
            '";X="y',
            "a;b,c:d\\n\\",
            "\ud800lone\udfff",
            "\u202egnp.exe",
            "👩\u200d💻" * 30,
            "=?utf-8?q?Bob=0aBcc:_evil=40x.example?=",
            "x" * 1_000_000,
            "\x00\x01\x85\u2028",
        ]
    ),
)
KEYS = sorted(event(calendar().text).keys())


@given(HOSTILE, HOSTILE, HOSTILE)
def test_whatever_stands_in_its_fields_it_is_one_meeting(title: str, place: str, name: str) -> None:
    made = calendar(replace(VISIT, title=f"T{title}", place=f"P{place}"), f"N{name}")
    letter = Letter(
        from_="Acme <hello@acme.example>",
        to="ada@customer.example",
        subject="Set-up day",
        text="Hello",
        message_id="<m@acme.example>",
        date=NINE,
        calendar=made,
    )
    mail = message_from_bytes(build_email(letter), policy=default)
    *_, last = mail.walk()
    found = event(last.get_payload(decode=True).decode())  # type: ignore[union-attr]  # a part that is decoded is bytes

    assert sorted(found.keys()) == KEYS
    assert isinstance(found, Event)
    assert len(ICalendar.from_ical(made.text).walk()) == 2
    assert str(found["SUMMARY"]).startswith("T")
    assert str(found["LOCATION"]).startswith("P")
    assert found["ATTENDEE"].params["CN"].startswith("N")
    assert found["ATTENDEE"] == "mailto:ada@customer.example"
    assert max(map(len, made.text.encode().split(b"\r\n"))) <= 75


FRONT = "invitation:\n  start: run.event.starts_at\n  minutes: 30\n"


def test_what_an_invitation_says_is_read() -> None:
    front = parse_front(FRONT + "  title: Visit {{ contact.city }}\n  meeting: run.event.visit\n")

    assert front.invitation is not None
    assert front.invitation.phrases() == {"title": "Visit {{ contact.city }}"}
    assert (front.invitation.minutes, front.invitation.meeting) == (30, "run.event.visit")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("invitation: tomorrow\n", 2, "'invitation' has no keys; write keys below it"),
        ("invitation: {minutes: 30}\n", 2, "the invitation has no 'start'; write start: when it begins"),
        (FRONT + "  minutes: 5\n", 5, "'minutes' stands here twice; leave one"),
        (FRONT.replace("30", "long"), 4, "'long' is not a minutes; write a number of minutes, such as 30"),
        (FRONT.replace("30", "0"), 4, "'0' is not a minutes"),
        (FRONT + "  strat: x\n", 5, "there is no invitation 'strat'; did you mean 'start'?"),
        (FRONT + "  meeting: visit\n", 5, "'visit' is not a meeting; write what makes it the same meeting"),
        (FRONT.replace("run.event.starts_at", "soon"), 3, "'soon' is not a start; write when it begins"),
        ("attach: [../settings.py]\n", 2, "these are not files that can be attached; write files below templates/"),
        ("attach: [files/a.pdf, files/a.pdf]\n", 2, "these are not files that can be attached"),
        ("attach: {a: b}\n", 2, "the value of 'attach' is not a word"),
    ],
)
def test_what_is_wrong_with_it_is_said_on_its_line(text: str, line: int, what: str) -> None:
    with pytest.raises(TemplateProblem) as error:
        parse_front(text)

    assert (error.value.line, error.value.what[: len(what)]) == (line, what)


def test_names_in_it_are_checked_as_in_the_message() -> None:
    page = "{% block subject %}x{% endblock %}{% block html %}x{% endblock %}"
    front = "invitation:\n  start: contact.nxet_visit\n  title: '{{ contact.frist_name|uper }}'\n  place: '{{'\n"
    sources = {"email/a/b.html": f"---\nclass: service\n{front}---\n{page}", "staff/a.html": f"---\n{FRONT}---\n{page}"}

    said = [(each.path, each.line, each.what.partition(";")[0]) for each in Library(sources).problems()]

    assert said == [
        ("email/a/b.html", 4, "contact.nxet_visit does not exist"),
        ("email/a/b.html", 5, "contact.frist_name does not exist"),
        ("email/a/b.html", 5, "there is no filter 'uper'"),
        ("email/a/b.html", 6, "unexpected 'end of template'"),
        ("staff/a.html", 2, "a message to staff invites nobody"),
    ]
