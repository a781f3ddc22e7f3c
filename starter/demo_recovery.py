"""The demo's complaint: sent by the form, it is a case with a number, promises and an owner, and marketing waits."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

from babel.dates import format_time
from sqlmodel import Session, select

from domain.keys import recovery_workflow
from domain.promise_words import promise_named
from domain.recovery import next_word
from records.case_models import ServiceCase
from records.case_stories import CaseStory, case_story
from records.contacts import find
from records.facts import asked_outside, event_of
from records.models import Interaction
from starter.cli_why import why
from starter.demo_play import Play
from starter.demo_world import Letter, Unseen, commands_on, until
from starter.telling import LONG, on_clock

NEAR = timedelta(seconds=5)


def a_complaint_becomes_a_case(this: Play) -> None:
    """Clara complains while her welcome runs: she is answered, somebody has it, and marketing stands still."""
    stage, clara = this.stage, this.cast.clara
    stage.chapter("8  A complaint becomes a case")
    before = this.stand(clara)
    due = on_clock(before.until, before.facts.zone.zone, LONG) if before.until else "no day"
    stage.say(f"Until now Clara's {before.facts.program.sequence} waits at {before.step} until {due}.")
    reply = this.world.submit(this.cast.complaint)
    about = f"POST {this.cast.complaint.path:30} {reply.status}  {clara.who} {this.cast.complaint.about}"
    stage.see(reply.status == 202, about, f"{this.cast.complaint.path}: answered {reply.status} instead of 202")
    story = until("records: the complaint is no case; see `open` in policies/recovery.yaml", partial(_told, this))
    _graded(this, story)
    _owned(this, story)
    _promised(this, story)
    _acknowledged(this, story)
    _suspended(this, story)


def the_case(this: Play) -> CaseStory | None:
    """Return the story of Clara's case as it stands now; None while there is none."""

    def read(session: Session) -> CaseStory | None:
        contact = find(session, this.cast.clara.email.lower())
        mine = select(ServiceCase.id).where(ServiceCase.contact_id == (contact.id if contact else ""))
        id = session.exec(mine).first()
        return (
            None if id is None else case_story(session, this.world.published.policies(session), id, datetime.now(UTC))
        )

    return this.world.read(read)


def _told(this: Play) -> CaseStory | None:
    """Return the case as soon as its acknowledgement has left, which keeps its first promise."""
    story = the_case(this)
    return story if story is not None and any(each.kept_at is not None for each in story.promises) else None


def _graded(this: Play, story: CaseStory) -> None:
    """Show its number, and how bad it is, by the rule that says so."""
    row = story.view.row
    rule = this.world.read(lambda session: _rule(this, session, story))
    this.stage.see(
        row.number is not None and rule is not None,
        f"case {row.number}, “{row.title}”, is {row.severity}: {rule} (policies/recovery.yaml)",
        f"records: case {row.number} is {row.severity} by no rule; see `severity` in policies/recovery.yaml",
    )


def _rule(this: Play, session: Session, story: CaseStory) -> str | None:
    """Return the rule that gave the case its severity, asked again; None if another one holds."""
    policies, contact = this.world.published.policies(session), story.view.contact
    mine = (Interaction.contact_id == contact.id, Interaction.name == "form_submitted")
    forms = session.exec(select(Interaction).where(*mine).order_by(Interaction.id)).all()  # type: ignore[arg-type]
    facts = asked_outside(session, policies, contact, story.view.row.opened_at)
    rules = policies.recovery.severity if policies.recovery is not None else ()
    first = next((rule for rule in rules if facts.judge(rule.when, event_of(forms[-1])).true), None)
    return first.when if first is not None and first.severity == story.view.row.severity else None


def _owned(this: Play, story: CaseStory) -> None:
    """Show who has it, and why they."""
    people = story.view.staff.policy.people
    given = next((each for each in story.lines if each.name == "task_assigned"), None)
    who = story.view.row.owner or ""
    because = given.data["why"][-1] if given is not None else "nobody knows why"
    this.stage.see(
        who in people,
        f"{people[who].name if who in people else who} has it: {because}",
        f"records: nobody has case {story.view.row.number} ({because}); see policies/teams.yaml",
    )


