"""Notes to staff are posted: taken from their ledger, written, handed over, and what became of them is written down.

The one thing to know: `handing_over` is committed before the first byte of the body leaves, so who is killed before has
sent nothing, and who is killed after leaves a note that is sent once more under the same Message-ID. Any number of
workers may post; what one prepares, no other does.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlmodel import Session
from uuid_utils.compat import uuid7

from activities.clock import Clock
from activities.messages import TEMPLATES
from activities.staff_digest import ListOfTheDay, letter_of, list_of
from activities.staff_letters import Posted, StaffLetters, Words
from channels.base import Away, Channel, ChannelError, Gone, Refused, SenderFault, Unavailable
from domain import patience
from domain.case_notes import case_idle
from domain.staff_notes import NobodyToTell, Occasion, idle, who_is_gone
from domain.stops import Kind
from records import notices, staff_notes, staff_ways
from records.digests import DIGEST
from records.follow_up_models import StaffNote
from records.follow_up_rows import CHAT
from records.ledger import NotOurs, Taken
from records.published import Published
from records.session import Database
from records.staff_told import occasion_of
from rendering.email import BadLetter
from rendering.process import RendererDown

logger = logging.getLogger("worker")

Result = TypeVar("Result")

EVERY = 1.0
AT_ONCE = 20
# What is ours to correct, a missing sender, is looked at again after this long.
CORRECTED = timedelta(minutes=5)
# A rendering process that died begins anew at once.
RENDERER_BACK = timedelta(seconds=5)
GONE = "its task or its contact is gone"
DIED = "whoever posted it died while it left"


class _Idle(Exception):
    """It asks nothing of anybody any more: it ended while this was written."""


@dataclass(frozen=True)
class Prepared:
    """A note one attempt has, with what there is to tell: an occasion, a list of the day, or why it is not told."""

    taken: Taken
    note: StaffNote
    told: Occasion | ListOfTheDay | None = None
    bundle: str = ""
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    skipped: str = GONE


@dataclass(frozen=True)
class StaffPost:
    """Posts notes to staff, by `channels`: `email` and `chat`."""

    main: Database
    published: Published
    letters: StaffLetters
    channels: Mapping[str, Channel]
    clock: Clock

    async def watch(self) -> None:
        """Look every second; at once again while there is more than one look takes."""
        while True:
            try:
                while await self.look() >= AT_ONCE:
                    pass
            except Exception:
                logger.exception("cannot post notes to staff; trying again")
            await asyncio.sleep(EVERY)

    async def look(self) -> int:
        """Post what waits, up to 20 notes of each way; return how many were taken."""
        now, lease = self.clock(), self.letters.settings.lease
        ready, died = await self.main.read(
            lambda session: (staff_ways.ready(session, now, AT_ONCE), staff_notes.abandoned(session, now))
        )
        for id in died:
            await self.main.write(partial(staff_ways.lost, id=id, reason=DIED, now=now))
        taken: list[Taken] = []
        for way, ids in ready.items():
            taken += await self.main.write(
                partial(staff_ways.reserve, way=way, ids=ids, attempt=str(uuid7()), now=now, lease=lease)
            )
        await asyncio.gather(*(self._post(each) for each in taken))
        return len(taken)

    async def _post(self, taken: Taken) -> None:
        """Post one note; what is left undone by a fault of ours is taken up again when its attempt's time is over."""
        try:
            prepared = await self.main.read(lambda session: self._prepared(session, taken))
            if prepared.told is None:
                await self.main.write(lambda session: staff_notes.skip(session, taken, prepared.skipped))
            elif (posted := await self._written(prepared, prepared.told)) is not None:
                await self._send(prepared, posted)
        except NotOurs:
            pass  # another attempt has it, or it needs nobody any more
        except Exception:
            logger.exception("a note to staff cannot be posted; trying again")

    def _prepared(self, session: Session, taken: Taken) -> Prepared:
        note, bundle = session.get(StaffNote, taken.id), self.published.bundle(session)
        if note is None or bundle is None or note.attempt != taken.attempt:
            raise NotOurs(taken.id)
        told = self._told(session, note, self.clock())
        if isinstance(told, str):
            return Prepared(taken, note, skipped=told)
        return Prepared(taken, note, told, bundle, _templates(self.published.files(session, bundle)))

    def _told(self, session: Session, note: StaffNote, now: datetime) -> Occasion | ListOfTheDay | str:
        """Return what there is to tell, or why it is told to nobody any more."""
        policies = self.published.policies(session)
        if note.about == DIGEST:
            return list_of(session, policies, note, now)
        occasion = occasion_of(session, policies, note, now)
        if occasion is None:
            return GONE
        over = case_idle(note.about, note.data, occasion.case) or idle(note.about, note.person, occasion.state)
        return over or occasion

    async def _written(self, prepared: Prepared, told: Occasion | ListOfTheDay) -> Posted | None:
        """Return a note ready to be handed over; None where it waits, or goes elsewhere."""
        try:
            posted, words = await self._worded(prepared, told)
        except RendererDown as error:
            await self._rests(prepared, str(error), RENDERER_BACK, counted=False)
            return None
        except KeyError:
            what = "there is no sender 'default' in policies/messaging.yaml; add it, and publish"
            await self._notice("staff/sender", "staff not told", what)
            await self._rests(prepared, what, CORRECTED, counted=False)
            return None
        except NobodyToTell as error:
            await self._write(staff_ways.refused, taken=prepared.taken, reason=str(error))
            return None
        except BadLetter as error:
            await self._write(staff_ways.unreachable, taken=prepared.taken, reason=str(error))
            return None
        if isinstance(told, Occasion):
            await self._say_what_differs(told, words)
        return posted

    async def _worded(self, prepared: Prepared, told: Occasion | ListOfTheDay) -> tuple[Posted, Words | None]:
        key = prepared.note.key
        if isinstance(told, ListOfTheDay):
            letter = letter_of(told, key, self.letters.settings)
            return await self.letters.sealed(letter, told.note, key), None
        words = await self.letters.words(told, prepared.bundle, prepared.sources)
        if prepared.note.channel == CHAT:
            return self.letters.post(told, words, key), words
        return await self.letters.posted(told, words, key), words

    async def _say_what_differs(self, occasion: Occasion, words: Words | None) -> None:
        """Say what is not as the company wrote it: whom it goes to, and in whose words."""
        if (gone := who_is_gone(occasion)) is not None:
            await self._notice(f"staff/{gone}", "staff not told", f"{gone} has left, their team is told instead")
        if words is not None and words.fault is not None:
            what = f"our own words went to staff, since the company's cannot be used: {words.fault}"
            await self._notice(f"staff/template/{occasion.about}", "template for staff", what)

    async def _send(self, prepared: Prepared, posted: Posted) -> None:
        async def before_body() -> None:
            await self.main.write(lambda session: self._hand_over(session, prepared.taken, posted))

        try:
            await self.channels[prepared.note.channel].send(posted.envelope, before_body)
        except _Idle as idle_now:
            await self.main.write(partial(staff_notes.skip, taken=prepared.taken, reason=str(idle_now)))
        except ChannelError as error:
            await self._failed(prepared, error)
        else:
            await self._write(staff_ways.accepted, taken=prepared.taken)

    def _hand_over(self, session: Session, taken: Taken, posted: Posted) -> None:
        now = self.clock()
        row = staff_notes.hand_over(session, taken, now, self.letters.settings.lease)
        told = self._told(session, row, now)
        if isinstance(told, str):
            raise _Idle(told)
        row.subject, row.message_id, row.calendar = posted.subject[:1000], posted.message_id, posted.entry
        session.add(row)

    async def _failed(self, prepared: Prepared, error: ChannelError) -> None:
        """Do what the type of the error decides."""
        taken, reason, longest = prepared.taken, str(error), self.letters.settings.longest_rest
        match error:
            case Refused(suppress=True):
                await self._write(staff_ways.unreachable, taken=taken, reason=reason)
            case Refused():
                await self._write(staff_ways.refused, taken=taken, reason=reason)
            case Away() | SenderFault():
                kind: Kind = "disabled" if isinstance(error, Gone) else "away" if isinstance(error, Away) else "fault"
                told = await self._write(staff_ways.stopped, taken=taken, kind=kind, reason=reason, longest=longest)
                if told is not None:
                    logger.error("%s", told)
            case Unavailable(retry_after=asked):
                note = prepared.note
                await self._rests(prepared, reason, patience.rest(note.channel, note.attempts, asked, note.id, longest))
            case _:
                await self._write(staff_ways.lost, id=taken.id, reason=reason, attempt=taken.attempt)

    async def _rests(self, prepared: Prepared, reason: str, wait: timedelta, *, counted: bool = True) -> None:
        await self._write(staff_ways.put_back, taken=prepared.taken, reason=reason, wait=wait, counted=counted)

    async def _notice(self, cause: str, kind: str, what: str) -> None:
        if await self._write(notices.note, cause=cause, kind=kind, what=what):
            logger.error("%s", what)

    async def _write(self, work: Callable[..., Result], **more: Any) -> Result:
        """Do one thing in a transaction, now."""
        return await self.main.write(partial(work, now=self.clock(), **more))


def _templates(files: Mapping[str, str]) -> dict[str, str]:
    return {path.removeprefix(TEMPLATES): text for path, text in files.items() if path.startswith(TEMPLATES)}
