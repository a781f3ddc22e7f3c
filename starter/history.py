"""The whole timeline of one contact: who they are, what they said and did, what we sent and why we did or did not.

Read in one go from the records, as plain values, sorted by time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlmodel import Session, SQLModel, col, or_, select

from domain.case_letters import SERVICE, letter_in
from domain.logged import EVENTS
from domain.origins import MARKETING
from records.facts import contact_fields
from records.hold_models import Pause
from records.models import Consent, Contact, Decision, Enrolment, Identity, Interaction, Message, Suppression
from records.pauses import as_hold
from records.published import Published
from records.timeline import STAFF
from starter.standing import Stand, stands
from starter.why_tasks import tasks_of

MESSAGE_TIMES = ("accepted_at", "refused_at", "skipped_at", "unknown_at", "handing_over_at", "claimed_at")
# At one instant, what happened (a message's fate, too) comes before what was decided on it.
ORDER = {
    "event": 0,
    "consent": 1,
    "entry": 2,
    "pause": 3,
    "resume": 3,
    "retry": 3,
    "message": 4,
    "decision": 5,
    "end": 6,
}


LOGGED = frozenset(EVENTS.values())
# Whose a consent is, and that it came from the contact.
_THEIRS = {"department": MARKETING, "direction": "in", "person": None}


@dataclass(frozen=True)
class History:
    """One contact, whole. `timeline` has a row for each thing that happened, oldest first.

    A sequence that goes on has `stands`: the step, until when it waits there at most, and why. `tasks` are what people
    were asked to do for them, the first opened first.
    """

    contact: dict[str, Any]
    identities: list[dict[str, Any]]
    consents: list[dict[str, Any]]
    suppressions: list[dict[str, Any]]
    sequences: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    tasks: list[dict[str, Any]]
    timeline: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """Return the document that `rapport contact show --json` prints."""
        return dict(vars(self))


def history_of(session: Session, published: Published, contact: Contact, now: datetime) -> History:
    """Read everything there is about a contact."""
    decisions = session.exec(_of(Decision, contact).order_by(col(Decision.at), col(Decision.id))).all()
    enrolments = session.exec(_of(Enrolment, contact).order_by(col(Enrolment.entered_at))).all()
    messages = session.exec(_of(Message, contact)).all()
    consents = session.exec(_of(Consent, contact).order_by(col(Consent.id))).all()
    events = session.exec(_of(Interaction, contact).order_by(col(Interaction.id))).all()
    fates = {each.id: at for each in messages if (at := _fate_at(each)) is not None}
    received = _as_received(each for each in events if each.name not in LOGGED)
    tasks = tasks_of(session, contact.id, now)
    titles = {task["id"]: task["title"] for task in tasks}
    after = _after_their_causes(decisions, received | fates)
    rows = [
        *(_row(each.given_at or each.recorded_at, "consent", each.id, _consent(each) | _THEIRS) for each in consents),
        *(_row(_took_place(each), "event", each.id, _event(each, titles), received.get(each.id)) for each in events),
        *(_row(each.at, _kind(each), each.id, _decision(each), after[each.id]) for each in decisions),
        *_paces(session, contact, now),
        *(_row(fates[each.id], "message", each.id, _message(each)) for each in messages if each.id in fates),
    ]
    standing = {stand.enrolment: stand for stand in stands(session, published, contact.id, now)}
    return History(
        contact=history_contact(contact),
        identities=[
            _plain(each, "kind value recorded_at verified_at") for each in session.exec(_of(Identity, contact))
        ],
        consents=[_consent(each) for each in consents],
        suppressions=[_plain(each, "kind value reason recorded_at") for each in _suppressions(session, contact)],
        sequences=[_sequence(each, decisions, standing[each.id]) for each in enrolments],
        messages=[_message(each) for each in sorted(messages, key=lambda each: str(_fate_at(each)))],
        tasks=tasks,
        timeline=[row for _, row in sorted(rows, key=itemgetter(0))],
    )


def _of(table: Any, contact: Contact) -> Any:
    return select(table).where(table.contact_id == contact.id)


def _suppressions(session: Session, contact: Contact) -> Iterable[Suppression]:
    of_contact = (col(Suppression.kind) == "contact") & (col(Suppression.value) == contact.id)
    of_address = (col(Suppression.kind) == "address") & (col(Suppression.value) == (contact.email or "").lower())
    return session.exec(select(Suppression).where(or_(of_contact, of_address)).order_by(col(Suppression.id))).all()


def _plain(row: SQLModel, names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names.split()}


def _as_received(events: Iterable[Interaction]) -> dict[int | None, datetime]:
    """Return an instant for each event that is not before those received earlier.

    What a run brings about is written to the second, and so would stand before what brought it about.
    """
    return _not_before_the_last((each.id, each.at, each.at) for each in events)


def _after_their_causes(decisions: Iterable[Decision], causes: Mapping[Any, datetime]) -> dict[int | None, datetime]:
    """Return an instant for each decision that is not before what it rests on.

    Decisions are written to the second; events and the fates of messages, to which they belong, are not.
    """
    rows = []
    for each in sorted(decisions, key=lambda decision: decision.id or 0):
        known = causes.get(each.event_id), causes.get(each.more.get("message"))
        rows.append((each.id, each.at, max([each.at, *(at for at in known if at is not None)])))
    return _not_before_the_last(rows)


def _not_before_the_last(rows: Iterable[tuple[int | None, datetime, datetime]]) -> dict[int | None, datetime]:
    """Return for each `(number, at, earliest)` an instant not before that of the rows before it in the same second."""
    reached: dict[datetime, datetime] = {}
    after = {}
    for number, at, earliest in rows:
        second = at.replace(microsecond=0)
        reached[second] = after[number] = max(earliest, reached.get(second, earliest))
    return after


def _row(
    at: datetime, kind: str, number: int | str | None, more: dict[str, Any], after: datetime | None = None
) -> tuple[Any, dict[str, Any]]:
    """Return a row of the timeline, and before it what it is sorted by."""
    place = (at.replace(microsecond=0), after or at, ORDER[kind], number)
    return place, {"at": at, "kind": kind, **{name: value for name, value in more.items() if name != "at"}}


def history_contact(contact: Contact) -> dict[str, Any]:
    """Return the record of a contact, with what they wished on their preference page."""
    return contact_fields(contact) | _plain(contact, "quiet_hours paused_until notes updated_at erased_at")


def _took_place(event: Interaction) -> datetime:
    """Return when an event stands on the timeline: at its receipt, by which everything was decided.

    What people log stands where it happened: it is told late, and read as a story.
    """
    return event.occurred_at or event.at if event.name in LOGGED else event.at


def _consent(consent: Consent) -> dict[str, Any]:
    names = "topic channel state basis wording source form form_version page message given_at recorded_at"
    return _plain(consent, names)


def _event(event: Interaction, titles: Mapping[str, str]) -> dict[str, Any]:
    names = "id department channel direction person occurred_at step data"
    about = {"event": event.name, "enrolment": event.enrolment_id, "received_at": event.at}
    title = titles.get(str(event.data.get("task")))
    return about | _plain(event, names) | ({"title": title} if title is not None else {})


def _kind(decision: Decision) -> str:
    return decision.kind if decision.kind in ("entry", "end", "retry") else "decision"


def _decision(decision: Decision) -> dict[str, Any]:
    names = "at sequence version step visit asked did final shown why more"
    return {"enrolment": decision.enrolment_id, "step_kind": decision.kind, **_plain(decision, names)}


def _paces(session: Session, contact: Contact, now: datetime) -> Iterable[tuple[Any, dict[str, Any]]]:
    """Yield when the contact was paused in a sequence, and when it went on."""
    for each in session.exec(_of(Pause, contact).order_by(col(Pause.id))):
        yield _row(each.paused_at, "pause", each.id, _plain(each, "sequence until resumed_at by reason"))
        ends = as_hold(each.paused_at, each.until, each.resumed_at).until
        if ends is not None and ends <= now:
            yield _row(ends, "resume", each.id, _plain(each, "sequence by"))


def _message(message: Message) -> dict[str, Any]:
    names = "id sequence step visit channel template topic subject state reason reply attempts message_id"
    times = " ".join(reversed(MESSAGE_TIMES))
    enrolment = {"enrolment": message.enrolment_id, "class": message.class_}
    direction = "internal" if message.channel == STAFF else "out"
    department = MARKETING if letter_in(message.sequence) is None else SERVICE
    enrolment |= {"department": department, "direction": direction, "person": None}
    return _plain(message, names) | enrolment | _plain(message, f"{times} not_before")


def _fate_at(message: Message) -> datetime | None:
    """Return when a message's fate was known, else when it was touched last."""
    return next((at for name in MESSAGE_TIMES if (at := getattr(message, name)) is not None), None)


def _sequence(run: Enrolment, decisions: Iterable[Decision], stand: Stand) -> dict[str, Any]:
    names = "sequence version state wave per event entered_at started_at ended_at end_reason end_detail"
    steps = [_decision(each) for each in decisions if each.enrolment_id == run.id and each.step is not None]
    stands_at = {"step": stand.step, "until": stand.until, "why": stand.why} if stand.step else None
    return {"enrolment": run.id, **_plain(run, names), "stands": stands_at, "steps": steps}
