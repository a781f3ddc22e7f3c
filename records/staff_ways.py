"""The ways by which notes to staff leave: mail, and the chat of each team. One that stands still keeps them waiting.

The one thing to know: while a way stands still, one note tries it when it has rested; the others wait for its answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from domain.stops import Kind, unaddressed
from records import channel_states, notices, staff_notes
from records.channel_states import what_to_tell, why_it_waits
from records.follow_up_models import StaffNote
from records.follow_up_rows import CHAT, EMAIL
from records.ledger import HANDING_OVER, REFUSED, UNKNOWN, Taken

# The channel of mail to our own people, for all workers and for `rapport channel`.
STAFF = "staff"


@dataclass(frozen=True)
class Way:
    """One way out: `staff` is mail, `chat/sales` the chat of a team."""

    channel: str
    team: str | None = None

    @property
    def name(self) -> str:
        """What `rapport channel` calls it."""
        return STAFF if self.channel == EMAIL else f"{CHAT}/{self.team}"

    @property
    def whole(self) -> str:
        """What it is a part of: somebody may have stopped all chats."""
        return self.name.partition("/")[0]


def way_of(note: StaffNote) -> Way:
    """Return the way a note goes."""
    return Way(CHAT, note.team) if note.channel == CHAT else Way(EMAIL)


def ready(session: Session, now: datetime, most: int) -> dict[Way, list[str]]:
    """Return the notes that may go now, by their way: of one that stands still the one that may try it."""
    found: dict[Way, list[str]] = {}
    for way, ids in _waiting(session, now, most):
        if channel_states.stopped(session, way.whole) is not None and way.whole != way.name:
            continue
        state = channel_states.stopped(session, way.name)
        if state is not None:
            ids = [id for id in ids if channel_states.may_probe(state, id, now)][:1]
        if ids:
            found[way] = ids
    return found


def _waiting(session: Session, now: datetime, most: int) -> Iterator[tuple[Way, list[str]]]:
    free = staff_notes.free(now)
    chats = select(StaffNote.team).where(*free, StaffNote.channel == CHAT).distinct()
    ways = [Way(EMAIL), *(Way(CHAT, team) for team in session.exec(chats))]
    for way in ways:
        of_it = [StaffNote.channel == way.channel] + ([StaffNote.team == way.team] if way.channel == CHAT else [])
        ids = select(StaffNote.id).where(*free, *of_it).order_by(col(StaffNote.at), col(StaffNote.id)).limit(most)
        yield way, list(session.exec(ids).all())


def waiting_for(session: Session, channel: str) -> int:
    """Return how many notes wait for a channel: `staff`, `chat/sales`, or `chat` for all chats."""
    whole, _, team = channel.partition("/")
    by = {STAFF: EMAIL, CHAT: CHAT}.get(whole)
    wanted = [StaffNote.state == staff_notes.WAITING, StaffNote.channel == by]
    wanted += [StaffNote.team == team] if team else []
    return session.exec(select(func.count()).select_from(StaffNote).where(*wanted)).one() if by is not None else 0


def reserve(session: Session, way: Way, ids: list[str], attempt: str, now: datetime, lease: timedelta) -> list[Taken]:
    """Take notes of one way for an attempt; while it stands still, only the one that tries it."""
    state = channel_states.stopped(session, way.name, hold=True)
    if state is not None:
        ids = [id for id in ids if channel_states.may_probe(state, id, now)][:1]
    taken = staff_notes.reserve(session, ids, attempt, now) if ids else []
    if state is not None and taken:
        channel_states.probes(session, state, taken[0].id, now, lease)
    return taken


def accepted(session: Session, taken: Taken, now: datetime) -> None:
    """Note that the other side has a note. Raises `NotOurs`."""
    row = staff_notes.accept(session, taken, now)
    channel_states.answered(session, way_of(row).name, row.id, row.handing_over_at, True, now)


def refused(session: Session, taken: Taken, reason: str, now: datetime) -> None:
    """Note that the other side will never take a note, and tell the operator. Raises `NotOurs`."""
    row = staff_notes.refuse(session, taken, unaddressed(reason))
    _answers(session, row, now)
    say_undone(session, row, now)


def put_back(session: Session, taken: Taken, reason: str, wait: timedelta, now: datetime, *, counted: bool) -> None:
    """Let a note rest; after its last attempt the operator is told. Raises `NotOurs`."""
    row = staff_notes.put_back(session, taken, unaddressed(reason), now + wait, counted=counted)
    if counted:
        _answers(session, row, now)
    else:
        channel_states.give_up(session, way_of(row).name, row.id)
    if row.state == REFUSED:
        say_undone(session, row, now)


def stopped(session: Session, taken: Taken, kind: Kind, reason: str, now: datetime, longest: timedelta) -> str | None:
    """Let the way of a note stand still: it is not about this note. Return what the operator is told, if it is news."""
    row = staff_notes.put_back(session, taken, unaddressed(reason), None, counted=False)
    way, why = way_of(row).name, unaddressed(reason)
    state, news = channel_states.stop(session, way, kind, why, now, message=row.id, longest=longest)
    channel_states.give_up(session, way, row.id)
    row.reason, row.not_before = why_it_waits(way, why), state.until
    session.add(row)
    told = what_to_tell(state, now) if news else None
    if told is not None and notices.note(session, f"channel/{way}/{state.kind}", *told, now):
        return told[1]
    return None


def lost(session: Session, id: str, reason: str, now: datetime, *, attempt: str | None = None) -> None:
    """Note that nobody knows whether a note arrived; the operator is told where it is not sent again."""
    row = staff_notes.lose(session, id, unaddressed(reason), now, attempt=attempt)
    if row is None:
        return
    state = channel_states.stopped(session, way_of(row).name)
    if state is not None and state.probe == row.id:
        channel_states.give_up(session, way_of(row).name, row.id)
    if row.state == UNKNOWN:
        say_undone(session, row, now)


def unreachable(session: Session, taken: Taken, reason: str, now: datetime) -> None:
    """Somebody cannot be written to: their team is told instead, and the operator of it. Raises `NotOurs`."""
    row, why = staff_notes.ours(session, taken, staff_notes.WAITING, HANDING_OVER), unaddressed(reason)
    _answers(session, row, now)
    if row.person is None or row.to_team or row.channel == CHAT:
        say_undone(session, staff_notes.refuse(session, taken, why), now)
        return
    staff_notes.to_team(session, taken, why)
    what = f"{row.person} cannot be written to, the team {row.team} is told instead: {why}"
    notices.note(session, f"staff/{row.person}", "staff not told", f"{what}; correct policies/teams.yaml", now)


def _answers(session: Session, row: StaffNote, now: datetime) -> None:
    """Note that the other side answers: whatever it says of this note, it is there."""
    channel_states.answered(session, way_of(row).name, row.id, row.handing_over_at, False, now)


def say_undone(session: Session, row: StaffNote, now: datetime) -> None:
    """Tell the operator of a note that reached nobody, or may not have."""
    who = row.person if row.person is not None and not row.to_team else f"the team {row.team}"
    fate = "may not have been told" if row.state == UNKNOWN else "was not told"
    notices.note(session, f"staff/{who}", "staff not told", f"{who} {fate} of a task ({row.about}): {row.reason}", now)
