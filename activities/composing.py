"""A message written for one contact: rendered, made into a letter, packed for the wire.

Nothing is decided here and nothing is written down: the same message composed twice is the same.
"""

import asyncio
from dataclasses import dataclass, replace
from email.utils import parseaddr

from activities.linking import Kept, Linked, linked
from activities.post import Bundle, Post
from activities.writing import Writing
from channels.base import Envelope
from channels.providers.base import About
from domain.answering import Answer
from domain.case_letters import letter_in, opened_by_mail
from domain.confirming import CONFIRM_URL, Link
from domain.facts import Facts
from domain.keys import ledger_id, mail_token, message_id, read_send_key, send_key
from domain.letters import Lacks, Written
from domain.meetings import Meeting, counted_on
from domain.needs import Sent
from domain.return_addresses import BOUNCES, LEAVING, REPLIES, Way, return_address
from domain.standing import SMS, WEBHOOK
from domain.surveys import PURPOSE, SURVEY_URL
from domain.surveys import Link as SurveyLink
from domain.threads import ALONE, Thread
from records.case_threads import thread_of
from records.meetings import last_told
from rendering.email import BadLetter, Letter, ascii_address, build_email
from rendering.letters import Posted, letter_of
from rendering.order import made_whole, ordered
from rendering.process import MissingVariable, TemplateFault
from rendering.text_message import text_message_of
from rendering.webhook_message import webhook_message_of

# Why a message is skipped whose letter nobody could send: its address is none, or its subject is empty.
UNWRITABLE = "cannot be written"


@dataclass(frozen=True)
class Packed:
    """A message ready to be handed over."""

    envelope: Envelope
    subject: str
    meeting: Meeting | None = None
    links: tuple[Kept, ...] = ()


