"""What the next weeks bring a contact by the production rules.

A simulation from entry that is told everything that has really happened; only what lies ahead is shown of it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.facts import Facts
from domain.holds import PAUSE
from domain.letters import Compose
from domain.references import TemplatesKnown
from domain.simulation import Script, Scripted, simulate
from domain.story import Story
from starter.standing import Stand


def foreseen(stand: Stand, templates: TemplatesKnown, compose: Compose, until: datetime) -> Story:
    """Run the sequence on a virtual clock from entry, with the record as it is and what really happened."""
    facts = stand.facts
    told = [
        Scripted(event.at, event.name, event.step if event.enrolment == stand.enrolment else None, event.data)
        for event in facts.events
        if event.id > (stand.entered_by or 0)
    ]
    told += [Scripted(hold.paused_at, PAUSE, until=hold.until) for hold in facts.holds]
    contact = {**facts.contact, "consents": dict(_consents(facts, told))}
    script = Script(contact=contact, at=facts.entered_at, run_event=facts.run_event, events=told, until=until)
    return simulate(facts.program, facts.policies, templates, compose, script)


def _consents(facts: Facts, told: list[Scripted]) -> Mapping[str, str]:
    """Return what the contact said, but for what the events that follow take back: it holds from then on only."""
    withdrawn = {str(event.data.get("topic")) for event in told if event.event == "unsubscribed"}
    return {topic: "opted_in" if topic in withdrawn else state for topic, state in facts.standing.consents.items()}


def ahead(story: Story, now: datetime) -> list[dict[str, Any]]:
    """Return the rows of a story that lie ahead, without the waits: the next row tells when they are over."""
    rows = (row for row in story.timeline if datetime.fromisoformat(row["at"]) > now)
    return [row for row in rows if row["did"] != "waited"]


def differs(stand: Stand, story: Story, now: datetime) -> str | None:
    """Say in what a story has a contact elsewhere, now, than they really are; None when it agrees."""
    if stand.end is not None:
        told = story.end["reason"] if story.end else "nothing"
        return None if told == stand.end else f"ends with {told}, but the records say {stand.end}"
    coming = [row["step"] for row in story.timeline if datetime.fromisoformat(row["at"]) > now]
    step = coming[0] if coming else (story.waiting or {}).get("step")
    return None if step == stand.step else f"goes on at {step}, but really waits at {stand.step}"
