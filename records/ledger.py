"""The ledger of messages: one row a message, moved only by compare-and-set.

    claimed ─► handing_over ─► accepted | refused | unknown            or skipped, instead of all this

`handing_over` is committed before the first byte of the body leaves. Whoever meets it finds either a living attempt
(its lease runs) or a death in the window (`unknown`), which what comes back may resolve (`records/evidence.py`). No
other table may say that something was sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, bindparam, insert, or_
from sqlmodel import Session, col, select, update

from records.models import Message, Record

CLAIMED, HANDING_OVER, ACCEPTED = "claimed", "handing_over", "accepted"
REFUSED, UNKNOWN, SKIPPED = "refused", "unknown", "skipped"
FINAL = frozenset({ACCEPTED, REFUSED, UNKNOWN, SKIPPED})
# What reached somebody, or may have: it counts under caps, and is not sent once more.
LEFT = (HANDING_OVER, ACCEPTED, UNKNOWN)


class NotOurs(Exception):
    """Another attempt has this message now, or its run has ended: nothing may be sent by this one."""


@dataclass(frozen=True)
class Taken:
    """A message claimed by one attempt."""

    id: str
    attempt: str


@dataclass(frozen=True)
class Wanted:
    """A message that one attempt wants to claim: its row's values by column, as far as they are known before."""

    row: Mapping[str, Any]
    attempt: str


_MESSAGE: Table = Record.metadata.tables["message"]
# Done for every message, so they are built once. No two messages have an attempt in common.
_STATES = (
    select(_MESSAGE.c.id, _MESSAGE.c.state)
    .where(_MESSAGE.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_MESSAGE.c.id)
    .with_for_update()
)
_CLAIM = insert(_MESSAGE)
_CLAIM_AGAIN = (
    update(_MESSAGE)
    .where(_MESSAGE.c.id == bindparam("its_id"))
    .values(
        attempt=bindparam("its_attempt"),
        attempts=_MESSAGE.c.attempts + 1,
        not_before=None,
        subject=bindparam("its_subject"),
        bundle=bindparam("its_bundle"),
        recipient=bindparam("its_recipient"),
    )
)
_HAND_OVER = (
    update(_MESSAGE)
    .where(
        _MESSAGE.c.id.in_(bindparam("ids", expanding=True)),
        _MESSAGE.c.attempt.in_(bindparam("their_attempts", expanding=True)),
        _MESSAGE.c.state == CLAIMED,
    )
    .values(state=HANDING_OVER, handing_over_at=bindparam("at"), lease_until=bindparam("until"))
)
_ACCEPT = (
    update(_MESSAGE)
    .where(
        _MESSAGE.c.id == bindparam("its_id"),
        _MESSAGE.c.attempt == bindparam("its_attempt"),
        # A late yes settles what nobody knew, also while it waits to be sent again: nobody has begun with that.
        or_(_MESSAGE.c.state == HANDING_OVER, _MESSAGE.c.state == UNKNOWN, _MESSAGE.c.state == CLAIMED),
    )
    .values(
        state=ACCEPTED,
        accepted_at=bindparam("at"),
        reply=bindparam("its_reply"),
        provider_id=bindparam("its_provider_id"),
        lease_until=None,
        not_before=None,
        reason=None,  # why it was put off is no reason of what has arrived; the decision log keeps it
    )
    .execution_options(preserve_rowcount=True)  # of all of them together
)


def by_key(session: Session, send_keys: list[str]) -> dict[str, Message]:
    """Return the rows of these send keys."""
    rows = session.exec(select(Message).where(col(Message.send_key).in_(send_keys))).all()
    return {row.send_key: row for row in rows}


def held(session: Session, id: str) -> Message | None:
    """Return a message as it is now, None if there is none. Nobody else moves it before our commit."""
    return session.get(Message, id, with_for_update=True)


def claim(session: Session, wanted: Sequence[Wanted], now: datetime) -> list[Taken | None]:
    """Claim each message for its attempt: a new row, or one that another attempt left before anything was sent.

    None stands for one that is being handed over or whose fate is known.
    """
    rows = session.connection().execute(_STATES, {"ids": [each.row["id"] for each in wanted]})
    states = {row.id: row.state for row in rows}
    found: list[Taken | None] = []
    fresh, left = [], []
    for each in wanted:
        state = states.get(each.row["id"])
        if state is None:
            fresh.append(
                {**each.row, "state": CLAIMED, "claimed_at": now, "attempt": each.attempt, "attempts": 1, "repeats": 0}
            )
        elif state == CLAIMED:
            written = {f"its_{name}": each.row[name] for name in ("id", "subject", "bundle", "recipient")}
            left.append({**written, "its_attempt": each.attempt})
        found.append(Taken(each.row["id"], each.attempt) if state in (None, CLAIMED) else None)
    for statement, values in ((_CLAIM, fresh), (_CLAIM_AGAIN, left)):
        if values:
            session.connection().execute(statement, values)
    return found


