"""The score of a contact, kept up in the transaction of whatever changes it.

What they did is kept as one number a term (`contact_score`), so that an event costs one row, however long the timeline
is. Whoever looks holds that row until the commit: of two workers, the second sees what the first made of it, so that a
threshold is reached once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select, update

from domain.events import ONLY_TESTED
from domain.facts import NO_PROGRAM, Event, Facts
from domain.policies import Policies
from domain.scoring import Scored, Sum, newly_reached, score, still_reached, told
from domain.scoring_policy import Scoring
from records.facts import MOST_EVENTS, contact_fields, event_of
from records.models import Contact, Interaction
from records.published import Published
from records.score_models import ContactScore
from records.unique import add_if_new


@dataclass(frozen=True)
class Reached:
    """A contact has come up to a threshold. `key` names this crossing and no other."""

    key: str
    at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Rescored:
    """What came of a look at a score: whether contact.score is another now, and which thresholds were reached."""

    changed: bool = False
    reached: tuple[Reached, ...] = ()


AS_BEFORE = Rescored()


def rescore(
    session: Session,
    published: Published,
    policies: Policies,
    contact: Contact,
    at: datetime,
    *,
    row: Interaction | None = None,
    changed: bool = True,
) -> Rescored:
    """Work out a contact's score as of an instant and write it down; nothing is read where nothing can change it.

    `row` is what has just happened to them. Not `changed`, the record is as it was: then only an event that the policy
    names is looked at. Whom the policy has never seen is taken as they stood before this: thresholds they had reached
    by then are noted, and tell nobody. A contact who is newer than the policy has reached none before.
    """
    scoring = policies.scoring
    named = row is not None and scoring is not None and row.name in scoring.events
    if scoring is None or not (changed or named) or is_left_out(contact):
        return AS_BEFORE
    kept, new = _held(session, contact)
    at = max(at, kept.looked_at or at)
    facts, event = facts_of(policies, contact, at), event_of(row) if row is not None else None
    if kept.recipe == scoring.recipe:
        sums = sums_of(kept)
        reached = still_reached(scoring, reached_of(kept), score(scoring, facts, sums), at)
    else:
        sums = told(scoring, (), past(session, contact.id, scoring, but=event))
        reached = {} if new and _is_newer(session, published, contact) else _stood(scoring, kept, facts, sums)
    sums = told(scoring, sums, [event] if event is not None else ())
    scored = score(scoring, facts, sums)
    fresh = newly_reached(scoring, reached, scored)
    crossed = tuple(_crossing(contact, kept.crossings + n, name, scored, at) for n, name in enumerate(fresh, 1))
    kept.crossings += len(fresh)
    kept.recipe, kept.looked_at = scoring.recipe, at
    kept.sums, kept.reached = _as_json(sums), {**reached, **dict.fromkeys(fresh, at)}
    kept.reached = {name: since.isoformat() for name, since in kept.reached.items()}
    return Rescored(_write(session, contact, kept, scored.total), crossed)


def is_left_out(contact: Contact) -> bool:
    """Whether a contact has no score: they are erased, or were made up for a test of a message."""
    return contact.erased_at is not None or contact.source == ONLY_TESTED


def differs(policies: Policies, contact: Contact, kept: ContactScore | None, now: datetime) -> bool:
    """Whether time alone, or a new policy, has changed anything about a contact's score; nothing is written."""
    scoring = policies.scoring
    if scoring is None or is_left_out(contact):
        return False
    if kept is None or kept.recipe != scoring.recipe:
        return True
    scored, reached = score(scoring, facts_of(policies, contact, now), sums_of(kept)), reached_of(kept)
    left = still_reached(scoring, reached, scored, now)
    return scored.total != contact.score or left != reached or bool(newly_reached(scoring, left, scored))


def rows_of(session: Session, contacts: Sequence[str]) -> dict[str, ContactScore]:
    """Return what is kept of the scores of these contacts."""
    rows = session.exec(select(ContactScore).where(col(ContactScore.contact_id).in_(contacts)))
    return {row.contact_id: row for row in rows}


def facts_of(policies: Policies, contact: Contact, now: datetime) -> Facts:
    """Return what the fit of a contact is asked of."""
    return Facts(now=now, program=NO_PROGRAM, policies=policies, contact=contact_fields(contact), entered_at=now)


def past(
    session: Session, contact: str, scoring: Scoring, *, but: Event | None = None, until: datetime | None = None
) -> list[Event]:
    """Return what a contact did that gives points, in the order in which it was written."""
    theirs = select(Interaction).where(
        Interaction.contact_id == contact, col(Interaction.name).in_(sorted(scoring.events))
    )
    if but is not None:
        theirs = theirs.where(col(Interaction.id) != but.id)
    if until is not None:
        theirs = theirs.where(col(Interaction.at) <= until)
    newest = session.exec(theirs.order_by(col(Interaction.id).desc()).limit(MOST_EVENTS)).all()
    return [event_of(row) for row in reversed(newest)]


def sums_of(kept: ContactScore) -> tuple[Sum, ...]:
    """Return the sums of a row, in the order of the policy's terms."""
    return tuple(Sum(points, datetime.fromisoformat(at) if at else None, times) for points, at, times in kept.sums)


def reached_of(kept: ContactScore) -> dict[str, datetime]:
    """Return which thresholds stand reached, and since when."""
    return {name: datetime.fromisoformat(since) for name, since in kept.reached.items()}


def _as_json(sums: Sequence[Sum]) -> list[Any]:
    return [[each.points, each.at.isoformat() if each.at else None, each.times] for each in sums]


def _held(session: Session, contact: Contact) -> tuple[ContactScore, bool]:
    """Return the row of a contact's score, held until the commit, and whether it was made for this."""
    mine = select(ContactScore).where(ContactScore.contact_id == contact.id).with_for_update()
    mine = mine.execution_options(populate_existing=True)
    found = session.exec(mine).first()
    if found is not None:
        return found, False
    new = add_if_new(session, ContactScore(contact_id=contact.id))
    return session.exec(mine).one(), new


def _is_newer(session: Session, published: Published, contact: Contact) -> bool:
    since = published.since(session)
    return since is not None and contact.created_at >= since


def _stood(scoring: Scoring, kept: ContactScore, facts: Facts, sums: Sequence[Sum]) -> dict[str, datetime]:
    """Return the thresholds that count as reached when a policy sees a contact for the first time."""
    scored = score(scoring, facts, sums)
    before = still_reached(scoring, reached_of(kept), scored, facts.now)
    return {**dict.fromkeys(newly_reached(scoring, before, scored), facts.now), **before}


def _crossing(contact: Contact, number: int, threshold: str, scored: Scored, at: datetime) -> Reached:
    return Reached(f"score/{contact.id}/{number}", at, scored.told_of(threshold))


def _write(session: Session, contact: Contact, kept: ContactScore, total: int) -> bool:
    """Write the score, where it is another; the record counts as unchanged: nobody said anything new."""
    changed = kept.score != total or contact.score != total
    kept.score = total
    session.add(kept)
    session.flush()
    if changed:
        theirs = update(Contact).where(col(Contact.id) == contact.id).values(score=total)
        session.exec(theirs.execution_options(synchronize_session=False))
        set_committed_value(contact, "score", total)
    return changed
