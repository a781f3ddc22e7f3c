"""What somebody answered on the page of a survey becomes an event of their timeline.

Each row of the inbox names contact, survey and message by a token that we signed. The last answer counts: one that
differs from the one before is an event of its own and says what was answered before; the same once more is nothing.
"""

from datetime import datetime

from sqlmodel import Session

from domain.surveys import Link, event_data
from records.models import Contact, Inbox
from records.published import Published
from records.surveys import ANSWERED, answers_to, case_asked_about, key_of
from records.timeline import Happening, record

# What they said; the rest of the event follows from it.
SAID = ("score", "comment", "effort", "kept")


def answered(session: Session, published: Published, row: Inbox, now: datetime) -> tuple[str | None, str]:
    """Somebody answered a survey, or changed their answer."""
    link = Link.read(row.body.get("link"))
    contact = session.get(Contact, link.contact) if link is not None else None
    if link is None or contact is None or contact.erased_at is not None:
        return None, "answer of nobody"
    before = answers_to(session, contact.id, link.message)
    said = {name: row.body["said"][name] for name in SAID if name in row.body["said"]}
    if before and said == {name: before[-1].data[name] for name in SAID if name in before[-1].data}:
        return contact.id, f"survey {link.survey}: as before"
    data = event_data(link, published.policies(session).surveys, said)
    case = case_asked_about(session, contact.id, link.message)
    if case is not None:
        data["case"] = case.id
    if before:
        data["before"] = before[-1].data.get("score")
    happening = Happening(
        key=f"{key_of(link.message)}/{len(before) + 1}",
        name=ANSWERED,
        at=row.received_at,
        data=data,
        message=link.message,
        channel="web",
    )
    record(session, published, contact, happening, now, changed=False)
    return contact.id, f"survey {link.survey}: {data['score']}"
