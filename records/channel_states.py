"""Channels that stand still, for all workers at once. Whoever changes the row holds it until the commit."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, update
from sqlmodel import Session, col

from domain.stops import BY_ITSELF, WORTH_TELLING, Kind, rest
from records.sending_models import ChannelState
from records.unique import add_if_new
from records.waiting_models import WaitingMessage

# Asked for every message, so they are built once. Few channels ever stood still.
_KNOWN = select(col(ChannelState.channel)).where(col(ChannelState.channel) == bindparam("channel"))
_STOPPED = select(col(ChannelState.channel)).where(col(ChannelState.stopped_at).is_not(None))


def queue_of(channel: str) -> str:
    """Return the name of the queue in which messages wait for a channel."""
    return f"channel/{channel}"


def why_it_waits(channel: str, reason: str) -> str:
    """Return what is said of a message that waits because its channel stands still."""
    return f"{_BECAUSE.format(channel)}{reason}"[:300]


# The beginning of it: by this, too, whoever resumes a channel finds those that wait for it.
_BECAUSE = "channel {} is stopped: "


def waits_for(channel: str) -> ColumnElement[bool]:
    """Return what is true of messages that wait for a channel.

    Those of its queue do, and the one that ran into our own fault: it stands in no queue and asks again behind the
    others, but once somebody has corrected the fault there is no reason to let it wait.
    """
    ran_into_it = col(WaitingMessage.reason).startswith(_BECAUSE.format(channel), autoescape=True)
    behind = and_(col(WaitingMessage.queue).is_(None), ran_into_it)
    return or_(col(WaitingMessage.queue) == queue_of(channel), behind)


def stopped(session: Session, channel: str, *, hold: bool = False) -> ChannelState | None:
    """Return the state of a channel that stands still, None if it goes; with `hold` nobody else changes it."""
    wanted = select(ChannelState).where(col(ChannelState.channel) == channel, col(ChannelState.stopped_at).is_not(None))
    wanted = wanted.execution_options(populate_existing=True)
    return session.execute(wanted.with_for_update() if hold else wanted).scalars().first()


def state_of(session: Session, channel: str) -> ChannelState | None:
    """Return the state of a channel as it is now; None if it never stood still."""
    if session.connection().execute(_KNOWN, {"channel": channel}).first() is None:
        return None
    wanted = select(ChannelState).where(col(ChannelState.channel) == channel)
    return session.execute(wanted.execution_options(populate_existing=True)).scalars().first()


def all_stopped(session: Session) -> list[str]:
    """Return the channels that stand still."""
    return list(session.connection().execute(_STOPPED).scalars())


def stop(
    session: Session,
    channel: str,
    kind: Kind,
    reason: str,
    now: datetime,
    *,
    by: str = "rapport",
    message: str | None = None,
    longest: timedelta = timedelta(days=1),
) -> tuple[ChannelState, bool]:
    """Let a channel stand still, from now on; return its state, and whether that is news.

    One that stands still already rests longer if `message` was its probe. What a person stopped, only they let go on.
    """
    state = _held(session, channel)
    resting = state.stopped_at is not None
    if resting and kind == "disabled" and state.kind not in BY_ITSELF:
        return state, False
    if resting and kind in BY_ITSELF and (state.kind not in BY_ITSELF or _milder(state, kind, message)):
        return state, False
    probed = resting and message is not None and state.probe == message
    state.tries = state.tries + 1 if probed else 0
    state.stopped_at = state.stopped_at if resting and kind in BY_ITSELF else now
    state.until = now + min(rest(kind, state.tries), longest) if kind in BY_ITSELF else None
    state.kind, state.reason, state.by = kind, reason[:1000], by[:200]
    state.probe = state.probe_until = None
    session.add(state)
    session.flush()
    return state, True


def _milder(state: ChannelState, kind: Kind, message: str | None) -> bool:
    """Whether a failure says nothing new: it was under way when the channel stopped, and is no worse than why."""
    return state.probe != message and (kind == state.kind or kind == "away")


def try_again(session: Session, channel: str, now: datetime, by: str) -> ChannelState | None:
    """Let the next message try a channel; None if it stands not still. The others follow in their order."""
    state = stopped(session, channel, hold=True)
    if state is not None:
        state.kind, state.until, state.tries, state.by = "away", now, 0, by[:200]
        state.reason, state.probe, state.probe_until = f"resumed by {by}, opens with the next message", None, None
        session.add(state)
        session.flush()
    return state


def probes(session: Session, state: ChannelState, message: str, now: datetime, lease: timedelta) -> None:
    """Note that this message is the one that tries whether a channel goes again."""
    state.probe, state.probe_until = message, now + lease
    session.add(state)
    session.flush()


def may_probe(state: ChannelState, message: str, now: datetime) -> bool:
    """Whether a message may try a channel now: it has rested, and nobody else is trying."""
    if state.until is None or now < state.until:
        return False
    return state.probe in (None, message) or state.probe_until is None or state.probe_until <= now


def answered(
    session: Session, channel: str, message: str, left_at: datetime | None, accepted: bool, now: datetime
) -> bool:
    """Note an answer about a message, its acceptance or another; return whether the channel goes again with it.

    The acceptance of the probe opens a channel. One that was away opens with any answer to the probe, and with the
    acceptance of anything that left since; one that was refused rests no longer if its probe met with another answer.
    """
    state = stopped(session, channel)
    if state is None or state.kind not in BY_ITSELF or state.stopped_at is None:
        return False
    probe, since = state.probe == message, left_at is not None and left_at > state.stopped_at
    opens = (accepted and probe) or (state.kind == "away" and (probe or (accepted and since)))
    if not (opens or probe):
        return False
    mine = (col(ChannelState.channel) == channel, col(ChannelState.stopped_at) == state.stopped_at)
    values = {"stopped_at": None, "resumed_at": now, "until": None} if opens else {"until": now}
    values |= {"probe": None, "probe_until": None}
    session.execute(update(ChannelState).where(*mine).values(**values).execution_options(synchronize_session=False))
    return opens


def give_up(session: Session, channel: str, message: str) -> None:
    """Note that a message that was to try a channel does not: another may."""
    mine = update(ChannelState).where(col(ChannelState.channel) == channel, col(ChannelState.probe) == message)
    session.execute(mine.values(probe=None, probe_until=None).execution_options(synchronize_session=False))


def what_to_tell(state: ChannelState, now: datetime) -> tuple[str, str] | None:
    """Return the kind and the words of what the operator should know of a channel; None if it is not worth a word."""
    name, again = state.channel, f"{state.until:%Y-%m-%d %H:%M} UTC" if state.until else "once it is resumed"
    if state.kind == "fault":
        what = f"channel {name} is stopped, nobody's message is lost: {state.reason}"
        return (
            "channel stopped",
            f"{what}; correct it, a message tries it again at {again}, or `rapport channel resume`",
        )
    if state.kind == "disabled":
        what = f"channel {name} is stopped, its messages wait until they expire: {state.reason}"
        kind, _, which = name.partition("/")
        if kind == "chat":
            remedy = f"give another in RAPPORT_CHAT_URLS, then `rapport channel resume {name}`"
            return "chat gone", f"channel {name} is stopped, its notes wait: {state.reason}; {remedy}"
        return "endpoint disabled", f"{what}; when it is there again, `rapport webhook enable {which}`"
    if state.kind == "away" and state.stopped_at is not None and now - state.stopped_at >= WORTH_TELLING:
        what = f"channel {name} is away since {state.stopped_at:%Y-%m-%d %H:%M} UTC, messages wait: {state.reason}"
        return "channel away", f"{what}; it is tried again at {again}"
    return None


def states(session: Session) -> list[ChannelState]:
    """Return every channel that stands still or did once."""
    return list(session.execute(select(ChannelState).order_by(col(ChannelState.channel))).scalars())


def _held(session: Session, channel: str) -> ChannelState:
    add_if_new(session, ChannelState(channel=channel, kind="away"))
    mine = select(ChannelState).where(col(ChannelState.channel) == channel).with_for_update()
    state: ChannelState = session.execute(mine.execution_options(populate_existing=True)).scalars().one()
    return state
