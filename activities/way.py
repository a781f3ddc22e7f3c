"""The way out that a message shares with all others: whether its channel goes, who goes first, how many at a time.

Asked when a message is claimed, and once more in the transaction that says that its body leaves.
"""

from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from sqlmodel import Session
from temporalio import activity

from activities.post import Post
from activities.writing import Writing
from channels.base import Away, Gone, SenderFault
from domain.answering import Answer, Asked, Row
from domain.endpoints import is_given_up
from domain.facts import Facts
from domain.needs import Later
from domain.slots import Counter, Outgoing, counters
from domain.standing import EMAIL
from domain.stops import BY_ITSELF, Kind, comes_back, coming_back, rate, unaddressed
from domain.throttles import ANY_WAY_OUT
from domain.zones import zone_named
from records import channel_states, endpoints, notices, throttling
from records.channel_states import queue_of, what_to_tell, why_it_waits
from records.endpoints import queue_name
from records.sending_models import ChannelState
from records.throttling import Wanted

# A promised slot that was not used in time is asked for again at once.
AGAIN = timedelta(seconds=1)
# While one message tries whether a channel goes again, the others ask after this long.
WHILE_TRYING = timedelta(seconds=5)


class Way:
    """The way out of one message. `queue` is what it waits for in turn with others, once it was told to wait.

    `busy` are the queues in which others are known to wait.
    """

    def __init__(self, post: Post, writing: Writing, facts: Facts, asked: Asked, message_id: str) -> None:
        self.post, self.writing, self.facts, self.plan = post, writing, facts, writing.plan
        priority = facts.program.priority
        self.wanted = Wanted(message_id, facts.enrolment, self.plan.class_, priority, asked.arrived_at)
        aim = self.plan.aim
        self.channel = self.plan.need.channel if aim is None else queue_name(aim.name)
        self.queue: str | None = None
        self.passed: list[Counter] = []

    def is_busy(self, queues: frozenset[str], now: datetime) -> bool:
        """Whether others wait for what this message needs, so that it is better asked before it is written."""
        return not queues.isdisjoint({*map(queue_of, self._channels), *(each.name for each in self._counters(now))})

    def enter(self, session: Session, now: datetime, found: ChannelState | None) -> Answer | None:
        """Ask whether the channel goes, and for a slot of every throttle; None if the message may leave.

        `found` is the state of the channel as it is now, None if it never stood still.
        """
        whole = self._all_stopped(session)
        if whole is not None:
            return self._stopped(session, whole, now)
        stands = found is not None and found.stopped_at is not None
        state = channel_states.stopped(session, self.channel, hold=True) if stands else None
        if state is not None and not channel_states.may_probe(state, self.wanted.message_id, now):
            return self._stopped(session, state, now)
        self.passed = self._counters(now, found)
        lease = self.post.settings.lease
        others = queue_of(self.channel)
        queued = throttling.take(session, self.wanted, self.passed, now, lease, others) if self.passed else None
        if queued is not None:
            self.queue = queued.queue
            return self._later(queued.due, f"throttle: {queued.shown}")
        if state is not None:
            channel_states.probes(session, state, self.wanted.message_id, now, lease)
        return None

    def leave(self, session: Session, now: datetime, found: ChannelState | None) -> Answer | None:
        """Use the slots up: the body leaves now. Not None where it must not, or its slots are not promised any more.

        `found` is the state of the channel as it is now, None if it never stood still.
        """
        state = self._all_stopped(session) or (found if found is not None and found.stopped_at is not None else None)
        if state is not None and state.kind != "away" and state.probe != self.wanted.message_id:
            self.give_back(session)
            return self._stopped(session, state, now)
        if not self.passed or throttling.use(session, self.wanted.message_id, self.passed, now):
            return None
        return self._later(now.replace(microsecond=0) + AGAIN, "throttle: the slot was not used in time")

    def give_back(self, session: Session) -> None:
        """Give back what was not used: the message does not leave now."""
        if self.passed:
            throttling.give_back(session, self.wanted.message_id)
        channel_states.give_up(session, self.channel, self.wanted.message_id)

    def heeds_answers(self, stopped: frozenset[str]) -> bool:
        """Whether anything follows from an acceptance: its channel is one of the `stopped`, or its answers count."""
        return self.plan.aim is not None or not stopped.isdisjoint(self._channels)

    def answered(self, session: Session, left_at: datetime | None, refusal: str | None, now: datetime) -> None:
        """Note that the other side has answered about the message: if it was the one that tries, the channel goes.

        `refusal` is None where it has accepted it.
        """
        for channel in self._channels:
            if channel_states.answered(session, channel, self.wanted.message_id, left_at, refusal is None, now):
                activity.logger.warning("channel %s goes again", channel)
        self._counts(session, refusal, now)

    def lost(self, session: Session, reason: str, now: datetime) -> None:
        """Note that the other side was lost: if it was the one that tries, the channel rests longer."""
        self._counts(session, reason, now)
        state = channel_states.stopped(session, self.channel)
        if state is not None and state.probe == self.wanted.message_id:
            self._stop(session, "fault" if state.kind == "fault" else "away", state.reason, now)

    def fails(self, session: Session, error: Away | SenderFault, now: datetime) -> Answer:
        """Let the channel stand still for everybody; return when this message asks again.

        At fault, that is behind the others: were it always the one that tries, a message that is refused for itself
        would keep the channel shut.
        """
        kind: Kind = "disabled" if isinstance(error, Gone) else "fault" if isinstance(error, SenderFault) else "away"
        state = self._stop(session, kind, unaddressed(str(error)), now)
        self.give_back(session)
        if kind != "fault":  # which is ours
            state = self._counts(session, str(error), now) or state
        found = self._stopped(session, state, now)
        assert isinstance(found.outcome, Later), "who is stopped is told to come back"
        if state.kind != "fault" or found.outcome.due is None:
            return found
        longest, self.queue = min(WHILE_TRYING, self.post.settings.longest_rest), None
        return self._later(found.outcome.due + longest, found.outcome.why)

    def _counts(self, session: Session, refusal: str | None, now: datetime) -> ChannelState | None:
        """Count how an endpoint answers; return its state if it has failed for so long that it is given up."""
        aim = self.plan.aim
        if aim is None:
            return None
        if refusal is None:
            endpoints.succeeded(session, aim.name, now)
            return None
        known = endpoints.failed(session, aim.name, unaddressed(refusal), now)
        assert known.failing_since is not None, "it has just failed"
        if not is_given_up(known.failures, now - known.failing_since, aim.endpoint):
            return None
        failures = f"{known.failures} failures since {known.failing_since:%Y-%m-%d %H:%M} UTC, and no success"
        return self._stop(session, "disabled", f"{failures}; the last: {known.reason}", now)

    def _all_stopped(self, session: Session) -> ChannelState | None:
        """Return the state of all endpoints together, if somebody stopped them; None where they go."""
        if self.plan.aim is None:
            return None
        state = channel_states.stopped(session, self.plan.need.channel)
        return state if state is not None and state.kind not in BY_ITSELF else None

    @property
    def _channels(self) -> list[str]:
        """What stands still or goes with this message: its channel; of webhooks its endpoint, and all of them."""
        return [self.channel] if self.plan.aim is None else [self.channel, self.plan.need.channel]

    def _stop(self, session: Session, kind: Kind, reason: str, now: datetime) -> ChannelState:
        longest, mine = self.post.settings.longest_rest, self.wanted.message_id
        state, news = channel_states.stop(session, self.channel, kind, reason, now, message=mine, longest=longest)
        told = what_to_tell(state, now) if news else None
        if told is not None and notices.note(session, f"channel/{self.channel}/{state.kind}", *told, now):
            activity.logger.error("%s", told[1])
        return state

    def _stopped(self, session: Session, state: ChannelState, now: datetime) -> Answer:
        self.queue = queue_of(state.channel)
        why = why_it_waits(state.channel, state.reason)
        if state.kind not in BY_ITSELF or state.until is None:
            return self._later(state.until, why)
        until = state.until if now < state.until else now + WHILE_TRYING
        place = throttling.before(session, [self.queue], self.wanted)
        a_second = rate(self.facts.policies.messaging.throttles, self._channel, self._provider)
        return self._later(comes_back(until, place, a_second, now), why)

    @property
    def _channel(self) -> str:
        # Messages to staff take the same way out.
        return EMAIL if self.plan.team is not None else self.plan.need.channel

    @property
    def _provider(self) -> str:
        """Which way out of the channel it goes by, as throttles name it: of webhooks, the endpoint."""
        if self.plan.aim is not None:
            return self.plan.aim.name
        return self.post.settings.provider.name if self._channel == EMAIL else ANY_WAY_OUT

    def _counters(self, now: datetime, state: ChannelState | None = None) -> list[Counter]:
        messaging = self.facts.policies.messaging
        throttles = [*messaging.throttles]
        if state is not None:
            throttles += coming_back(throttles, self._channel, state.resumed_at, now, self._provider)
        if not throttles:
            return []
        return counters(throttles, self._outgoing(), now, zone_named(messaging.organisation.time_zone))

    def _outgoing(self) -> Outgoing:
        if self.plan.team is not None:
            return Outgoing(self._channel, provider=self._provider)
        if self._channel != EMAIL:
            return Outgoing(self._channel, sequence=self.facts.program.sequence, provider=self._provider)
        domain = str(self.facts.contact.get("email") or "").rpartition("@")[2].lower()
        mailbox = parseaddr(self.plan.sender.from_)[1].lower()
        return Outgoing(self._channel, domain or None, mailbox, self.facts.program.sequence, self._provider)

    def _later(self, due: datetime | None, why: str) -> Answer:
        expires = self.writing.expires(self.facts)
        until = min((each for each in (due, expires) if each is not None), default=None)
        more: dict[str, Any] = {"template": self.writing.template, "clock": str(self.facts.zone)}
        more |= {"until": until} if until else {}
        more |= {"in_vain": True} if until is not None and until == expires else {}
        late = Row("deferred", why=[why], more=more, final=False)
        return Answer(Later(until, why), late)
