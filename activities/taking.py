"""Take: what may have changed is asked again, slots are taken, and messages are claimed, in one short transaction.

Those of a batch that are ready in the same moment are taken together, and begin to leave together: what is read of one
is read of all, and each is decided about by itself.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from activities.account import Account
from activities.last_look import Look, in_turns, look_again
from activities.linking import Kept
from domain.facts import Facts
from domain.meetings import Meeting
from domain.needs import Left, Outcome
from records import channel_states, ledger, links, meetings, waits
from records.ledger import Taken
from records.sending_models import ChannelState


@dataclass(frozen=True)
class Seen:
    """What was read again of the messages of one turn: their facts, and how their ways out stand (None: as ever)."""

    facts: Mapping[str, Facts | str]
    channels: Mapping[str, ChannelState | None]


class Taking:
    """Takes one message on its way. `meeting` and `links` are what has to be remembered before it leaves."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.look = Look(account.id, account.facts, account.plan, account.contact_id)
        self.meeting: Meeting | None = None
        self.links: Sequence[Kept] = ()

    def enter(self, session: Session, now: datetime) -> Outcome | None:
        """Re-read what may have changed since it was asked, and take the slots of throttles; None means go."""
        [(_, seen)] = _turns(session, now, [self])
        late = self.late(session, now, seen)
        if late is None:
            waits.its_turn(session, [self.account.facts.enrolment])
        return late

    def late(self, session: Session, now: datetime, seen: Seen) -> Outcome | None:
        """Ask what was seen, and for the slots of throttles; None means go."""
        late = self._changed(session, now, seen)
        if late is not None:
            return late
        writing, way = self.account.writing, self.account.way
        queued = way.enter(session, now, seen.channels[way.channel])
        if queued is not None:
            writing.noted("throttle", "; ".join(queued.row.why) if queued.row else "waits for its turn")
            return self.account.close(session, queued, now)
        writing.noted("throttle", "has a slot" if way.passed else "no throttle")
        return None

    def claimed(self, session: Session, now: datetime, taken: Taken | None) -> Taken | Outcome:
        """Tell what became of the claim; None stands for one that another attempt has."""
        if taken is None:
            self.account.way.give_back(session)
            return self.account.theirs(now)
        if self.meeting is not None:
            meetings.tell(session, self.account.id, self.meeting)
        return taken

    def leave(self, session: Session, now: datetime, seen: Seen) -> Outcome | None:
        """Ask what was seen, and use the slots of throttles up: the body leaves now; not None where it must not."""
        way = self.account.way
        changed = self._changed(session, now, seen)
        if changed is not None:
            way.give_back(session)
            return changed
        late = way.leave(session, now, seen.channels[way.channel])
        return None if late is None else self.account.close(session, late, now)

    def _changed(self, session: Session, now: datetime, seen: Seen) -> Outcome | None:
        """Ask again what can have changed: has the run ended, may the contact still be written to."""
        account, writing, found = self.account, self.account.writing, seen.facts[self.account.id]
        if isinstance(found, str):
            return Left(found)
        if writing.recipient(found) != writing.recipient(account.facts):
            # What was written is for the address of before; it is written anew.
            return account.put_off(
                session, account.soon(now, "the address has changed"), "the address has changed", now
            )
        refusal = writing.stopped(found, again=True)
        return None if refusal is None else account.close(session, refusal, now)


def take_all(session: Session, now: datetime, takings: Sequence[Taking]) -> list[Taken | Outcome]:
    """Claim the messages in whose way nothing stands any more; of each, return that, or what keeps it."""
    found: dict[str, Taken | Outcome] = {}
    for turn, seen in _turns(session, now, takings):
        free = []
        for each in turn:
            late = each.late(session, now, seen)
            if late is None:
                free.append(each)
            else:
                found[each.look.id] = late
        if free:
            found |= _claim(session, now, free)
    return [found[each.look.id] for each in takings]


def _claim(session: Session, now: datetime, free: Sequence[Taking]) -> dict[str, Taken | Outcome]:
    waits.its_turn(session, [each.look.facts.enrolment for each in free])
    links.keep(session, [link for each in free for link in each.links], now)  # before anybody can follow one
    wanted = [ledger.Wanted(each.account.row(), str(uuid.uuid4())) for each in free]
    taken = ledger.claim(session, wanted, now)
    return {each.look.id: each.claimed(session, now, mine) for each, mine in zip(free, taken, strict=True)}


def begin_all(session: Session, now: datetime, leaving: Sequence[tuple[Taking, Taken]]) -> list[Outcome | None]:
    """The last look before bodies leave, in the transaction that says that they leave; None means go.

    Raises `NotOurs`, for all of them, if another attempt has one.
    """
    claims = {taking.look.id: taken for taking, taken in leaving}
    found: dict[str, Outcome | None] = {}
    for turn, seen in _turns(session, now, [taking for taking, _ in leaving]):
        late = {each.look.id: each.leave(session, now, seen) for each in turn}
        leaves = [claims[id] for id, why in late.items() if why is None]
        for id in late.keys() - {each.id for each in leaves}:
            ledger.uncount(session, claims[id])
        if leaves:
            ledger.hand_over(session, leaves, now, turn[0].account.post.settings.lease)
        found |= late
    return [found[taking.look.id] for taking, _ in leaving]


def _turns(session: Session, now: datetime, takings: Sequence[Taking]) -> Iterator[tuple[list[Taking], Seen]]:
    """Yield messages that can be asked about together, with what is known of them now."""
    by_id = {each.look.id: each for each in takings}
    for looks in in_turns([each.look for each in takings]):
        turn = [by_id[each.id] for each in looks]
        facts = look_again(session, looks, now, turn[0].account.post.withdrawn)
        channels = {each.account.way.channel for each in turn}
        yield turn, Seen(facts, {name: channel_states.state_of(session, name) for name in sorted(channels)})
