"""A claimed message given to its channel, and what the other side made of it.

The type of the channel's error is the decision; the fate and what follows from it are one transaction.
"""

from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session

from activities.account import Account, full_second, log
from activities.taking import Taking, begin_all, take_all
from activities.together import Together
from channels.base import Accepted, Away, ChannelError, Envelope, Refused, SenderFault, Unavailable
from domain import patience
from domain.answering import Answer, Row
from domain.needs import Later, Outcome, Sent
from records import ledger
from records.channel_states import all_stopped
from records.ledger import NotOurs, Taken
from records.models import Message
from records.session import Database


class HandingOver:
    """Hands one message over, once it was taken."""

    def __init__(self, account: Account, taking: Taking, taken: Taken, together: "Writers") -> None:
        self.account, self.taking, self.taken, self.together = account, taking, taken, together
        self.post, self.way = account.post, account.way

    async def send(self, envelope: Envelope) -> Outcome:
        """Give the message to its channel and return its fate, or when to ask again."""

        async def before_body() -> None:
            stopped = await self.together.begin((self.taking, self.taken), self.account.now())
            if stopped is not None:
                raise _Stopped(stopped)

        try:
            accepted = await self.post.channels[self.account.plan.need.channel].send(envelope, before_body)
        except _Stopped as stopped:
            return stopped.outcome
        except NotOurs:
            return self.account.theirs(self.post.clock())
        except ChannelError as error:
            return await self._told(self._failed(error))
        return await self._told(self.together.accept((self, accepted), self.account.now()))

    async def _told(self, fate: Awaitable[Outcome]) -> Outcome:
        """Write down a fate. Whoever was so late that another attempt took over leaves the word to that one."""
        try:
            return await fate
        except NotOurs:
            return self.account.theirs(self.post.clock())

    async def _failed(self, error: ChannelError) -> Outcome:
        write = self.account.write
        if isinstance(error, Refused):
            return await write(partial(self._refuse, error))
        if isinstance(error, Away | SenderFault):
            return await write(partial(self._stop, error))
        if isinstance(error, Unavailable):
            return await write(partial(self._back, str(error), error.retry_after))
        return await write(partial(self._lose, str(error)))

    def _refuse(self, error: Refused, session: Session, now: datetime) -> Outcome:
        self.way.answered(session, None, str(error), now)
        self.way.give_back(session)
        if error.suppress:
            self.account.writing.bounced(session, self.account.facts, now)
        return self._known(session, ledger.refuse(session, self.taken, str(error), now), now)

    def _known(self, session: Session, row: Message, now: datetime) -> Outcome:
        lost = f"nobody knows whether it arrived: {row.reason}"
        known = self.account.fate(session, row, now)
        return known or self.account.put_off(session, self.account.soon(now, "sent again"), lost, now)

    def _lose(self, reason: str, session: Session, now: datetime) -> Outcome:
        row = ledger.held(session, self.taken.id)
        if row is None or row.attempt != self.taken.attempt or row.state != ledger.HANDING_OVER:
            return self.account.theirs(now)
        self.way.lost(session, reason, now)
        row = ledger.lose(session, row, reason, now)
        if self.account.plan.aim is None:
            return self._known(session, row, now)
        return self._rests(ledger.repeat(session, row), reason, timedelta(0), session, now)

    def _back(self, reason: str, wait: timedelta, session: Session, now: datetime) -> Outcome:
        """A definite no for now: the message is tried again."""
        row = ledger.put_back(session, self.taken, reason, None)
        self.way.answered(session, None, reason, now)
        self.way.give_back(session)
        return self._rests(row, reason, wait, session, now)

    def _rests(self, row: Message, reason: str, wait: timedelta, session: Session, now: datetime) -> Outcome:
        """Let a message rest before it is tried again: the further it has been tried, the longer."""
        account, longest = self.account, self.post.settings.longest_rest
        due = full_second(now + patience.rest(row.channel, row.attempts, wait, row.id, longest))
        row.not_before, expires = due, account.writing.expires(account.facts)
        until = min(due, expires)
        late = Row("deferred", why=[reason], more={"template": account.writing.template, "until": until}, final=False)
        answer = Answer(Later(until, patience.asked_by(row.channel)), late)
        return account.comes_again(session, answer, now)

    def _stop(self, error: Away | SenderFault, session: Session, now: datetime) -> Outcome:
        """Not about this message: the channel stands still, and the attempt does not count."""
        ledger.put_back(session, self.taken, str(error), None, counted=False)
        return self.account.comes_again(session, self.way.fails(session, error, now), now)


def accept_all(session: Session, now: datetime, done: Sequence[tuple[HandingOver, Accepted]]) -> list[Outcome]:
    """Note that the other side has these messages, and what follows from it.

    Raises `NotOurs`, for all of them, if another attempt has one.
    """
    ledger.accept(session, [(each.taken, accepted.reply, accepted.provider_id) for each, accepted in done], now)
    stopped = frozenset(all_stopped(session))
    for each, _ in done:
        if each.way.heeds_answers(stopped):
            row = ledger.held(session, each.taken.id)
            each.way.answered(session, row.handing_over_at if row else None, None, now)
    outcome = Sent("accepted")
    log(session, [(each.account, each.account.told(outcome, [], each.account.subject)) for each, _ in done], now)
    return [outcome] * len(done)


class Writers:
    """What a batch writes down for many messages in one piece: claims, that bodies leave, and that they are taken."""

    def __init__(self, database: Database) -> None:
        self.take = Together(database, take_all)
        self.begin = Together(database, begin_all)
        self.accept = Together(database, accept_all)


class _Stopped(Exception):
    """The last look said no, or not yet; nothing was sent."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome
