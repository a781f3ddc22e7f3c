"""What an answer does to the runs of whoever wrote it: they wait, and a team is asked to take it up.

A pause that stands is never shortened: whoever set it, and until whenever.
"""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session
from uuid_utils.compat import uuid7

from domain.away import OUT_OF_OFFICE, REPLY, WEEKDAYS, back_at_work
from domain.blanks import filled
from domain.dues import Sight, resolve
from domain.policies import Policies
from domain.spans import Span
from domain.zones import zone_of
from records.facts import contact_fields
from records.holding import pause, paused
from records.models import Contact, Enrolment, Interaction
from records.published import Published
from records.runs import open_runs, stir_all
from records.work_models import FollowUp


def hold_while_away(
    session: Session, published: Published, contact: Contact, back: date | None, at: datetime, now: datetime
) -> list[str]:
    """Hold every running sequence of a contact until the business day after they are back; return which were.

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
    return _hold(session, open_runs(session, contact.id), until, now, OUT_OF_OFFICE, reason)


def take_up_reply(
    session: Session, published: Published, contact: Contact, reply: Interaction, now: datetime
) -> FollowUp | None:
    """Do what `replies` says of a person's answer: hold the sequence it answers, and ask a team to answer back."""
    policies = published.policies(session)
    replies = policies.messaging.replies
    if replies.pause is not None and reply.enrolment_id is not None:
        until = _after(policies, replies.pause, reply.at, _zone(policies, contact))
        runs = [run for run in open_runs(session, contact.id) if run.id == reply.enrolment_id]
        _hold(session, runs, until, now, REPLY, "they answered")
    if replies.task is None:
        return None
    fields = contact_fields(contact)
    row = FollowUp(
        id=str(uuid7()),
        contact_id=contact.id,
        enrolment_id=reply.enrolment_id,
        title=filled(replies.task.title, lambda path: fields.get(path.removeprefix("contact.")))[:400],
        team=replies.task.team,
        opened_at=reply.at,
    )
    session.add(row)
    session.flush()
    return row


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
    due = resolve(span, at, Sight(zone, policies.calendar(None) or WEEKDAYS))
    assert due is not None, "a span has an end"
    return due.at


def _zone(policies: Policies, contact: Contact) -> ZoneInfo:
    return zone_of(contact_fields(contact), None, policies.messaging.organisation.time_zone).zone
