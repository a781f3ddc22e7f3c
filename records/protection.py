"""Self-protection on the records: a sequence or a channel that does harm warns, then pauses itself.

Counted from the ledger (what was handed over) and the timeline (what was complained about or came back for good), by
send, when such an event is written. Pausing loses nobody: messages wait. A pause that was ended begins a new count.
"""

import logging
from datetime import datetime

from sqlalchemy import ColumnElement, distinct, func, select, text
from sqlmodel import Session, col

from domain.protection import HARM, LIMITS, Alarm, Limit, judge, worst
from domain.standing import ADDRESS_FIELD
from records import channel_states, notices
from records.hold_models import Pause
from records.holding import pause, paused
from records.models import Interaction, Message
from records.published import Published

logger = logging.getLogger("rapport")

BY = "rapport"
# As the index says it, so that it is used.
_HARM = text("interaction.name in ('complained', 'bounced')")


def protect(session: Session, published: Published, event: Interaction, now: datetime) -> None:
    """Look, after this event of a send, whether its sequence or its channel has to warn or to pause."""
    permanent = event.name != "bounced" or event.data.get("permanent") is True
    if event.name not in HARM or not permanent or event.enrolment_id is None:
        return
    message = _message_of(session, event)
    if message is None:
        return
    if message.sequence is not None and paused(session, message.sequence, None, now) is None:
        _look_at_sequence(session, published, message.sequence, event.name, now)
    stopped = channel_states.stopped(session, message.channel)
    if stopped is None or stopped.kind != "protection":
        _look_at_channel(session, message.channel, event.name, now)


def _look_at_sequence(session: Session, published: Published, sequence: str, event: str, now: datetime) -> None:
    last = select(func.max(Pause.resumed_at)).where(col(Pause.sequence) == sequence, col(Pause.contact_id).is_(None))
    # What other systems and staff are told harms nobody, and must not make the rate look better.
    to_people = (col(Message.sequence) == sequence) & col(Message.channel).in_(ADDRESS_FIELD)
    alarm = _alarm(session, to_people, event, session.execute(last).scalar(), now)
    if alarm is None:
        return
    program = published.named(session, sequence)
    owner = program.owner if program else None
    if alarm.act == "pause":
        pause(session, sequence, None, now, by=BY, reason=alarm.why)
        what = f"sequence {sequence} has paused itself, its messages wait: {alarm.why}; `rapport resume {sequence}`"
    else:
        what = f"sequence {sequence} comes close to pausing itself: {alarm.why}"
    _tell(session, f"sequence/{sequence}/{event}/{alarm.act}", alarm, what, now, owner)


def _look_at_channel(session: Session, channel: str, event: str, now: datetime) -> None:
    state = channel_states.state_of(session, channel)
    alarm = _alarm(session, col(Message.channel) == channel, event, state.resumed_at if state else None, now)
    if alarm is None:
        return
    if alarm.act == "pause":
        channel_states.stop(session, channel, "protection", alarm.why, now, by=BY)
        what = f"channel {channel} has stopped itself, messages wait: {alarm.why}; `rapport channel resume {channel}`"
    else:
        what = f"channel {channel} comes close to stopping itself: {alarm.why}"
    _tell(session, f"channel/{channel}/{event}/{alarm.act}", alarm, what, now, None)


def _alarm(
    session: Session, of: ColumnElement[bool], event: str, resumed_at: datetime | None, now: datetime
) -> Alarm | None:
    limits = [each for each in LIMITS if each.event == event]
    return worst([_judged(session, of, limit, resumed_at, now) for limit in limits])


def _judged(
    session: Session, of: ColumnElement[bool], limit: Limit, resumed_at: datetime | None, now: datetime
) -> Alarm | None:
    since = max(now - limit.span, resumed_at) if resumed_at is not None else now - limit.span
    # Handed over, whatever is known by now: a message that came back for good is not `accepted` any more.
    sent_since = (of, col(Message.handing_over_at) > since)
    theirs = (
        (col(Message.enrolment_id) == col(Interaction.enrolment_id))
        & (col(Message.step) == col(Interaction.step))
        & (col(Message.visit) == col(Interaction.visit))
    )
    harm = [col(Interaction.name) == limit.event, col(Interaction.at) > since, *sent_since]
    if limit.event == "bounced":
        harm.append(col(Interaction.data)["permanent"].as_boolean().is_(True))
    bad = (
        select(func.count(distinct(col(Message.id)))).select_from(Interaction).join(Message, theirs).where(_HARM, *harm)
    )
    harmed = session.execute(bad).scalar_one()
    if harmed < limit.least_harmed:
        return None  # most events end here, without counting what was sent
    sent = session.execute(select(func.count()).select_from(Message).where(*sent_since)).scalar_one()
    return judge(limit, sent, harmed)


def _message_of(session: Session, event: Interaction) -> Message | None:
    same = (col(Message.enrolment_id) == event.enrolment_id, col(Message.step) == event.step)
    wanted = select(Message).where(*same, col(Message.visit) == event.visit)
    return session.execute(wanted).scalars().first()


def _tell(session: Session, cause: str, alarm: Alarm, what: str, now: datetime, owner: str | None) -> None:
    kind = "paused itself" if alarm.act == "pause" else "warning"
    if notices.note(session, cause, kind, what, now, owner=owner):
        logger.error("%s", what)
