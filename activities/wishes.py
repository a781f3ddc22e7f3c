"""What contacts did themselves on pages that our links lead to: left, came back, confirmed, chose.

Each row of the inbox names the contact by a token that we signed, so it is believed where a form would not be. Whatever
it changes is written as events of their timeline, and what follows of those (consent, ends of sequences, entries)
follows here as everywhere.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from domain.events import EVERYTHING
from domain.standing import SMS
from records.consenting import (
    come_back,
    lift_if_since,
    note_reached,
    stood_before,
    withdrawn_since_asked,
)
from records.contacts import change
from records.models import Contact, Inbox, Interaction
from records.published import Published
from records.texting import take_texts_again
from records.timeline import Happening, record, record_changed

UNDONE_WITHIN = timedelta(days=7)
"""So long what a link has stopped can be taken back by the same link."""

ON_THE_PAGE = "preference page"
TAKEN_BACK = "taken back"

Became = tuple[str | None, str]
"""Whose row it was, and what it became."""


def withdrawal(session: Session, published: Published, row: Inbox, now: datetime) -> Became:
    """Somebody left, a topic or everything."""
    contact = session.get(Contact, str(row.body.get("contact")))
    if contact is None:
        return None, "withdrawal of nobody"  # erased meanwhile: there is nothing left to withdraw
    topic = str(row.body.get("topic") or EVERYTHING)
    data = {"topic": topic, "channel": "email", "how": str(row.body.get("how", "link"))}
    record(session, published, contact, _told(row, "unsubscribed", data), now)
    return contact.id, f"withdrawal from {topic}"


def return_(session: Session, published: Published, row: Inbox, now: datetime) -> Became:
    """Somebody takes back what they stopped by this link a moment ago."""
    contact = session.get(Contact, str(row.body.get("contact")))
    if contact is None:
        return None, "return of nobody"
    topics = list(_taken_back(session, published, contact, row))
    for topic in topics:
        data = {"topic": topic, "channel": "email", "how": TAKEN_BACK}
        record(session, published, contact, _told(row, "resubscribed", data, topic), now)
    return contact.id, f"return to {', '.join(topics)}"[:200] if topics else "return to nothing"


def _taken_back(session: Session, published: Published, contact: Contact, row: Inbox) -> Iterator[str]:
    """Yield what comes back: what this link stopped within a week, and what they had before that."""
    policies, seen = published.policies(session), set[str]()
    stops = select(Interaction).where(
        Interaction.contact_id == contact.id,
        Interaction.name == "unsubscribed",
        col(Interaction.key).startswith(str(row.body["stopped_by"]), autoescape=True),
        col(Interaction.at) >= row.received_at - UNDONE_WITHIN,
    )
    for stop in session.exec(stops.order_by(col(Interaction.id))).all():
        topic = str(stop.data.get("topic") or EVERYTHING)
        came = lift_if_since(session, contact, stop.at) if topic == EVERYTHING else None
        if came is None:
            came = stood_before(session, policies, contact, topic, "email", stop.at)
        if came and topic not in seen:
            yield topic
        seen.add(topic)


def confirmation(session: Session, published: Published, row: Inbox, now: datetime) -> Became:
    """Somebody confirmed by the link in a message that they want to hear about a topic.

    A confirmation does not bring back what was withdrawn after it was asked for.
    """
    contact = session.get(Contact, str(row.body.get("contact")))
    if contact is None:
        return None, "confirmation of nobody"
    topic, channel = str(row.body["topic"]), str(row.body["channel"])
    note_reached(session, contact, row.received_at)
    made_at = datetime.fromisoformat(row.body["made_at"])
    if withdrawn_since_asked(session, contact, topic, channel, made_at):
        return contact.id, f"confirmation of {topic}, withdrawn meanwhile"[:200]
    come_back(session, published.policies(session), contact, row.received_at, now, f"came back to {topic}")
    if channel == SMS:
        take_texts_again(session, contact)
    data = {"topic": topic, "channel": channel}
    record(session, published, contact, _told(row, "consent_confirmed", data), now)
    return contact.id, f"confirmation of {topic}"


def preferences(session: Session, published: Published, row: Inbox, now: datetime) -> Became:
    """Somebody chose on their preference page what they hear about, when, and in which language."""
    contact = session.get(Contact, str(row.body.get("contact")))
    if contact is None:
        return None, "preferences of nobody"
    chosen = row.body
    _say_of_topics(session, published, contact, row, now)
    fields = {name: chosen[name] for name in ("language",) if chosen.get(name)}
    changed = change(session, contact, fields, now) + _keep_wishes(contact, chosen, row.received_at)
    changed += [f"{each['topic']} by {each['channel']}" for each in chosen.get("says", ())]
    if chosen.get("everything"):
        changed.append("everything")
    session.add(contact)
    session.flush()
    record(session, published, contact, _told(row, "preferences_changed", {"changed": changed}), now)
    # Who waits for the end of a pause or of quiet hours is asked again by what they say now.
    record_changed(session, published, contact, now)
    return contact.id, f"preferences: {', '.join(changed)}"[:200]


def _say_of_topics(session: Session, published: Published, contact: Contact, row: Inbox, now: datetime) -> None:
    says, at = row.body.get("says", ()), row.received_at
    if row.body.get("everything"):
        data = {"topic": EVERYTHING, "channel": "email", "how": ON_THE_PAGE}
        record(session, published, contact, _told(row, "unsubscribed", data, EVERYTHING), now)
        return
    if any(each["yes"] for each in says) and come_back(
        session, published.policies(session), contact, at, now, ON_THE_PAGE
    ):
        data = {"topic": EVERYTHING, "channel": "email", "how": ON_THE_PAGE}
        record(session, published, contact, _told(row, "resubscribed", data, EVERYTHING), now)
    if any(each["yes"] and each["channel"] == SMS for each in says):
        take_texts_again(session, contact)
    for each in says:
        name = "resubscribed" if each["yes"] else "unsubscribed"
        data = {"topic": each["topic"], "channel": each["channel"], "how": ON_THE_PAGE, "wording": each["wording"]}
        record(session, published, contact, _told(row, name, data, f"{each['topic']}/{each['channel']}"), now)


def _keep_wishes(contact: Contact, chosen: dict[str, Any], at: datetime) -> list[str]:
    """Set when this contact does not want to be written to; return what is another now."""
    before = (contact.quiet_hours, contact.paused_until)
    if "quiet_hours" in chosen:
        contact.quiet_hours = chosen["quiet_hours"] or None
    if "pause_weeks" in chosen:
        weeks = int(chosen["pause_weeks"])
        contact.paused_until = at + timedelta(weeks=weeks) if weeks else None
    after = (contact.quiet_hours, contact.paused_until)
    names = ("quiet hours", "pause")
    return [name for name, one, other in zip(names, before, after, strict=True) if one != other]


def _told(row: Inbox, name: str, data: dict[str, Any], part: str = "") -> Happening:
    return Happening(
        key=f"{row.key}/{part}" if part else row.key,
        name=name,
        at=row.received_at,
        data=data,
        message=row.body.get("message"),
        channel="email",
    )
