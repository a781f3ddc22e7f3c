"""Deliveries as they are kept: each goes as far as it can in one transaction, and says what is to be done outside.

The one thing to know: whoever advances a delivery holds its case, then its remedy, so nobody else does. What is ours (a
code, points) is written with its step; before another system is told anything, it is written down that it may be.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from domain.delivery import Ahead, Step, ahead, begun, not_now, planned, was_done
from domain.endpoints import Endpoint, is_given_up
from domain.spans import Span
from domain.webhooks import enveloped
from records import channel_states, endpoints, notices
from records.case_models import CaseRemedy
from records.case_rows import held_case
from records.models import Contact
from records.published import Published
from records.remedies import money, points_key
from records.remedy_goods import OURS, Books, entry_of, tell_of_points, voucher_of
from records.remedy_models import RemedyDelivery

# Longer than an attempt takes: meanwhile nobody else makes one.
LEASE = timedelta(seconds=45)
# An endpoint that somebody stopped is looked at so often.
WHILE_STOPPED = timedelta(minutes=5)
CANCEL = "cancel"
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Telling:
    """Something another system is to be told now. `step` is as it is written down: begun, and so in doubt.

    `was_doubtful`: an attempt before this one may have been seen.
    """

    step: Step
    was_doubtful: bool
    endpoint: str
    url: str
    id: str
    body: bytes

    @property
    def undoes(self) -> bool:
        """Whether it takes back what may have been done."""
        return self.step.state != "waiting"


def advance(
    session: Session, published: Published, case: str, remedy: str, draw: Callable[[], str], now: datetime
) -> Telling | Ahead:
    """Go on with a delivery as far as it goes without anybody else; return what is to be told, or where it stands.

    `draw` returns a code that nobody can guess. What nobody has granted is not begun.
    """
    books = _held(session, published, case, remedy, now)
    if books is None or books.remedy.state not in ("approved", "delivered", "failed"):
        return Ahead(what="failed", why="nobody has granted it")
    if books.remedy.way == "person":
        return Ahead(what="failed", why="a person has to do this")
    why_not = _begin(books)
    if why_not is not None:
        return Ahead(what="failed", why=why_not)
    while True:
        rows = _rows(session, remedy)
        found = ahead(tuple(_step(row) for row in rows), now)
        if found.what == "delivered":
            tell_of_points(books)
        if found.step is None or found.what == "wait":
            return found
        telling = _performed(books, rows[found.step.number], found, draw)
        if telling is not None:
            return telling


def _performed(books: Books, row: RemedyDelivery, found: Ahead, draw: Callable[[], str]) -> Telling | None:
    """Do a step that is ours, and write it down; return what is to be told where it is another system's."""
    assert found.step is not None, "something is to be done"
    if found.step.name == "webhook":
        return _telling(books, row, found.step)
    OURS[found.step.name, found.what](books, draw)
    _write(books.session, row, was_done(found.step), books.now)
    return None


def came_of(session: Session, telling: Telling, case: str, remedy: str, step: Step, now: datetime) -> None:
    """Write down what came of an attempt, unless another has been made since."""
    held_case(session, case)
    row = _rows(session, remedy)[step.number]
    if (row.attempts, row.state, row.undo) == (telling.step.attempts, telling.step.state, telling.step.undo):
        _write(session, row, step, now)


def answers(session: Session, name: str, endpoint: Endpoint | None, refusal: str | None, now: datetime) -> None:
    """Count how an endpoint answers; one that has failed for so long is told nothing until somebody enables it."""
    if refusal is None or endpoint is None:
        endpoints.succeeded(session, name, now)
        return
    known = endpoints.failed(session, name, refusal, now)
    assert known.failing_since is not None, "it has just failed"
    if not is_given_up(known.failures, now - known.failing_since, endpoint):
        return
    channel = endpoints.queue_name(name)
    since = f"{known.failing_since:%Y-%m-%d %H:%M} UTC"
    why = f"{known.failures} failures since {since}, and no success; the last: {known.reason}"
    state, news = channel_states.stop(session, channel, "disabled", why, now)
    told = channel_states.what_to_tell(state, now) if news else None
    if told is not None:
        notices.note(session, f"channel/{channel}/{state.kind}", *told, now)


def steps_of(session: Session, remedy: str) -> list[RemedyDelivery]:
    """Return the steps of a delivery, in order; none where it has not begun."""
    mine = select(RemedyDelivery).where(RemedyDelivery.remedy_id == remedy).order_by(col(RemedyDelivery.number))
    return list(session.exec(mine.execution_options(populate_existing=True)).all())