def _promised(this: Play, story: CaseStory) -> None:
    """Show what was promised, by when on the customer's clock, and that Temporal rings then."""
    stage, row, zone = this.stage, story.view.row, this.stand(this.cast.clara).facts.zone
    rows = [
        (
            promise_named(each.name),
            on_clock(each.due_at, zone.zone) if each.due_at is not None else "",
            f"kept {on_clock(each.kept_at, zone.zone)}" if each.kept_at is not None else "",
            each.target,
        )
        for each in story.promises
    ]
    stage.table(("promise", f"by, on the clock of {zone.name}", "", "counted from the complaint on"), rows)
    names = {each.name for each in story.promises}
    wanted = {"acknowledge", "contact", "update", "diagnose", "resolve"}
    stage.see(
        names == wanted,
        f"{len(rows)} promises, each a row with its time; one that is missed escalates",
        f"records: of a case of {row.severity} only {', '.join(sorted(names))} is promised; see policies/recovery.yaml",
    )
    workflow = recovery_workflow(row.id)

    def agrees() -> bool:
        rings, again = asyncio.run(this.world.timer(workflow)), the_case(this)
        due = again.view.row.next_at if again is not None else None
        return rings is not None and due is not None and abs(rings.replace(tzinfo=UTC) - due) < NEAR

    until(f"temporal: {workflow} has no timer when the case rings next", agrees)
    rings = on_clock(row.next_at, zone.zone) if row.next_at is not None else "never"
    stage.seen(f"Temporal holds the durable timer of {workflow[:17]}…: it rings next {rings}")


def _acknowledged(this: Play, story: CaseStory) -> None:
    """Show the letter as it was received: with the number, and when the customer hears next."""
    view, zone = story.view, this.stand(this.cast.clara).facts.zone.zone
    number = str(view.row.number)
    letter = until(f"mail: nothing about case {number}", lambda: _letter(this, number))
    this.stage.letter(letter)
    word = next_word(view.state, view.staff) if view.state is not None else None
    locale = this.world.read(this.world.published.policies).messaging.organisation.locale
    hears = _plain(format_time(word, "short", tzinfo=zone, locale=locale)) if word is not None else "never"
    owner = view.staff.policy.people[view.row.owner or ""].name
    this.stage.see(
        all(each in _plain(letter.text) for each in (number, owner, hears)),
        f"the letter says the number, {owner}'s name, and by when Clara hears next: {hears} on her clock",
        f"mail: message {letter.number} lacks {number}, {owner} or {hears}; see templates/email/service/acknowledged",
    )


def _plain(text: str) -> str:
    """Return a text with single spaces: where a letter breaks its lines, and by which spaces, is no matter."""
    return " ".join(text.split())


def _letter(this: Play, number: str) -> Letter | None:
    letters = this.world.letters(this.cast.clara.email)
    return next((each for each in letters if number in each.headers.get("Subject", "")), None)


def _suspended(this: Play, story: CaseStory) -> None:
    """Show that the running sequence stands still, in the words of `rapport why`."""
    stage, clara, number = this.stage, this.cast.clara, story.view.row.number
    sequence = this.stand(clara).facts.program.sequence
    stage.say(f"$ rapport why {clara.email} --sequence {sequence}", "cyan")
    with commands_on(this.world.settings):
        said = [str(each) for each in why(clara.email, sequence, None, None, None).shown]
    lines = [line.strip() for each in said for line in each.splitlines() if "suspended" in line]
    if not lines:
        raise Unseen(f"why: {sequence} is not suspended by case {number}; it says: {' '.join(said)[-400:]}")
    stage.seen(f"her {sequence} stands still, and what was left of its wait is left when the case is released:")
    stage.say(lines[-1], "italic")
