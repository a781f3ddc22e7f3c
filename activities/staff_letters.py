"""A note to staff written as a letter: rendered, addressed, signed.

Nothing is decided here and nothing is written down. A text of the company's that cannot be rendered is no reason to
tell nobody: ours is sent instead, and what is wrong is said.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parseaddr
from typing import Any

from activities.post import MailSettings
from channels.base import Envelope
from channels.providers.base import About
from domain.attachments import enclosed
from domain.chat import SLACK, Kind, chat_body
from domain.keys import mail_token, message_id
from domain.letters import STAFF_CLASS
from domain.return_addresses import BOUNCES, REPLIES, return_address
from domain.staff_calendar import entry_of, kept
from domain.staff_notes import (
    FOLDER,
    Occasion,
    address_of,
    contact_name,
    context,
    goes_to_team,
    task_url,
    template_of,
)
from rendering.email import BadLetter, Letter, ascii_address, build_email
from rendering.headers import MOST_NAME, clean_header
from rendering.invitation import invitation
from rendering.letters import UNANSWERED
from rendering.pictures import as_parts
from rendering.process import MissingVariable, Rendered, Renderer, RenderJob, TemplateFault
from rendering.staff_texts import with_built_in

# What the link in a chat is called.
OPEN = {"en": "Open the task", "de": "Zur Aufgabe"}


@dataclass(frozen=True)
class Words:
    """What a note says. `fault` is what is wrong with the company's own text, where ours was taken instead."""

    said: Rendered
    sources: Mapping[str, str]
    fault: str | None = None


@dataclass(frozen=True)
class Posted:
    """A letter or a post ready to be handed over; a post has no Message-ID."""

    envelope: Envelope
    subject: str
    message_id: str | None
    entry: dict[str, Any] | None = None
    """What the reader's calendar is told with it."""


class StaffLetters:
    """Writes notes to staff. `chats` says what the chat of each team is."""

    def __init__(self, renderer: Renderer, settings: MailSettings, chats: Mapping[str, Kind] | None = None) -> None:
        self.renderer, self.settings, self.chats = renderer, settings, chats or {}
        self._known: dict[str, tuple[str, dict[str, str]]] = {}

    async def words(self, occasion: Occasion, bundle: str, sources: Mapping[str, str]) -> Words:
        """Return a note in the organisation's language. Raises `RendererDown`."""
        found = self._known.get(bundle)
        if found is None:
            self._known = {bundle: with_built_in(sources)}
            found = self._known[bundle]
        try:
            return Words(await self.renderer.render(self._job(occasion, *found)), found[1])
        except (MissingVariable, TemplateFault) as error:
            ours = with_built_in({})
            return Words(await self.renderer.render(self._job(occasion, *ours)), ours[1], str(error))

    def _job(self, occasion: Occasion, bundle: str, sources: Mapping[str, str]) -> RenderJob:
        about = context(occasion, self.url(occasion))
        locale = occasion.policies.messaging.organisation.locale
        return RenderJob(bundle, sources, "staff", template_of(occasion.about), locale, about)

    def url(self, occasion: Occasion) -> str:
        """Return the address of the task's page for whoever is told: where that is a team, nobody's in particular."""
        settings, person = self.settings, None if goes_to_team(occasion) else occasion.person
        return task_url(settings.public_url, settings.tokens, occasion.state.id, person, occasion.id)

    def post(self, occasion: Occasion, words: Words, key: str) -> Posted:
        """Return a note as a post in the chat of its team: its subject, who it is about, and a link for all of them."""
        team, organisation = occasion.state.team or "", occasion.policies.messaging.organisation
        label = OPEN.get((words.said.locale or organisation.locale)[:2], OPEN["en"])
        about = [contact_name(occasion.contact), str(occasion.contact.get("company") or "")]
        lines = [", ".join(dict.fromkeys(each for each in about if each))]
        body = chat_body(self.chats.get(team, SLACK), words.said.subject, lines, (self.url(occasion), label))
        return Posted(Envelope(organisation.name, team, body, key), words.said.subject, None)

    async def posted(self, occasion: Occasion, words: Words, key: str) -> Posted:
        """Return the letter of a note. Raises `BadLetter`, `NobodyToTell`, and KeyError without a default sender."""
        letter = self.letter(occasion, words, key)
        entry = entry_of(occasion, letter.from_, occasion.entry)
        if entry is None:
            return await self.sealed(letter, occasion.id, key)
        organiser = parseaddr(letter.from_)[0], ascii_address(parseaddr(letter.from_)[1], "From")
        guest, host = (letter.to_name, ascii_address(letter.to)), self.settings.message_host
        calendar = invitation(entry, organiser, guest, host, occasion.now, asks=False)
        return replace(await self.sealed(replace(letter, calendar=calendar), occasion.id, key), entry=kept(entry))

    async def sealed(self, letter: Letter, note: str, key: str) -> Posted:
        """Return the letter of a note as it is handed over: signed, with the address it comes back to."""
        settings = self.settings
        body = build_email(letter)
        if settings.signer is not None:
            body = await asyncio.to_thread(settings.signer.sign, body)
        host, secret = settings.inbound_host, settings.secret
        sender = return_address(BOUNCES, note, secret, host) if host else parseaddr(letter.from_)[1]
        known_by = mail_token(note, secret) if host else ""
        return Posted(
            Envelope(sender, ascii_address(letter.to), body, key, known_by), letter.subject, letter.message_id
        )

    def letter(self, occasion: Occasion, words: Words, key: str) -> Letter:
        """Return a note as it is meant to be read: an answer goes to the contact, and to us, where mail comes back."""
        settings, (address, name) = self.settings, address_of(occasion)
        pictures = [enclosed(path, words.sources[path]) for path in words.said.pictures]
        html, parts = as_parts(words.said.html, pictures, settings.message_host)
        host = settings.inbound_host
        return Letter(
            from_=occasion.policies.sender(None).from_,
            to=address,
            to_name=name,
            subject=words.said.subject,
            html=html,
            text=words.said.text,
            message_id=message_id(key, settings.secret, settings.message_host),
            date=occasion.now,
            reply_to=_answered(occasion),
            replies_also_to=return_address(REPLIES, occasion.id, settings.secret, host) if host else None,
            refers_to_itself=not settings.provider.keeps_ids,
            extra_headers={**UNANSWERED, **settings.provider.headers(self._about(occasion))},
            pictures=parts,
        )

    def _about(self, occasion: Occasion) -> About:
        token = mail_token(occasion.id, self.settings.secret)
        return About(occasion.id, token, FOLDER, occasion.about, STAFF_CLASS)


def _answered(occasion: Occasion) -> str | None:
    """Return the contact as an answer is addressed to them; None for an address that cannot be answered."""
    address = str(occasion.contact.get("email") or "")
    try:
        ascii_address(address)
    except BadLetter:
        return None
    names = (occasion.contact.get(each) for each in ("first_name", "last_name"))
    name = re.sub("[<>]", "", " ".join(str(each) for each in names if each))
    return f"{clean_header(name, MOST_NAME)} <{address}>"
