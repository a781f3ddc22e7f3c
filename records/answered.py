"""What an answer does to the runs of whoever wrote it: they wait, and a team is asked to take it up.

A pause that stands is never shortened: whoever set it, and until whenever.
"""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from domain.away import OUT_OF_OFFICE, REPLY, WEEKDAYS, back_at_work
from domain.blanks import filled
from domain.case_letters import letter_in
from domain.clocks import as_it_opens
from domain.dues import Sight, resolve
from domain.policies import Policies
from domain.spans import Span
from domain.zones import zone_of
from records.case_letters import case_of_letter
from records.facts import contact_fields
from records.follow_up_openings import Opening
from records.follow_ups import Kept, hold_all, open_follow_up
from records.happening import Happening
from records.holding import pause, paused
from records.models import Contact, Enrolment, Interaction
from records.published import Published
from records.runs import open_runs, stir_all


def hold_while_away(
    session: Session, published: Published, contact: Contact, back: date | None, at: datetime, now: datetime
) -> list[Happening]:
    """Hold every running sequence of a contact, and what people have to do, until the business day after they are back.

    Returns what the timeline is to be told of it.

    Where nobody says when that is, it is as long as `replies: out_of_office` says, from the answer of `at` on.
    """
    policies = published.policies(session)
    zone = _zone(policies, contact)
    if back is not None:
        until = back_at_work(back, policies.calendar(None), zone)
        reason = f"away, back on {back.isoformat()}"
    else:
        until = _after(policies, policies.messaging.replies.out_of_office, at, zone)
        reason = "away, nobody knows how long"
    # A letter of a case goes all the same: it says what we promised, and they read it when they are back.
    runs = [run for run in open_runs(session, contact.id) if letter_in(run.sequence) is None]
    _hold(session, runs, until, now, OUT_OF_OFFICE, reason)
    return hold_all(session, published, contact, until, reason, now) if until > now else []


def take_up_reply(
    session: Session, published: Published, contact: Contact, reply: Interaction, now: datetime
) -> Kept | None:
    """Do what `replies` says of a person's answer: hold the sequence it answers, and ask a team to answer back.

    Of an answer to a letter of a case nothing: whoever has the case is told, and what we promised goes on.
    """
    if case_of_letter(session, reply.enrolment_id) is not None:
        return None
    policies = published.policies(session)
    replies = policies.messaging.replies
    if replies.pause is not None and reply.enrolment_id is not None:
        until = _after(policies, replies.pause, reply.at, _zone(policies, contact))
        runs = [run for run in open_runs(session, contact.id) if run.id == reply.enrolment_id]
        _hold(session, runs, until, now, REPLY, "they answered")
    if replies.task is None:
        return None
    fields = contact_fields(contact)
    title = filled(replies.task.title, lambda path: fields.get(path.removeprefix("contact.")))
    # It belongs to what was answered, and moves no step of it.
    opening = Opening(
        title, replies.task.team, policy=replies.task.policy, source="reply", enrolment=reply.enrolment_id
    )
    return open_follow_up(session, policies, contact, opening, now)


def _hold(
    session: Session, runs: Sequence[Enrolment], until: datetime, now: datetime, by: str, reason: str
) -> list[str]:
    held = [run for run in runs if until > now and _would_end_sooner(session, run, until, now)]
    for run in held:
        pause(session, run.sequence, run.contact_id, now, until=until, by=by, reason=reason)
    stir_all(session, held, now)
    return [run.sequence for run in held]


def _would_end_sooner(session: Session, run: Enrolment, until: datetime, now: datetime) -> bool:
    standing = paused(session, run.sequence, run.contact_id, now)
    return standing is None or (standing.until is not None and standing.until < until)


def _after(policies: Policies, span: Span, at: datetime, zone: ZoneInfo) -> datetime:
    calendar = policies.calendar(None) or WEEKDAYS
    due = as_it_opens(lambda sight: resolve(span, at, sight), Sight(zone, calendar))
    assert due is not None, "a span has an end"
    return due.at


def _zone(policies: Policies, contact: Contact) -> ZoneInfo:
    return zone_of(contact_fields(contact), None, policies.messaging.organisation.time_zone).zone