_rows = steps_of


def _held(session: Session, published: Published, case: str, remedy: str, now: datetime) -> Books | None:
    held = held_case(session, case)
    row = session.get(CaseRemedy, remedy, with_for_update=True, populate_existing=True)
    if held is None or row is None or row.case_id != held.id:
        return None
    return Books(session, published, held, row, now)


def _begin(books: Books) -> str | None:
    """Write down the steps, once; return why there can be none."""
    if books.remedy.way == "nothing" or _rows(books.session, books.remedy.id):
        return None
    kind = books.kind
    if kind is None:
        return f"policies/recovery.yaml has no remedy '{books.remedy.kind}' any more"
    endpoint = books.policies.messaging.webhooks.get(kind.endpoint or "")
    patience = endpoint.expires if endpoint is not None else Span.parse("3 days")
    for number, name in enumerate(planned(books.remedy.way, kind.endpoint)):
        step = RemedyDelivery(
            remedy_id=books.remedy.id,
            number=number,
            step=name,
            endpoint=kind.endpoint if name == "webhook" else None,
            patience=int(patience.elapsed().total_seconds()),
            begun_at=books.now,
            changed_at=books.now,
        )
        books.session.add(step)
    books.session.flush()
    return None


def _telling(books: Books, row: RemedyDelivery, step: Step) -> Telling | None:
    """Return what an endpoint is to be told, written down as begun; None where it stands still, and waits."""
    name, patience = row.endpoint or "", timedelta(seconds=row.patience)
    endpoint, now = books.policies.messaging.webhooks.get(name), books.now
    why = _stands_still(books, name)
    if endpoint is None or why is not None:
        why = why or f"endpoint '{name}' is not in policies/messaging.yaml"
        waiting = step.model_copy(update={"until": step.until or now + patience})
        _write(books.session, row, not_now(waiting, why, step.doubtful, WHILE_STOPPED, row.remedy_id, now), now)
        return None
    tried = begun(step, LEASE, patience, now)
    _write(books.session, row, tried, now)
    suffix = f".{CANCEL}" if step.state != "waiting" else ""
    id, type_ = f"{books.remedy.id}{suffix}", f"remedy.{books.remedy.kind}{suffix}"
    at = books.remedy.decided_at or books.remedy.proposed_at
    body = enveloped(type_, at, books.remedy.contact_id, _said(books), books.remedy.id)
    return Telling(tried, step.doubtful, name, endpoint.url, id, body)


def _stands_still(books: Books, endpoint: str) -> str | None:
    """Return why nothing is told to an endpoint now: it, or all of them, were stopped, or it rests."""
    for channel in (endpoints.queue_name(endpoint), "webhook"):
        state = channel_states.stopped(books.session, channel)
        if state is not None and (state.until is None or state.until > books.now):
            return f"channel {channel} is stopped: {state.reason}"
    return None


def _said(books: Books) -> dict[str, object]:
    """Return what another system is told of a remedy: the same at every attempt."""
    session, remedy = books.session, books.remedy
    contact = session.get(Contact, remedy.contact_id)
    voucher, points = voucher_of(session, remedy.id), entry_of(session, points_key(remedy.id))
    said: dict[str, object | None] = {
        "remedy": remedy.id,
        "kind": remedy.kind,
        "case": books.case.number,
        "incident": books.case.incident or None,
        "email": contact.email if contact is not None else None,
        "amount": f"{money(remedy.hundredths):.2f}" if remedy.hundredths else None,
        "currency": remedy.currency if remedy.hundredths else None,
        "code": voucher.code if voucher is not None else None,
        "valid_until": voucher.valid_until.astimezone(UTC).isoformat() if voucher is not None else None,
        "points": points.change if points is not None else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _step(row: RemedyDelivery) -> Step:
    return Step.model_validate(
        {
            "number": row.number,
            "name": row.step,
            **{name: getattr(row, name) for name in Step.model_fields if name not in ("number", "name")},
        }
    )


def _write(session: Session, row: RemedyDelivery, step: Step, now: datetime) -> None:
    row.state, row.doubtful, row.undo, row.attempts = step.state, step.doubtful, step.undo, step.attempts
    row.next_at, row.until, row.why, row.changed_at = step.next_at, step.until, step.why[:400], now
    session.add(row)
    session.flush()
