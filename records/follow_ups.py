"""Follow-ups as they are kept: each move is the new state, what the timeline says of it, and the notes to staff.

The one thing to know: a move takes the row, held until the commit, and returns what the timeline is told; the caller
records that in the same transaction (`records/timeline.py`). What dies before the commit has done nothing of it; what
is done twice finds its alarm rung, its action told or its end written, and does nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from domain import follow_up_moves as moves
from domain.assignment import Staff
from domain.blanks import filled
from domain.follow_up import FollowUp as State
from domain.follow_up import Moved, Tell
from domain.follow_up_actions import Action, done, refused
from domain.follow_up_policy import Rule, Terms
from domain.follow_up_ringing import rung
from domain.learning import OPENER
from domain.policies import Policies
from records.evidence import says_that_the_address_is_bad
from records.facts import contact_fields
from records.follow_up_models import FollowUp
from records.follow_up_openings import Opening, the_same_or_new
from records.follow_up_rows import held_row, keep, state_of
from records.follow_up_words import take_words
from records.happening import Happening
from records.models import Contact, Interaction
from records.published import Published
from records.staffing import person_named, staff_of

# Actions of one follow-up that are known again; more are not told twice.
MOST_TOLD = 50
# Who is late by less is on time.
ON_TIME = timedelta(minutes=1)

# Asked at everything that happens to a contact, so it is built once. What is to be done about a cause is about no
# contact, whoever's case it began with: nothing they do moves it.
_OPEN = (
    select_columns(col(FollowUp.id))
    .where(col(FollowUp.contact_id) == bindparam("contact"), col(FollowUp.ended_at).is_(None))
    .where(or_(col(FollowUp.opener).is_(None), col(FollowUp.opener).not_like(f"{OPENER}%")))
    .order_by(col(FollowUp.id))
)

Move = Callable[[State, Staff], Moved]


@dataclass(frozen=True)
class Kept:
    """A follow-up after a move, and what the timeline is to be told of it."""

    row: FollowUp
    told: tuple[Happening, ...] = ()
    refusal: str | None = None


def open_follow_up(session: Session, policies: Policies, contact: Contact, opening: Opening, now: datetime) -> Kept:
    """Open a follow-up and give it to somebody; the one that is open already where this would be the same."""
    name, terms = _terms(policies, opening)
    row, is_new = the_same_or_new(session, contact.id, opening, name, opening.outcomes or terms.outcomes, now)
    if not is_new:
        return Kept(row)
    state = State(
        id=row.id,
        team=row.team,
        owner=_owner(policies, opening.owner or contact.owner),
        language=contact.language,
        terms=terms,
        outcomes=tuple(row.outcomes),
        opened_at=now,
        duties=opening.duties,
    )
    staff = staff_of(session, policies, row.team, contact, now)
    opened = moves.opened(state, staff, now, opening.to)
    said = {"title": row.title, "team": row.team, "policy": row.policy, "source": row.source}
    first = Tell("task_opened", opening.by, {name: value for name, value in said.items() if value})
    moved = Moved(opened.state, (first, *opened.deeds), opened.turns)
    return Kept(row, tuple(keep(session, policies, row, moved, staff, now)))


def look(session: Session, published: Published, id: str, now: datetime, *, asked: bool) -> Kept | None:
    """Let ring what is due; where somebody `asked`, look whether whoever has it still can. None if there is none."""

    row = held_row(session, id)
    if row is None:
        return None
    at = its_instant(row.next_at, row.asked_at if asked else None, now)

    def move(state: State, staff: Staff) -> Moved:
        first = moves.planned_anew(state, staff, at) if asked else Moved(state)
        return moves.then(first, rung(first.state, _after(staff, first), at))

    kept = _move(session, published, row, move, at)
    row.asked_at = None
    session.add(row)
    session.flush()
    return kept


def act(session: Session, published: Published, id: str, action: Action, key: str, now: datetime) -> Kept | None:
    """Do what a person asks, once for each `key`, or return why it makes no sense. None if there is no follow-up."""
    row = held_row(session, id)
    if row is None or key in row.told:
        return None if row is None else Kept(row)
    policies = published.policies(session)
    action = _by_key(take_words(session, key, action), policies)
    contact = _contact(session, row)
    staff = staff_of(session, policies, row.team, contact, now)
    refusal = refused(state_of(row), action, staff, now)
    if refusal is not None:
        return Kept(row, refusal=refusal)
    row.told = [*row.told[1 - MOST_TOLD :], key]
    return Kept(row, tuple(keep(session, policies, row, done(state_of(row), action, staff, now), staff, now)))


def hold_all(
    session: Session, published: Published, contact: Contact, until: datetime | None, why: str, now: datetime
) -> list[Happening]:
    """Let the clocks of everything that is open for a contact stand still: they are away."""
    return list(_move_all(session, published, contact, lambda state: moves.held(state, until, now, why), now))


def contact_moves(
    session: Session, published: Published, contact: Contact, event: Interaction, now: datetime
) -> list[Happening]:
    """Do what the terms of a contact's open follow-ups say of something they did; return what the timeline is told."""
    if event.name.startswith("task_"):
        return []  # what our people do is nothing the contact did
    if event.name == "bounced" and not says_that_the_address_is_bad(event.data):
        return []  # a mailbox that is full today tells nobody anything
    return list(
        _move_all(session, published, contact, lambda state: moves.contact_did(state, event.name, event.at), now)
    )


