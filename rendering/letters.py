"""A rendered message made into a letter: who gets it, who is answered, how one leaves.

What is sent, what a simulation keeps and what a preview shows are made here.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.facts import Facts
from domain.letters import Plan, Written, addressed
from rendering.email import BadLetter, Letter, ascii_address


@dataclass(frozen=True)
class Posted:
    """What belongs to one sending: its Message-ID, the instant, our host in mail, the way out, what it answers."""

    message_id: str
    at: datetime
    host: str
    unsubscribe_url: str
    answers: str | None = None


def letter_of(plan: Plan, written: Written, facts: Facts, posted: Posted) -> Letter:
    """Return the letter of a message. Raises KeyError for a team that is gone."""
    marketing = plan.class_ == "marketing" and plan.topic is not None
    whom = addressed(plan, facts)
    return Letter(
        from_=plan.sender.from_,
        to=whom.to,
        to_name=whom.to_name,
        subject=written.subject,
        html=written.html,
        text=written.text,
        message_id=posted.message_id,
        date=posted.at,
        reply_to=whom.reply_to if plan.team is None else _good(whom.reply_to),
        list_unsubscribe_url=posted.unsubscribe_url if plan.class_ == "marketing" else None,
        list_id=f"{plan.topic} <{plan.topic}.{posted.host}>" if marketing else None,
        feedback_id=f"{facts.program.sequence}:{plan.topic}:marketing:rapport" if marketing else None,
        in_reply_to=posted.answers,
        references=(posted.answers,) if posted.answers else (),
    )


def _good(address: str | None) -> str | None:
    """Return an address that can be answered; None for one that cannot: staff are told all the same."""
    try:
        return ascii_address(address) if address else None
    except BadLetter:
        return None
