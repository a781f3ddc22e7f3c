"""The days after the demo's complaint, by simulation: what happens if nobody does anything, and a good course."""

from collections.abc import Iterator
from datetime import timedelta, tzinfo
from decimal import Decimal

from domain.follow_up_actions import Accept, Complete
from domain.policies import Policies
from domain.recovery import Case, due_of
from domain.recovery_actions import Contacted, Diagnosed, Proposed, Resolved
from domain.simulated_deeds import Does, Line, Scored
from domain.simulated_recovery import Course, simulate
from records.case_stories import CaseStory
from starter.case_words import letter_named, said_of_case
from starter.demo_play import Play
from starter.demo_recovery import the_case
from starter.demo_show import Stage
from starter.demo_world import Unseen
from starter.task_words import said_of_task
from starter.telling import on_clock

IN_VAIN = timedelta(days=2)
WELL = timedelta(days=20)
MOST_LINES = 16


def the_days_after(this: Play) -> None:
    """Show both courses of Clara's case on a virtual clock, by the rules that carry the real one."""
    stage, story = this.stage, the_case(this)
    if story is None or story.view.state is None:
        raise Unseen("records: Clara's case is gone; see the logs below")
    stage.chapter("9  The days after, by simulation")
    stage.say("The rules that carry the real case, on a virtual clock, from the complaint on.")
    policies, zone = this.world.read(this.world.published.policies), this.stand(this.cast.clara).facts.zone
    _in_vain(stage, story, policies, zone.zone)
    _well(stage, story, policies, zone.zone)


def _course(story: CaseStory, policies: Policies, script: list[Does], lasting: timedelta) -> Course:
    """Run the case on a virtual clock from its opening. Raises `Unseen` if it begins otherwise than it really did."""
    real, staff, policy = story.view.state, story.view.staff, policies.recovery
    assert real is not None, "a case of ours has a state"
    assert policy is not None, "the example home has policies/recovery.yaml"
    opening = Case(
        id=real.id,
        number=real.number,
        title=real.title,
        team=real.team,
        language=real.language,
        tier=real.tier,
        severity=real.severity,
        clocks=real.clocks,
        opened_at=real.opened_at,
    )
    until = real.opened_at + lasting
    terms = policies.follow_ups.terms(None)
    begun = simulate(policy, staff, opening, [], real.opened_at, terms)
    told = [(each.key, due_of(begun.case, each, staff)) for each in begun.case.promises]
    if told != [(each.key, due_of(real, each, staff)) for each in real.promises] or begun.case.owner != real.owner:
        raise Unseen(f"simulation: case {real.number} begins otherwise than it did; see domain/simulated_recovery.py")
    return simulate(policy, staff, opening, script, until, terms)


def _in_vain(stage: Stage, story: CaseStory, policies: Policies, zone: tzinfo) -> None:
    """Show what happens if nobody does anything: it rings, it goes on to the next, and it climbs."""
    course = _course(story, policies, [], IN_VAIN)
    stage.console.print()
    stage.say("If nobody does anything:", "bold")
    rows = list(_rows(course.lines, zone))
    stage.table(("when", "what happens", "why"), rows[:MOST_LINES])
    if len(rows) > MOST_LINES:
        stage.say(f"… and {len(rows) - MOST_LINES} more of this sort until {rows[-1][0]}", "dim")
    stage.seen("it has begun as the real one did: the same promises at the same instants, and with the same person")
    roles = {str(each.data["role"]): each for each in course.lines if each.what == "task_escalated"}
    reminded = sum(each.what == "task_reminded" for each in course.lines)
    stage.see(
        {"lead", "manager", "head"} <= set(roles) and reminded > 0,
        f"nobody can forget it: {reminded} reminders, and lead, manager and head were told, each of each promise once",
        f"simulation: only {', '.join(sorted(roles))} were told in {IN_VAIN.days} days; see policies/recovery.yaml",
    )


def _well(stage: Stage, story: CaseStory, policies: Policies, zone: tzinfo) -> None:
    """Show a good course: accepted, called, made good within the limits, asked, closed, released."""
    real = story.view.state
    assert real is not None
    assert real.owner is not None, "it was seen that somebody has it"
    since, who = real.opened_at, real.owner
    script = [
        Does(since + timedelta(minutes=10), Accept(by=who)),
        Does(since + timedelta(minutes=40), Contacted(by=who, note="She needs it on Thursday.")),
        Does(since + timedelta(hours=2), Diagnosed(by=who, cause="damaged")),
        Does(since + timedelta(hours=2, minutes=5), Proposed(by=who, kind="voucher", amount=Decimal(40), note="twice")),
        Does(since + timedelta(hours=3), Resolved(by=who, text="The new one is on its way.")),
        Does(since + timedelta(hours=30), Scored(5)),
        Does(since + timedelta(days=7, hours=4), Complete(by=who, outcome="reached"), task="call/1"),
    ]
    course = _course(story, policies, script, WELL)
    stage.console.print()
    stage.say(f"A good course: {who} accepts, calls, finds the cause, gives a voucher, and Clara says 5 of 5:", "bold")
    stage.table(("when", "what happens", "why"), _rows(course.lines, zone))
    missed = [each for each in course.lines if each.what in ("promise_missed", "task_escalated")]
    refused = [each.what for each in course.lines if each.kind == "refused"]
    stage.see(
        not missed and not refused and all(not each.is_open for each in course.case.promises),
        "every promise was kept, and nothing escalated",
        f"simulation: {len(missed)} promises were missed, and refused was: {'; '.join(refused) or 'nothing'}",
    )
    free = course.case.released_at
    stage.see(
        free is not None,
        f"on {on_clock(free or course.now, zone)} her marketing goes on where it stood: she was satisfied",
        f"simulation: after {WELL.days} days marketing still waits; see `release` in policies/recovery.yaml",
    )


def _rows(lines: list[Line], zone: tzinfo) -> Iterator[tuple[str, str, str]]:
    """Yield what a table shows: notes to people are left out, since each line of a task says who was told."""
    for line in lines:
        if line.kind == "note":
            continue
        what, why = _said(line, zone)
        yield on_clock(line.at, zone), what, why


def _said(line: Line, zone: tzinfo) -> tuple[str, str]:
    if line.kind == "letter":
        return f"Clara is written {letter_named(line.what)}", ""
    if line.kind == "refused":
        return f"refused: {line.what}", ""
    what, why = (said_of_case if line.kind == "case" else said_of_task)(line.what, line.data, zone)
    return f"{what} ({line.of})" if line.of else what, why