def opens_by_rule(policies: Policies, event: str) -> Iterator[tuple[str, Rule]]:
    """Yield the rules, with their names, that open something on this event."""
    yield from ((name, rule) for name, rule in policies.follow_ups.open.items() if rule.on == event)


def opening_of(name: str, rule: Rule, contact: Contact, event: Mapping[str, Any]) -> Opening:
    """Return what a rule opens for a contact on an event with these fields."""
    known: dict[str, Mapping[str, Any]] = {"contact": contact_fields(contact), "event": event}

    def read(path: str) -> object | None:
        whose, _, field = path.partition(".")
        return known.get(whose, {}).get(field)

    title = filled(rule.title, read)
    return Opening(
        title, rule.team, rule.owner, rule.policy, rule.outcomes, source=f"rule {name}", opener=f"rule/{name}"
    )


def its_instant(next_at: datetime | None, asked_at: datetime | None, now: datetime) -> datetime:
    """Return at which instant something rings, or is seen: its own, unless we are late by more than a moment.

    What a busy machine takes to look is none of a promise's time. Later than that, whoever is told now has their time
    from now on.
    """
    known = (next_at, asked_at.replace(microsecond=0) if asked_at is not None else None)
    return min((at for at in known if at is not None and at <= now < at + ON_TIME), default=now)


def _move(session: Session, published: Published, row: FollowUp, move: Move, now: datetime) -> Kept:
    policies = published.policies(session)
    staff = staff_of(session, policies, row.team, _contact(session, row), now)
    return Kept(row, tuple(keep(session, policies, row, move(state_of(row), staff), staff, now)))


def _move_all(
    session: Session, published: Published, contact: Contact, move: Callable[[State], Moved], now: datetime
) -> Iterator[Happening]:
    ids = session.connection().execute(_OPEN, {"contact": contact.id}).scalars().all()
    # All of them are held before a team's turns are, lest two who move some of them wait for each other.
    for row in [held_row(session, id) for id in ids]:
        assert row is not None, "nobody deletes one"
        count, moved = row.moves, move(state_of(row))
        if not moved.deeds and moved.state == state_of(row):
            continue  # most of what happens changes nothing, and need not wait for whoever has the team's turns
        policies = published.policies(session)
        staff = staff_of(session, policies, row.team, contact, now)
        told = keep(session, policies, row, moved, staff, now)
        if row.moves != count:
            row.asked_at = now  # its clock has to be set anew
            session.add(row)
            session.flush()
            yield from told


def _terms(policies: Policies, opening: Opening) -> tuple[str, Terms]:
    """Return the terms it is done by, and their name: those of a policy that is gone are the default ones."""
    known, name = policies.follow_ups, opening.policy
    if opening.terms is not None:
        return name or known.default, opening.terms
    name = name if name in known.known() else known.default
    return str(name), known.terms(name)


def _owner(policies: Policies, who: str | None) -> str | None:
    return None if who is None else policies.teams.key_of(who)


def _by_key(action: Action, policies: Policies) -> Action:
    """Return an action with people named by their keys, however whoever asks has named them."""
    named = {
        name: person_named(policies.teams, value) for name in ("by", "to") if (value := getattr(action, name, None))
    }
    return action.model_copy(update=named)


def _contact(session: Session, row: FollowUp) -> Contact:
    contact = session.get(Contact, row.contact_id)
    assert contact is not None, "a follow-up has a contact"
    return contact


def _after(staff: Staff, moved: Moved) -> Staff:
    return replace(staff, turns={**staff.turns, **moved.turns})
