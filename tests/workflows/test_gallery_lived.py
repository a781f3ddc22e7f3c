"""The stories of the gallery, on Temporal: lived as they are simulated."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.gallery import STORIES, script
from tests.home import shipped
from tests.workflows.parity import Simulator
from tests.workflows.world import Someone, living

pytestmark = pytest.mark.workflow

# Whom each sequence's stories happen to. Left out: what asks other systems or starts other sequences, or has a past.
WHO = {
    "abandoned-cart": "lena",
    "anniversary": "rosa",
    "appointment": "lena",
    "appointment-cancelled": "lena",
    "confirm-newsletter": "lena",
    "newsletter-welcome": "ada",
    "nps": "per",
    "order-follow-up": "lena",
    "re-engagement": "ada",
    "referral-thanks": "rosa",
    "renewal": "per",
    "subject-test": "ada",
    "webinar": "kenji",
    "workshop-demo": "lena",
}
WITH_CONSENT = {"consents": {"product-news": "opted_in", "shop": "opted_in"}}


async def test_every_story_that_needs_nobody_outside_is_lived_as_simulated(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    home = shipped()
    files = {**home.files, **{f"templates/{path}": text for path, text in home.templates.items()}}
    simulator = Simulator(files)
    found: dict[str, list[str]] = {}
    async with living(env, tmp_path) as world:
        await world.publish(files)
        places = asyncio.Semaphore(4)

        async def travel(sequence: str, who: str) -> None:
            async with places:
                start = datetime.now(UTC).replace(microsecond=0)
                stories = [each for each in STORIES if each.startswith(f"{sequence}/")]
                people = [_someone(story, who, start) for story in stories]
                journey = await world.enter(sequence, people, start)
                await journey.live()
            for story, someone, told in zip(stories, people, await journey.timelines(), strict=True):
                found[story] = simulator.told_apart(sequence, someone, start, told)

        await asyncio.gather(*(travel(sequence, who) for sequence, who in WHO.items()))

    assert {story: what for story, what in found.items() if what} == {}
    assert len(found) > 20


def _someone(story: str, who: str, start: datetime) -> Someone:
    """Return who a story happens to, with everything in it moved so that it begins at `start`."""
    told = script(story, who)
    moved = start - told.at
    person = {key: value for key, value in told.contact.items() if value is not None and key != "created_at"}
    name = story.replace("/", "-")
    contact = {**_moved(person, moved), **WITH_CONSENT, "id": name, "email": f"{name}@gallery.example"}
    happens = [(each.at - told.at, each.event, each.of, _moved(each.data, moved)) for each in told.events]
    return Someone(contact, happens, _moved(told.run_event, moved))


def _moved(values: Mapping[str, Any], by: timedelta) -> dict[str, Any]:
    return {key: _later(value, by) for key, value in values.items()}


def _later(value: Any, by: timedelta) -> Any:
    """Return a date or an instant, as text, so much later; everything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        if len(value) == len("2026-05-04"):
            return (date.fromisoformat(value) + timedelta(days=by.days)).isoformat()
        return (datetime.fromisoformat(value) + by).isoformat() if "T" in value else value
    except ValueError:
        return value