class Composing:
    """Writes the message with one send key."""

    def __init__(self, post: Post, writing: Writing, facts: Facts, bundle: Bundle, contact_id: str, key: str) -> None:
        self.post, self.writing, self.facts, self.bundle = post, writing, facts, bundle
        self.plan, self.contact_id, self.key, self.id = writing.plan, contact_id, key, ledger_id(key)

    async def compose(self) -> Packed | Answer:
        """Return the message, or what becomes of one that cannot be written."""
        try:
            written = await self._render()
        except (MissingVariable, TemplateFault) as error:
            return self.writing.lacks(Lacks(str(error)), self.facts)
        try:
            if self.plan.need.channel == SMS:
                return self._packed_text(written)
            if self.plan.need.channel == WEBHOOK:
                return self._packed_webhook(written)
            thread = await self._thread()
            over_us = self._linked(replace(written, subject=thread.called(written.subject)))
            packed = await self._pack(self._letter(over_us.written, thread))
            return replace(packed, meeting=written.meeting, links=over_us.links)
        except BadLetter as error:
            # What is wrong often names the address: it stands in the decision log, not in a workflow's history.
            return self.writing.told(Sent("skipped", UNWRITABLE), [str(error)], {})

    async def _render(self) -> Written:
        job = ordered(self.plan, self.facts, self.bundle.hash, self.bundle.sources, self._links())
        rendered = await self.post.renderer.render(job)
        whole = await self._counted(made_whole(rendered, job, self.plan, self.facts))
        return _marked(whole) if self.facts.program.trial and self.plan.aim is None else whole

    async def _counted(self, written: Written) -> Written:
        """Return the message, its meeting counted on from what calendars were last told of it."""
        meeting = written.meeting
        if meeting is None:
            return written
        last = await self.post.database.read(lambda session: last_told(session, meeting.id, but=self.id))
        return replace(written, meeting=counted_on(meeting, last))

    def _linked(self, written: Written) -> Linked:
        _, step, _ = read_send_key(self.key)
        return linked(written, self.plan, step, self.facts, self.bundle, self.post.settings, self.id)

    def _letter(self, written: Written, thread: Thread) -> Letter:
        posted = Posted(
            self.message_id(self.key),
            self.post.clock(),
            self.post.settings.message_host,
            self._link(),
            thread,
            unsubscribe_mailto=self._back(LEAVING),
            inbound_reply_to=self._back(REPLIES),
            more_headers=self.post.settings.provider.headers(self._about()),
            keeps_ids=self.post.settings.provider.keeps_ids,
        )
        return letter_of(self.plan, written, self.facts, posted)

    async def _pack(self, letter: Letter) -> Packed:
        body, recipient, signer = build_email(letter), ascii_address(letter.to), self.post.settings.signer
        if signer is not None:
            body = await asyncio.to_thread(signer.sign, body)  # arithmetic: the loop serves others meanwhile
        known_by = self._token() if self.post.settings.inbound_host else ""
        sender = self._back(BOUNCES) or parseaddr(letter.from_)[1]
        return Packed(Envelope(sender, recipient, body, self.key, known_by), letter.subject)

    def _packed_text(self, written: Written) -> Packed:
        text = text_message_of(self.plan, written, self.facts, self.id)
        return Packed(Envelope(text.sender, text.to, text.body(), self.key), "")

    def _packed_webhook(self, written: Written) -> Packed:
        told = webhook_message_of(self.plan, written, self.facts, self.id, self.writing.asked_at)
        organisation = self.facts.policies.messaging.organisation.name
        return Packed(Envelope(organisation, told.endpoint, told.body, self.key, url=told.url), "")

    def _about(self) -> About:
        _, step, _ = read_send_key(self.key)
        return About(self.id, self._token(), self.facts.program.sequence, step, self.plan.class_)

    def _token(self) -> str:
        return mail_token(self.id, self.post.settings.secret)

    def _back(self, way: Way) -> str | None:
        """Return the address at which mail about this message comes back, None where none is read."""
        host = self.post.settings.inbound_host
        return return_address(way, self.id, self.post.settings.secret, host) if host else None

    def message_id(self, key: str) -> str:
        """Return the Message-ID of the message with a send key."""
        return message_id(key, self.post.settings.secret, self.post.settings.message_host)

    async def _thread(self) -> Thread:
        """Return what this message answers: a letter of a case what was said before, others what their step names."""
        if letter_in(self.facts.program.sequence) is not None:
            by_mail = opened_by_mail(self.facts.policies.recovery)
            run = self.facts.enrolment
            return await self.post.database.read(lambda session: thread_of(session, run, by_mail))
        step = self.plan.need.thread or ""
        visit = self.facts.sends.get(step)
        return ALONE if visit is None else Thread((self.message_id(send_key(self.facts.enrolment, step, visit)),))

    def _links(self) -> dict[str, str]:
        """Return the links of this person for this message; the one that confirms only where a topic is known."""
        links = {"unsubscribe_url": self._link()}
        links["preferences_url"] = self._page("p", "preferences", [self.contact_id, self.id])
        if self.plan.topic is not None:
            channel = str(self.facts.run_event.get("channel") or self.plan.need.channel)
            link = Link(self.contact_id, self.plan.topic, channel, self.id, self.post.clock())
            links[CONFIRM_URL] = self._page("c", "confirm", link.parts())
        survey = self.facts.policies.surveys.named(self.plan.survey or "")
        if self.plan.survey is not None and survey is not None:
            asks = SurveyLink(self.contact_id, self.plan.survey, survey.kind, self.id, self.post.clock())
            links[SURVEY_URL] = self._page("q", PURPOSE, asks.parts())
        return links

    def _page(self, page: str, purpose: str, parts: list[str]) -> str:
        return f"{self.post.settings.public_url}/{page}/{self.post.settings.tokens.make(purpose, parts)}"

    def _link(self) -> str:
        return self._page("u", "unsubscribe", [self.contact_id, self.plan.topic or "*", self.id])


def _marked(written: Written) -> Written:
    """Return a message as one of us gets it as a test: a text has no subject to say so in."""
    if not written.subject:
        return replace(written, text=f"[Test] {written.text}")
    return replace(written, subject=f"[Test] {written.subject}")