def hand_over(session: Session, taken: Sequence[Taken], now: datetime, lease: timedelta) -> None:
    """Note, just before the first byte of the bodies leaves, that they leave. Raises `NotOurs`, if one is not."""
    whose = {"ids": [each.id for each in taken], "their_attempts": [each.attempt for each in taken]}
    moved = session.connection().execute(_HAND_OVER, {**whose, "at": now, "until": now + lease})
    if moved.rowcount != len(taken):
        raise NotOurs("at least one of them")


def accept(session: Session, accepted: Sequence[tuple[Taken, str, str | None]], now: datetime) -> None:
    """Note that the other side has these messages, what it replied to each, and how it calls it.

    A late reply resolves an `unknown`, too. Raises `NotOurs`, if one is not.
    """
    values = [
        {
            "its_id": taken.id,
            "its_attempt": taken.attempt,
            "its_reply": reply[:1000],
            "its_provider_id": provider_id[:200] if provider_id else None,
            "at": now,
        }
        for taken, reply, provider_id in accepted
    ]
    if session.connection().execute(_ACCEPT, values).rowcount != len(accepted):
        raise NotOurs("at least one of them")


def refuse(session: Session, taken: Taken, reason: str, now: datetime) -> Message:
    """Note that it will never be taken."""
    row = _ours(session, taken, CLAIMED, HANDING_OVER, UNKNOWN)
    row.state, row.refused_at, row.reason, row.lease_until = REFUSED, now, reason[:1000], None
    session.add(row)
    return row


def put_back(
    session: Session, taken: Taken, reason: str, not_before: datetime | None, *, counted: bool = True
) -> Message:
    """Note a definite temporary answer: nothing was accepted, so it may be tried again from `not_before` on.

    Not `counted` is an attempt that had nothing to do with this message: the channel stands still for everybody.
    """
    row = _ours(session, taken, CLAIMED, HANDING_OVER)
    row.state, row.reason, row.not_before, row.lease_until = CLAIMED, reason[:1000], not_before, None
    row.attempts -= 0 if counted else 1
    session.add(row)
    return row


def uncount(session: Session, taken: Taken) -> None:
    """Count an attempt for nothing: its message was not handed over, and waits or has ended."""
    row = held(session, taken.id)
    if row is not None and row.attempt == taken.attempt and row.state in (CLAIMED, SKIPPED):
        row.attempts -= 1
        session.add(row)


def lose(session: Session, row: Message, reason: str, now: datetime) -> Message:
    """Note that nobody can know whether it arrived."""
    row.state, row.unknown_at, row.reason, row.lease_until = UNKNOWN, now, reason[:1000], None
    session.add(row)
    return row


def repeat(session: Session, row: Message) -> Message:
    """Put an unknown message back, to be sent again under the same Message-ID. `unknown_at` keeps telling."""
    row.state, row.repeats = CLAIMED, row.repeats + 1
    session.add(row)
    return row


def skip(session: Session, wanted: Message, reason: str, now: datetime) -> Message:
    """Note that it was not sent, and why. A message that is on its way or has a fate keeps it.

    One that was to be sent again, because nobody knows whether it arrived, stays `unknown`.
    """
    row = held(session, wanted.id) or wanted
    if row.state == CLAIMED and row.unknown_at is not None:
        row.state, row.reason, row.not_before = UNKNOWN, _not_again(reason), None
    elif row.state not in FINAL and row.state != HANDING_OVER:
        row.state, row.skipped_at, row.reason = SKIPPED, now, reason[:1000]
    session.add(row)
    session.flush()
    return row


def let_go(session: Session, enrolment: str, reason: str, now: datetime) -> None:
    """Note that what a run still wanted to send, and nobody hands over now, is not sent: the run has ended.

    What was to be sent again, because nobody knows whether it arrived, stays `unknown`.
    """
    theirs = update(Message).where(col(Message.enrolment_id) == enrolment, col(Message.state) == CLAIMED)
    again = theirs.where(col(Message.unknown_at).is_not(None))
    session.exec(again.values(state=UNKNOWN, reason=_not_again(reason), not_before=None))
    session.exec(theirs.values(state=SKIPPED, skipped_at=now, reason=reason[:1000], not_before=None))


def take_back(session: Session, enrolment: str, reason: str) -> None:
    """Claim again what was let go for this reason: its run goes on after all."""
    session.exec(
        update(Message)
        .where(col(Message.enrolment_id) == enrolment, col(Message.state) == SKIPPED, col(Message.reason) == reason)
        .values(state=CLAIMED, skipped_at=None, reason=None)
    )


def _not_again(reason: str) -> str:
    return f"not sent again: {reason}"[:1000]


def _ours(session: Session, taken: Taken, *states: str) -> Message:
    row = held(session, taken.id)
    if row is None or row.attempt != taken.attempt or row.state not in states:
        raise NotOurs(row.state if row else "gone")
    return row
