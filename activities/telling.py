"""Notices become letters: to the operator, and to whoever owns the sequence. A small plain letter of our own.

It passes no gate and no ledger, which are about contacts. `notice.told_at` is committed before its body leaves, so no
cause is mailed twice within the hour, whatever dies; the notice itself stays listed by `rapport notices`.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from sqlmodel import Session

from activities.clock import Clock
from activities.post import MailSettings
from channels.base import Channel, ChannelError, Envelope
from domain.keys import message_id
from domain.policies import Policies
from records import channel_states, notices, throttling
from records.published import Published
from records.sending_models import Notice
from records.session import Database
from rendering.email import BadLetter, Letter, build_email
from rendering.letters import UNANSWERED

logger = logging.getLogger("worker")

EVERY = 30.0
CHANNEL = "email"


class _Told(Exception):
    """Another worker tells them."""


@dataclass(frozen=True)
class Telling:
    """Tells people by mail what they should know, and forgets slots that nobody counts any more."""

    main: Database
    published: Published
    channel: Channel
    settings: MailSettings
    clock: Clock

    async def watch(self) -> None:
        """Look every half minute."""
        while True:
            try:
                await self.look()
                await self.main.write(lambda session: throttling.prune(session, self.clock()))
            except Exception:
                logger.exception("cannot look for what the operator should know; trying again")
            await asyncio.sleep(EVERY)

    async def look(self) -> int:
        """Mail every notice that is new, where somebody is to be told and mail goes; return how many were."""
        found, policies = await self.main.read(self._read)
        told = [await self._tell(notice, policies) for notice in found]
        return sum(told)

    def _read(self, session: Session) -> tuple[list[Notice], Policies]:
        if channel_states.stopped(session, CHANNEL) is not None:
            return [], Policies.none()
        return list(notices.to_tell(session, self.clock())), self.published.policies(session)

    async def _tell(self, notice: Notice, policies: Policies) -> bool:
        people = [policies.messaging.organisation.operator, notice.owner]
        addresses = list(dict.fromkeys(parseaddr(each)[1] for each in people if each))
        if not addresses or "default" not in policies.messaging.senders:
            return False
        now = self.clock()

        async def claim() -> None:
            if not await self.main.write(lambda session: notices.tell(session, notice, now)):
                raise _Told

        async def claimed() -> None:
            """It was, with the first letter."""

        try:
            for number, address in enumerate(addresses):
                envelope = self._letter(notice, policies, address, now)
                await self.channel.send(envelope, claim if number == 0 else claimed)
        except _Told:
            return False
        except (ChannelError, BadLetter) as error:
            logger.warning("the operator cannot be told of '%s': %s", notice.kind, type(error).__name__)
            return False
        return True

    def _letter(self, notice: Notice, policies: Policies, address: str, now: datetime) -> Envelope:
        sender = policies.sender(None).from_
        times = "once" if notice.count == 1 else f"{notice.count} times since {notice.first_at:%Y-%m-%d %H:%M} UTC"
        text = (
            f"{notice.what}\n\nIt happened {times}, last at {notice.last_at:%Y-%m-%d %H:%M} UTC.\n"
            "`rapport notices` lists everything there is to know, `rapport notices --seen` takes it off the list.\n"
        )
        key = f"notice/{notice.cause}/{address}/{now.isoformat()}"
        letter = Letter(
            from_=sender,
            to=address,
            subject=f"Rapport: {notice.kind}: {notice.cause}",
            text=text,
            message_id=message_id(key, self.settings.secret, self.settings.message_host),
            date=now,
            extra_headers=UNANSWERED,
        )
        body = build_email(letter)
        if self.settings.signer is not None:
            body = self.settings.signer.sign(body)
        return Envelope(parseaddr(sender)[1], address, body, key)
