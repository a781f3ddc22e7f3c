"""Exits, goals, conditions and unsubscribes end a run at once, whatever it waits for, and nothing follows.

The end is in the transaction of the event: no state of the records shows the one without the other. Also while a batch
of the run's wave is in flight, and when the worker dies in between.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlmodel import Session, col, select
from temporalio.client import WorkflowExecutionStatus

from records.models import Contact, Decision, Drained, Enrolment, Interaction, Message
from tests.scripted_smtp import FINE, HANG, At, Slow
from tests.system.audit import audit
from tests.system.authored import PLAIN_FORM
from tests.system.company import Company, form_row
from tests.system.conftest import Moody
from tests.system.temporal import end_of, has_set_a_timer
from tests.system.waiting import PATIENCE, until
from tests.system.waits import WAITS, add_waits

pytestmark = pytest.mark.system

Address = Callable[[str], str]

GREYLISTED = At("rcpt", "450 4.2.1 later")
# Temporal believes in a worker for half a minute after its last sign of life.
NOTICED_WITHIN = 30 + PATIENCE
WAVE = 20


@pytest.fixture(scope="module", autouse=True)
def waits(moody: Moody) -> None:
    add_waits(moody.company)


# --- in the middle of any wait ---------------------------------------------------------------------------------------

# What ends a run: the event that is written into the timeline, and the reason.
WAYS = {
    "booked": ("meeting_booked", "converted"),
    "cancelled": ("trial_cancelled", "exited:trial_cancelled"),
    "hired": ("form_submitted", "exited:condition"),
    "unsubscribed": ("unsubscribed", "unsubscribed"),
}


@pytest.mark.parametrize("wait", WAITS)
def test_whatever_a_run_waits_for_it_ends_with_the_event_and_nothing_follows(
    moody: Moody, address: Address, wait: str
) -> None:
    company = moody.company
    people = {way: address(way) for way in WAYS}
    for email in people.values():
        if wait == "resting":
            moody.mail.towards(email, FINE, *[GREYLISTED] * 1000)
        assert company.submit(wait, email).status == 202
    for email in people.values():
        until(partial(_stands_waiting, company, email, wait), f"{email} in the middle of {wait}")

    for way, email in people.items():
        assert _do(company, way, email) in (200, 202)

    runs = {way: _end_seen_with_its_event(company, people[way], WAYS[way][0]) for way in WAYS}
    assert {way: run.end_reason for way, run in runs.items()} == {way: reason for way, (_, reason) in WAYS.items()}
    assert {end_of(company, run.wave) for run in runs.values()} == {WorkflowExecutionStatus.COMPLETED}
    for email in people.values():
        assert _said_after_the_end(company, email) == []
        assert _states(company, email) == {"accepted": 1} | ({"skipped": 1} if wait == "resting" else {})
        assert len(company.letters_to(email)) == 1
    audit(company)


def _do(company: Company, way: str, email: str) -> int:
    if way == "hired":
        return company.submit(PLAIN_FORM, email, company="Acme Flow").status
    if way == "unsubscribed":
        (letter,) = company.letters_to(email)
        return company.post(letter.one_click, b"List-Unsubscribe=One-Click").status
    return company.tell(WAYS[way][0], email).status


def _stands_waiting(company: Company, email: str, wait: str) -> bool:
    """Whether the first letter has its fate, and the wave sleeps until what comes then is due."""
    if not any(each.did == "sent" for each in company.decisions(email, "news")):
        return False
    if wait in ("resting", "windowed") and not any(
        each.did == "deferred" for each in company.decisions(email, "second")
    ):
        return False
    return has_set_a_timer(company, company.enrolment(email).wave)


def _end_seen_with_its_event(company: Company, email: str, event: str) -> Enrolment:
    """Wait until the event is in the timeline; the state of the records that shows it first shows the end, too."""

    def read(session: Session) -> tuple[Enrolment, Interaction] | None:
        run, of_it = _run_of(session, email), (Contact.email == email, Interaction.name == event)
        told = select(Interaction).join(Contact, col(Contact.id) == col(Interaction.contact_id)).where(*of_it)
        found = session.exec(told.order_by(col(Interaction.id).desc())).first()
        first = event == "form_submitted" and found is not None and found.data["form"] != PLAIN_FORM
        return None if found is None or first else (run, found)

    run, told = until(lambda: company.main.read_now(read), f"{event} of {email} in the timeline", every=0.002)
    assert run.ended_at is not None, "the records show the event and not the end"
    row = company.inbox_row(told.key)
    assert row is not None
    drained = company.main.read_now(lambda session: session.get(Drained, row.id))
    assert drained is not None
    assert run.ended_at == drained.at
    return run


def _run_of(session: Session, email: str) -> Enrolment:
    found = select(Enrolment).join(Contact, col(Contact.id) == col(Enrolment.contact_id)).where(Contact.email == email)
    return session.exec(found).one()


def _said_after_the_end(company: Company, email: str) -> list[str]:
    """Return what the decision log says of a run after its end."""
    run = company.enrolment(email).id

    def read(session: Session) -> list[str]:
        rows = session.exec(select(Decision).where(Decision.enrolment_id == run).order_by(col(Decision.id))).all()
        ends = [row.id or 0 for row in rows if row.kind == "end"]
        return [f"{row.step} {row.did}" for row in rows if (row.id or 0) > ends[0]]

    return company.main.read_now(read)


def _states(company: Company, email: str) -> dict[str, int]:
    """Return how many messages of a contact are in which state."""

    def read(session: Session) -> list[str]:
        of_it = select(Message.state).join(Contact, col(Contact.id) == col(Message.contact_id))
        return list(session.exec(of_it.where(Contact.email == email)))

    states = company.main.read_now(read)
    return {state: states.count(state) for state in states}


# --- while a batch is in flight --------------------------------------------------------------------------------------


def _begin_a_wave(moody: Moody, address: Address) -> tuple[list[str], list[str], list[str]]:
    """Let a wave enter whose first letters are held at RCPT.

    Returns who is on a connection: two of them whose letters are on the wire now, and the others; and the rest.
    """
    company, mail = moody.company, moody.mail
    everybody = [address(f"member-{number:02}") for number in range(WAVE)]
    for email in everybody:
        mail.hold(email)
    company.put_into_inbox([form_row("tour", email) for email in everybody])
    size = company.settings.mail_server.pool_size
    asked = until(lambda: _asked(moody, everybody, size), f"{size} messages at RCPT")
    wire, held = asked[:2], asked[2:]
    for email in wire:
        mail.release(email)
    until(lambda: set(wire) <= {each.recipient for each in mail.letters()}, "two bodies on their way")
    return wire, held, [email for email in everybody if email not in asked]


def _asked(moody: Moody, everybody: list[str], many: int) -> list[str] | None:
    asked = [email for email in everybody if moody.mail.asked(email)]
    return asked if len(asked) == many else None


def _book_all(company: Company, people: list[str]) -> None:
    with ThreadPoolExecutor(8) as systems:
        told = list(systems.map(lambda email: company.tell("meeting_booked", email).status, people))
    assert set(told) == {202}


def test_members_of_a_batch_in_flight_that_end_are_not_written_to_and_the_one_on_the_wire_is_recorded(
    moody: Moody, address: Address
) -> None:
    company, mail = moody.company, moody.mail
    mail.towards_everybody("dot", Slow(1.5, "250 2.0.0 Ok"))
    wire, held, rest = _begin_a_wave(moody, address)
    leaving, untouched = wire[0], [held[0], *rest[:10]]

    _book_all(company, [leaving, *untouched])
    ends = {email: company.ended(email) for email in (leaving, *untouched)}
    for email in (*held, *rest):
        mail.release(email)
    mail.towards_everybody()

    assert {run.end_reason for run in ends.values()} == {"converted"}
    for email in untouched:
        assert _states(company, email) in ({}, {"skipped": 1}), "nothing of it was handed over"
        assert company.letters_to(email) == []
    stay = [wire[1], *held[1:], *rest[10:]]
    assert {company.ended(email).end_reason for email in stay} == {"completed"}
    assert {len(company.letters_to(email)) for email in stay} == {2}
    assert len({company.enrolment(email).wave for email in (leaving, *untouched, *stay)}) == 1
    assert end_of(company, ends[leaving].wave) == WorkflowExecutionStatus.COMPLETED

    known = company.message(leaving, "first")
    assert known is not None
    assert known.handing_over_at is not None
    ended_at = ends[leaving].ended_at
    assert ended_at is not None
    assert known.handing_over_at < ended_at
    assert _states(company, leaving) == {"accepted": 1}, "recorded, and no further step"
    assert set(_said_after_the_end(company, leaving)) <= {"first sent"}
    audit(company)


def test_who_ends_while_the_worker_is_dead_is_not_written_to_when_the_batch_is_tried_again(
    moody: Moody, address: Address
) -> None:
    company, mail = moody.company, moody.mail
    mail.towards_everybody("dot", HANG)
    wire, held, rest = _begin_a_wave(moody, address)
    company.stack.kill("worker")
    mail.towards_everybody()
    leaving, untouched = wire[0], [held[0], *rest[:10]]

    _book_all(company, [leaving, *untouched])
    company.stack.wait_until_ready("worker", within=PATIENCE)
    ends = {email: company.ended(email) for email in (leaving, *untouched)}
    # Only now: the next worker may have tried the batch again before it was told of their ends.
    for email in (*held, *rest):
        mail.release(email)

    assert {run.end_reason for run in ends.values()} == {"converted"}
    stay = [wire[1], *held[1:], *rest[10:]]
    assert {company.ended(email, NOTICED_WITHIN).end_reason for email in stay} == {"completed"}
    assert end_of(company, ends[leaving].wave) == WorkflowExecutionStatus.COMPLETED
    for email in untouched:
        assert _states(company, email) in ({}, {"skipped": 1}), "nothing of it was handed over"
        assert company.letters_to(email) == []
    company.in_state(leaving, "first", "unknown", within=NOTICED_WITHIN)
    assert _states(company, leaving) == {"unknown": 1}, "recorded, and no further step"
    assert company.in_state(wire[1], "first", "unknown").attempts == 1
    assert {len(company.letters_to(email)) for email in stay} <= {1, 2}
    assert company.count(Message, Message.state == "claimed") == 0
    audit(company)
