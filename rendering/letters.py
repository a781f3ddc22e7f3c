"""A rendered message made into a letter: who gets it, who is answered, how one leaves.

What is sent, what a simulation keeps and what a preview shows are made here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr

from domain.facts import Facts
from domain.letters import Addressed, Plan, Written, addressed
from domain.meetings import Meeting
from domain.return_addresses import INBOUND
from domain.threads import ALONE, Thread
from rendering.email import BadLetter, Letter, ascii_address
from rendering.invitation import invitation
from rendering.mime import Calendar
from rendering.pictures import as_parts

# RFC 3834: nobody is away for a receipt. Marketing and service leave both out: an answer that somebody is away till the
# tenth is worth having there.
UNANSWERED = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply"}


@dataclass(frozen=True)
class Posted:
    """What belongs to one sending: its Message-ID, the instant, our host in mail, the ways out, what it answers.

    `inbound_reply_to` is where answers are read by us, for senders that say so; None where none are. `more_headers` are
    for whoever carries it; `keeps_ids` says whether that one leaves the Message-ID as it is.
    """

    message_id: str
    at: datetime
    host: str
    unsubscribe_url: str
    thread: Thread = ALONE
    unsubscribe_mailto: str | None = None
    inbound_reply_to: str | None = None
    more_headers: Mapping[str, str] = field(default_factory=dict)
    keeps_ids: bool = True


def letter_of(plan: Plan, written: Written, facts: Facts, posted: Posted) -> Letter:
    """Return the letter of a message. Raises KeyError for a team that is gone."""
    leaves = plan.class_ == "marketing"
    marketing = leaves and plan.topic is not None
    whom = addressed(plan, facts)
    html, pictures = as_parts(written.html, written.pictures, posted.host)
    return Letter(
        from_=plan.sender.from_,
        to=whom.to,
        to_name=whom.to_name,
        subject=written.subject,
        html=html,
        text=written.text,
        message_id=posted.message_id,
        date=posted.at,
        reply_to=_reply_to(whom, plan, posted),
        list_unsubscribe_url=posted.unsubscribe_url if leaves else None,
        list_unsubscribe_mailto=posted.unsubscribe_mailto if leaves else None,
        list_id=_list_id(plan.topic or "", facts, posted.host) if marketing else None,
        feedback_id=f"{_word(facts.program.sequence)}:{_word(plan.topic)}:marketing:rapport" if marketing else None,
        in_reply_to=posted.thread.answers,
        references=posted.thread.references,
        refers_to_itself=not posted.keeps_ids,
        extra_headers={**(UNANSWERED if plan.class_ == "transactional" else {}), **posted.more_headers},
        pictures=pictures,
        calendar=_calendar(written.meeting, whom, posted) if written.meeting else None,
        files=written.files,
    )


def _list_id(topic: str, facts: Facts, host: str) -> str:
    """Return the name of a topic's list: the same for good, with the label that people know."""
    known = facts.policies.messaging.topics.get(topic)
    label = re.sub("[<>]", "", known.label if known else topic)
    return f"{label} <{_word(topic)}.{host}>"


def _word(name: str | None) -> str:
    """Return an author's name as headers read by machines can hold it: `product_news` is `product-news` there."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", name or "").strip("-") or "-"


def _calendar(meeting: Meeting, whom: Addressed, posted: Posted) -> Calendar:
    name, address = parseaddr(meeting.organiser)
    organiser = (name, ascii_address(address, "organiser of the invitation"))
    return invitation(meeting, organiser, (whom.to_name, ascii_address(whom.to)), posted.host, posted.at)


def _reply_to(whom: Addressed, plan: Plan, posted: Posted) -> str | None:
    """Return who gets the answer; None for whoever it is from."""
    if plan.team is not None:
        return _good(whom.reply_to)
    if whom.reply_to != INBOUND:
        return whom.reply_to
    name = parseaddr(plan.sender.from_)[0]
    return posted.inbound_reply_to and (f"{name} <{posted.inbound_reply_to}>" if name else posted.inbound_reply_to)


def _good(address: str | None) -> str | None:
    """Return an address that can be answered; None for one that cannot: staff are told all the same."""
    try:
        return ascii_address(address) if address else None
    except BadLetter:
        return None
