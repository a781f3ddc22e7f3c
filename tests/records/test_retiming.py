"""A changed calendar wakes who sleeps on it, in the transaction that publishes it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select

from domain.loader import load
from records.contacts import find_or_make, record_consent
from records.entries import enter
from records.models import Enrolment, Wake
from records.published import Published
from records.retiming import publish_and_wake
from records.runs import end, wakes, woken
from records.session import Database
from tests.domain.kit import POLICIES, TEMPLATES

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SECOND = timedelta(seconds=1)
CALENDARS = """
default: office
calendars:
  office: {zone: Europe/Berlin, hours: {mon-fri: ["09:00-17:00"]}}
  desk: {zone: Europe/Berlin, hours: {mon-fri: ["08:00-20:00"]}}
"""
LONGER = CALENDARS.replace("09:00-17:00", "09:00-18:00")
HEAD = "topic: product-news\nenter: {on: {form: demo-request}, again: always}\n"
MESSAGING = POLICIES["policies/messaging.yaml"].split("quiet:")[0]


def publish(database: Database, calendars: str, now: datetime = NOW) -> list[str]:
    files: Mapping[str, str] = {
        **POLICIES,
        "policies/calendars.yaml": calendars,
        "policies/messaging.yaml": MESSAGING,
        "sequences/counts.yaml": f"{HEAD}steps: [{{wait: 2 business days}}]\n",
        "sequences/sleeps.yaml": f"{HEAD}steps: [{{wait: 2 days}}]\n",
    }
    loaded = load(files, TEMPLATES)
    assert not loaded.errors(), loaded.problems
    return database.write_now(lambda session: publish_and_wake(session, files, loaded.programs, now))


def carry(database: Database, name: str, wave: str | None, people: int = 1) -> list[str]:
    """Let people enter a sequence, carried by a wave; return their enrolments."""
    published = Published()

    def work(session: Session) -> list[str]:
        program = published.named(session, name)
        assert program is not None
        found = []
        for number in range(people):
            contact = find_or_make(session, {"email": f"{wave}{number}@acme.example"}, "test", NOW)
            record_consent(session, contact.id, "product-news", "opted_in", NOW, basis="consent", source="test")
            _, run = enter(session, published, program, contact, NOW)
            assert run is not None
            run.wave, run.state = wave, "running" if wave else "starting"
            session.add(run)
            found.append(run.id)
        return found

    return database.write_now(work)


def stirred(database: Database) -> dict[str | None, list[int]]:
    rows = database.read_now(
        lambda session: session.exec(select(Enrolment.wave, Enrolment.stirred).order_by(col(Enrolment.id))).all()
    )
    found: dict[str | None, list[int]] = {}
    for wave, number in rows:
        found.setdefault(wave, []).append(number)
    return found


def waking(database: Database) -> set[str]:
    return {wake.wave for wake in database.read_now(wakes)}


def test_a_changed_calendar_wakes_who_counts_on_it_and_nobody_else(main: Database) -> None:
    publish(main, CALENDARS)
    carry(main, "counts", "w1", people=3)
    carry(main, "counts", "w2")
    carry(main, "sleeps", "w3")
    carry(main, "counts", None)

    assert publish(main, LONGER, LATER) == [], "no sequence changed"

    assert stirred(main) == {"w1": [1, 1, 1], "w2": [1], "w3": [0], None: [0]}
    assert waking(main) == {"w1", "w2"}


def test_published_once_more_it_wakes_nobody_and_changed_back_it_wakes_again(main: Database) -> None:
    publish(main, CALENDARS)
    carry(main, "counts", "w1")
    publish(main, LONGER, LATER)
    main.write_now(lambda session: woken(session, session.exec(select(Wake)).all()))

    publish(main, LONGER, LATER + SECOND)
    assert waking(main) == set()

    publish(main, CALENDARS, LATER + 2 * SECOND)
    assert stirred(main) == {"w1": [2]}
    assert waking(main) == {"w1"}


def test_who_has_ended_is_not_woken(main: Database) -> None:
    publish(main, CALENDARS)
    (first, _) = carry(main, "counts", "w1", people=2)
    (alone,) = carry(main, "counts", "w2")

    def over(session: Session) -> None:
        for each in (first, alone):
            run = session.get(Enrolment, each)
            program = Published().named(session, "counts")
            assert run is not None
            assert program is not None
            end(session, program, run, "exited:met", NOW, [])

    main.write_now(over)
    publish(main, LONGER, LATER)

    assert stirred(main) == {"w1": [0, 1], "w2": [0]}
    assert waking(main) == {"w1"}


def test_a_wake_that_waits_is_asked_for_once_more(main: Database) -> None:
    """Whoever takes the first signal's answer must not take the second's with it."""
    publish(main, CALENDARS)
    carry(main, "counts", "w1")
    publish(main, LONGER, LATER)
    answered = main.read_now(wakes)

    publish(main, CALENDARS, LATER + SECOND)
    main.write_now(lambda session: woken(session, answered))

    assert waking(main) == {"w1"}


def test_people_in_an_older_version_are_woken_too(main: Database) -> None:
    publish(main, CALENDARS)
    carry(main, "counts", "w1")
    files = {**POLICIES, "policies/calendars.yaml": LONGER, "policies/messaging.yaml": MESSAGING}
    programs = load({**files, "sequences/counts.yaml": f"{HEAD}steps: [{{wait: 1 day}}]\n"}, TEMPLATES).programs

    main.write_now(lambda session: publish_and_wake(session, files, programs, LATER))

    assert waking(main) == {"w1"}
