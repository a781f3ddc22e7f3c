"""Rounds: a look at every contact, for what time alone or a new publication changes about them.

Segments and scores change with the calendar, dates with a new sequence. A round goes through all contacts in pages; how
far it came stands in the database, so whoever goes on after a crash goes on there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from records.dates import changes, dated, rows_of
from records.entry_models import DateEntry, Membership, Round
from records.facts import Known, read_contacts
from records.models import Contact
from records.published import Published
from records.scoring import differs
from records.scoring import rows_of as scores_of
from records.segments import memberships, segments_of

KIND = "contacts"
MOST_CONTACTS = 200


@dataclass(frozen=True)
class Page:
    """Contacts that were looked at: about whom something changes, and the last of them (None: there are no more)."""

    changed: tuple[str, ...] = ()
    last: str | None = None


def is_wanted(session: Session, published: Published, now: datetime, every: timedelta) -> bool:
    """Whether a round has to begin or to go on: something was published since the last, or time has passed."""
    bundle = published.bundle(session)
    if bundle is None:
        return False
    row = session.get(Round, KIND)
    if row is not None and row.bundle == bundle and row.ended_at is None:
        return True
    if row is None or row.bundle != bundle:
        return _anything(session, published)
    return _with_time(session, published) and now - row.begun_at >= every


def _with_time(session: Session, published: Published) -> bool:
    """Whether there is what time alone can change about contacts: segments, or scores."""
    policies = published.policies(session)
    return bool(policies.segments.segments) or policies.scoring is not None


def _anything(session: Session, published: Published) -> bool:
    """Whether there are segments, scores or dates, or what is left of some."""
    if _with_time(session, published) or dated(published.current(session)):
        return True
    left = select(DateEntry.id).where(col(DateEntry.fired_at).is_(None)).limit(1)
    return session.exec(select(Membership.id).limit(1)).first() is not None or session.exec(left).first() is not None


def begin(session: Session, published: Published, now: datetime, every: timedelta) -> str | None:
    """Return the contact behind which the round goes on (empty: at the first); None if no round is wanted."""
    if not is_wanted(session, published, now, every):
        return None
    bundle, row = published.bundle(session), session.get(Round, KIND)
    if row is None:
        row = Round(kind=KIND, begun_at=now)
    if row.bundle != bundle or row.ended_at is not None:
        row.bundle, row.reached, row.begun_at, row.ended_at = bundle, "", now, None
    session.add(row)
    session.flush()
    return row.reached


def look_at_page(session: Session, published: Published, after: str, now: datetime) -> Page:
    """Return whom of the next contacts something changes about; nothing is written."""
    chosen = select(Contact).where(col(Contact.id) > after, col(Contact.erased_at).is_(None))
    contacts = session.exec(chosen.order_by(col(Contact.id)).limit(MOST_CONTACTS)).all()
    if not contacts:
        return Page()
    return Page(tuple(_changed(session, published, contacts, now)), contacts[-1].id)


def _changed(session: Session, published: Published, contacts: Sequence[Contact], now: datetime) -> list[str]:
    policies, programs = published.policies(session), dated(published.current(session))
    ids = [contact.id for contact in contacts]
    members, rows = memberships(session, ids), rows_of(session, ids)
    # Whole timelines are read for segments alone: of a score there is a sum.
    known = read_contacts(session, ids) if policies.segments.segments else Known()
    scores = scores_of(session, ids) if policies.scoring is not None else {}
    return [
        contact.id
        for contact in contacts
        if segments_of(known, contact, policies, now) != members.get(contact.id, frozenset())
        or differs(policies, contact, scores.get(contact.id), now)
        or any(True for _ in changes(rows.get(contact.id, []), policies, programs, contact, now))
    ]


def note_reached(session: Session, page: Page, now: datetime) -> None:
    """Note how far the round came; without a last contact it is over."""
    row = session.get(Round, KIND)
    if row is None:
        return
    if page.last is None:
        row.ended_at = now
    else:
        row.reached = page.last
    session.add(row)
