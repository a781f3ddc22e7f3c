"""What the pages behind our links know of whom they are for: read from the main database, or nothing.

A page works without it: the web process answers while the database is away, in the language of the browser.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from domain.own_wishes import Wishes
from domain.policies import Policies
from domain.zones import zone_of
from records.consenting import reasons_against, said_by
from records.facts import contact_fields
from records.models import Contact
from rendering.bundle import Place
from starter.link_words import LANGUAGES
from starter.site import Site

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

PATIENCE = 2.0
"""So many seconds a page waits for the main database."""


@dataclass(frozen=True)
class Known:
    """What is known of a contact; `says` is topic and channel → `opted_in | opted_out | pending`, defaults included.

    `blank` says that nothing is: there are topics, and nobody knows now what was said about them.
    """

    language: str | None
    policies: Policies
    languages: frozenset[str] = frozenset()
    says: Mapping[tuple[str, str], str] = field(default_factory=dict)
    against: frozenset[str] = frozenset()
    quiet_hours: str | None = None
    paused_until: datetime | None = None
    zone: str = "UTC"
    blank: bool = False

    def label(self, topic: str) -> str | None:
        """Return what a topic is called, None if it is none of ours."""
        known = self.policies.messaging.topics.get(topic)
        return known.label if known is not None else None


@dataclass(frozen=True)
class Reader:
    """Who reads a page. `known` is None or blank where nothing can be known now; `gone`: there is no such contact."""

    lang: str
    known: Known | None = None
    gone: bool = False


async def reader_of(site: Site, request: Request, contact: str | None) -> Reader:
    """Return who reads this page; without a contact only the language of their browser is known."""
    accepted = _accepted(request.headers.get("accept-language", ""))
    found = await looked_up(site, lambda session: [_read(site, session, contact)]) if contact is not None else None
    if found is None:
        return Reader(accepted, _blank(site) if contact is not None else None)
    [known] = found
    if known is None:
        return Reader(accepted, gone=True)
    return Reader(_ours(known.language) or accepted, known)


def _blank(site: Site) -> Known | None:
    """Return what can be shown of anybody while the records are away: the topics there were."""
    if not site.last_policies:
        return None
    policies = site.last_policies[0]
    topics = policies.messaging.topics
    return Known(None, policies, frozenset(LANGUAGES), {(topic, "email"): "" for topic in topics}, blank=True)


async def looked_up(site: Site, look: Callable[[Session], Result], patience: float = PATIENCE) -> Result | None:
    """Return what `look` finds in the main database; None where it cannot be read now, within so many seconds."""
    if site.main is None:
        return None
    try:
        async with asyncio.timeout(patience):
            return await site.main.read(look)
    except (SQLAlchemyError, OSError, RuntimeError, TimeoutError) as error:
        logger.warning("a page is shown without what is known of its reader (%s)", type(error).__name__)
        return None


def _read(site: Site, session: Session, contact_id: str) -> Known | None:
    contact = session.get(Contact, contact_id)
    if contact is None or contact.erased_at is not None:
        return None
    policies = site.published.policies(session)
    site.last_policies[:] = [policies]
    defaults = {(topic, "email"): each.default for topic, each in policies.messaging.topics.items()}
    bundle = site.published.bundle(session)
    files = site.published.files(session, bundle) if bundle is not None else {}
    return Known(
        language=contact.language,
        policies=policies,
        languages=frozenset(_languages(files, policies)),
        says=defaults | said_by(session, contact_id),
        against=frozenset(reasons_against(session, contact)),
        quiet_hours=contact.quiet_hours,
        paused_until=Wishes(paused_until=contact.paused_until).paused_for(site.clock()),
        zone=zone_of(contact_fields(contact), None, policies.messaging.organisation.time_zone).name,
    )


def _languages(files: Mapping[str, str], policies: Policies) -> set[str]:
    """Return the languages that messages are written in: the organisation's, and those of variants."""
    places = (Place.parse(path.removeprefix("templates/")) for path in files if path.startswith("templates/"))
    return {policies.messaging.organisation.locale} | {place.locale for place in places if place and place.locale}


def preferred(request: Request) -> str | None:
    """Return the language of ours that a reader's browser likes best, None if it likes none."""
    return _liked(request.headers.get("accept-language", ""))


def spoken(languages: Iterable[str]) -> str:
    """Return the first language of ours that somebody speaks, else English.

    >>> spoken(["fr", "de-AT"]), spoken([])
    ('de', 'en')
    """
    return next((ours for each in languages if (ours := _ours(each)) is not None), LANGUAGES[0])


def _accepted(header: str) -> str:
    """Return the language of ours that a browser likes best, else English.

    >>> _accepted("fr-CH, de-AT;q=0.9, en;q=0.8"), _accepted("fr"), _accepted("en;q=0.5, de;q=0.7"), _accepted(";;q=x")
    ('de', 'en', 'de', 'en')
    """
    return _liked(header) or LANGUAGES[0]


def _liked(header: str) -> str | None:
    wishes = []
    for number, each in enumerate(header[:500].split(",")):
        tag, _, weight = each.partition(";q=")
        wishes.append((-_weight(weight), number, tag.strip()))
    found = (_ours(tag) for _, _, tag in sorted(wishes))
    return next((language for language in found if language is not None), None)


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def _ours(tag: str | None) -> str | None:
    """Return the language of ours that a tag such as `de-AT` means."""
    language = (tag or "").replace("_", "-").partition("-")[0].lower()
    return language if language in LANGUAGES else None
