"""The demo's links: a program follows one of a real message, then a person does; the records tell them apart."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from sqlmodel import Session, col, select

from domain.readers import TOO_SOON
from records.contacts import find
from records.models import Interaction, Message
from starter.demo_cast import Submission
from starter.demo_play import Play
from starter.demo_world import Unseen, until

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "accept-language": "en"}
SCANNER = {"user-agent": "curl/8.5 (a mail gateway that opens every link)"}


def a_link_is_followed(this: Play) -> None:
    """Whoever opens a link gets where it leads; only a person's click would move anybody."""
    stage, anna = this.stage, this.cast.anna
    link = _first_link(this, this.letters[anna.who].text)
    until("mail: Anna's message did not leave", partial(_has_lain, this, anna))
    for who, headers in (("a mail gateway opens it", SCANNER), ("Anna follows it", BROWSER)):
        reply = this.world.follow(link, headers)
        if reply.status != 302:
            raise Unseen(f"web: a link was answered {reply.status} instead of 302; see starter/following.py")
        stage.say(f"GET {urlsplit(link).path[:24]}…  {reply.status}  {who}: on to {reply.leads_to}", "cyan")
    by = until("records: Anna's click is not noted", partial(_two_clicks, this, anna))
    stage.see(
        by == ["machine", "human"],
        "a link of Anna's message was opened by a machine and by a person, and they are told apart: only hers counts",
        f"records: Anna's clicks are by {by} instead of machine and human; see domain/readers.py",
    )


def _first_link(this: Play, text: str) -> str:
    found = re.search(rf"{re.escape(this.world.addresses['web'])}/l/[\w-]+", text)
    if found is None:
        raise Unseen("mail: Anna's message has no link that is counted; see `tracking` in policies/messaging.yaml")
    return found[0]


def _has_lain(this: Play, who: Submission) -> bool:
    """Whether a message has been there for longer than a scanner takes to open its links."""

    def left(session: Session) -> datetime | None:
        contact = find(session, who.email.lower())
        of_contact = select(Message.handing_over_at).where(Message.contact_id == (contact.id if contact else ""))
        return session.exec(of_contact).first()

    at = this.world.read(left)
    return at is not None and datetime.now(UTC) - at > TOO_SOON


def _two_clicks(this: Play, who: Submission) -> list[str] | None:
    """Return who made the clicks in a contact's messages, once there are two."""

    def clicks(session: Session) -> list[Mapping[str, str]]:
        contact = find(session, who.email.lower())
        of_contact = select(Interaction.data).where(Interaction.contact_id == (contact.id if contact else ""))
        return list(session.exec(of_contact.where(Interaction.name == "clicked").order_by(col(Interaction.id))))

    by = [each["by"] for each in this.world.read(clicks)]
    return by if len(by) == 2 else None
