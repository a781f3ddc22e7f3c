"""The letters of the references: the same templates and the same person as on our side, written without our rules."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from benchmarks.home import measured_home
from domain.keys import content_hash
from rendering.email import Letter, build_email
from rendering.process import Renderer, RenderJob

SENDER = "hello@acme.example"
BUNDLE = "references"


def names() -> dict[str, Any]:
    """Return what the templates may use, as our side fills it."""
    now = datetime.now(UTC)
    return {
        "contact": {"first_name": "Anna", "last_name": "Bergström", "company": "Fjällmat AB", "country": "SE"},
        "run": {"event": {"plan": "team"}, "entered_at": now},
        "organisation": {"name": "Acme Flow", "address": "Acme Flow GmbH, Lindwurmstraße 88, 80337 Munich, Germany"},
        "sender": {"name": "Mira at Acme Flow", "email": SENDER},
        "topic": {"name": "", "label": ""},
        "now": now,
        "unsubscribe_url": "https://acme.example/u/" + content_hash("unsubscribe"),
        "preferences_url": "https://acme.example/u/" + content_hash("preferences"),
    }


def job(template: str) -> RenderJob:
    """Return the order to render a template."""
    return RenderJob(BUNDLE, measured_home().sources, "email", template, "en", names())


async def written(renderer: Renderer, template: str, email: str) -> bytes:
    """Return a letter's bytes."""
    parts = await renderer.render(job(template))
    return built(parts.subject, parts.html, parts.text, email)


def built(subject: str, html: str, text: str, email: str) -> bytes:
    """Return the bytes of a rendered message."""
    letter = Letter(
        from_=f"Mira at Acme Flow <{SENDER}>",
        to=email,
        to_name="Anna Bergström",
        subject=subject,
        html=html,
        text=text,
        message_id=f"<{uuid4().hex}@mail.acme.example>",
        date=datetime.now(UTC),
    )
    return build_email(letter)
