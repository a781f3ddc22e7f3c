"""The way out that a message shares with all others: who goes first, how many at a time.

Asked when a message is claimed, and once more in the transaction that says that its body leaves.
"""

from datetime import datetime, timedelta
from email.utils import parseaddr

from sqlmodel import Session

from activities.post import Post
from activities.writing import Writing
from domain.answering import Answer, Asked, Row
from domain.facts import Facts
from domain.needs import Later
from domain.slots import Counter, Outgoing, counters
from domain.zones import zone_named
from records import throttling
from records.throttling import Queued, Wanted

# A promised slot that was not used in time is asked for again at once.
AGAIN = timedelta(seconds=1)


class Way:
    """The way out of one message. `queue` is what it waits for in turn with others, once it was told to wait."""

    def __init__(self, post: Post, writing: Writing, facts: Facts, asked: Asked, message_id: str) -> None:
        self.post, self.writing, self.facts, self.plan = post, writing, facts, writing.plan
        priority = facts.program.priority
        self.wanted = Wanted(message_id, facts.enrolment, self.plan.class_, priority, asked.arrived_at)
        self.queue: str | None = None
        self.passed: list[Counter] = []

    def enter(self, session: Session, recipient: str, now: datetime) -> Answer | None:
        """Ask for a slot of every throttle that a message to this address passes; None if it has them."""
        organisation = self.facts.policies.messaging.organisation
        throttles = self.facts.policies.messaging.throttles
        self.passed = counters(throttles, self._outgoing(recipient), now, zone_named(organisation.time_zone))
        if not self.passed:
            return None
        queued = throttling.take(session, self.wanted, self.passed, now, self.post.settings.lease)
        return None if queued is None else self._waits(queued, f"throttle: {queued.shown}")

    def leave(self, session: Session, now: datetime) -> Answer | None:
        """Use the slots up: the body leaves now. Not None where they were promised for a time that is over."""
        if not self.passed or throttling.use(session, self.wanted.message_id, self.passed, now):
            return None
        return self._later(now.replace(microsecond=0) + AGAIN, "throttle: the slot was not used in time")

    def give_back(self, session: Session) -> None:
        """Give back what was not used: the message does not leave now."""
        if self.passed:
            throttling.give_back(session, self.wanted.message_id)

    def _outgoing(self, recipient: str) -> Outgoing:
        if self.plan.team is not None:
            return Outgoing("email")  # messages to staff take the same way out
        domain, mailbox = recipient.rpartition("@")[2].lower(), parseaddr(self.plan.sender.from_)[1].lower()
        return Outgoing(self.plan.need.channel, domain, mailbox, self.facts.program.sequence)

    def _waits(self, queued: Queued, why: str) -> Answer:
        self.queue = queued.queue
        return self._later(queued.due, why)

    def _later(self, due: datetime, why: str) -> Answer:
        expires = self.writing.expires(self.facts)
        until = due if expires is None else min(due, expires)
        more = {"template": self.writing.template, "until": until, "clock": str(self.facts.zone)}
        return Answer(Later(until, why), Row("deferred", why=[why], more=more, final=False))
