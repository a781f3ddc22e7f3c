"""The figures of a sequence: what the database counts is what one counts by hand."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from sqlmodel import Session

from domain.comparison import Comparison
from domain.program import Program
from records.entry_models import Holdout, WaitingEntry
from records.models import Contact, Decision, Enrolment, Interaction, Message
from records.published import Published
from records.reports.figures import Period, SequenceFigures, StepFigures
from records.reports.sequence import report_on
from records.session import Database
from tests.domain.kit import program
from tests.home import shipped
from tests.records.crowd import Crowd

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NEW_YEAR + timedelta(days=200)
WELCOME = shipped().load().programs["demo-welcome"]
GOAL = program("""
    enter: {on: {form: demo-request}, holdout: 10%}
    goal: {event: meeting_booked}
    steps:
      - send: welcome/hello
    """)


def told(main: Database, period: Period, now: datetime = LATER, within: timedelta | None = None) -> SequenceFigures:
    return main.read_now(lambda session: report_on(session, Published(), period, now, within))


def steps(figures: SequenceFigures) -> dict[str, StepFigures]:
    return {step.placed.step.id: step for step in figures.steps}


def rows(crowd: Crowd, table: Any, **like: Any) -> list[dict[str, Any]]:
    return [row for row in crowd.rows[table] if all(row[name] == value for name, value in like.items())]


@pytest.fixture
def crowd(main: Database) -> Crowd:
    crowd = Crowd(WELCOME, NEW_YEAR, 120)
    main.write_now(crowd.write)
    return crowd


def test_ends_and_goals_are_those_of_the_runs(main: Database, crowd: Crowd) -> None:
    figures = told(main, Period("demo-welcome"))

    runs = rows(crowd, Enrolment)
    ends = Counter(row["end_reason"] for row in runs)
    times = [(row["converted_at"] - row["entered_at"]).total_seconds() for row in runs if row["converted_at"]]
    assert (figures.entered, figures.inside) == (120, ends.pop(None))
    assert figures.ends == ends
    assert figures.converted == len(times)
    assert figures.median_seconds == pytest.approx(median(times), abs=0.01)


def test_messages_are_those_of_the_ledger(main: Database, crowd: Crowd) -> None:
    for name, step in steps(told(main, Period("demo-welcome"))).items():
        fates = Counter(row["state"] for row in rows(crowd, Message, step=name))
        skipped = Counter(row["reason"] for row in rows(crowd, Message, step=name, state="skipped"))
        late = {(row["enrolment_id"], row["visit"]) for row in rows(crowd, Decision, step=name, did="deferred")}
        assert step.letters.sent == fates["accepted"]
        assert step.failed == {fate: fates[fate] for fate in ("refused", "unknown") if fates[fate]}
        assert {reason: count for reason, count in step.skipped.items() if reason != "when"} == skipped
        assert step.letters.put_off == len(late)


def test_who_clicked_is_counted_once_and_machines_apart(main: Database, crowd: Crowd) -> None:
    people: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in rows(crowd, Interaction):
        people[row["step"], row["name"], row["data"]["by"]].add(row["contact_id"])

    for name, step in steps(told(main, Period("demo-welcome"))).items():
        assert step.letters.clicked == len(people[name, "clicked", "human"])
        assert step.letters.clicked_by_machines == len(people[name, "clicked", "machine"])
        assert step.letters.opened == len(people[name, "opened", "human"])
        assert step.letters.replied == len(people[name, "replied", "human"])


def test_who_comes_to_a_step_goes_on_waits_or_leaves(main: Database, crowd: Crowd) -> None:
    figures = steps(told(main, Period("demo-welcome")))

    assert figures["hello"].visited == 120
    for name, step in figures.items():
        done = [row for row in rows(crowd, Decision, step=name, final=True) if (row["asked"], row["did"]) != WENT_IN]
        stood = crowd.stands[name] + sum(count for (where, _), count in crowd.left.items() if where == name)
        if step.placed.step.kind != "exit":
            assert step.visited == len(done) + stood
        assert step.waiting == crowd.stands[name]
    ends = rows(crowd, Enrolment, end_reason="exited:no-answer")
    assert figures["wait_for-10.2.exit-2"].visited == len(ends)


WENT_IN = ("when", "took")


def test_an_arm_tells_who_took_it_and_who_of_them_got_there(main: Database, crowd: Crowd) -> None:
    branch = steps(told(main, Period("demo-welcome")))["branch-6"]

    converted = {row["id"] for row in rows(crowd, Enrolment) if row["converted_at"]}
    for arm in branch.arms:
        took = [row for row in rows(crowd, Decision, step="branch-6", final=True) if row["more"]["arm"] == arm.name]
        assert arm.took == len(took)
        assert arm.converted == len({row["enrolment_id"] for row in took} & converted)
    assert [(arm.name, arm.label) for arm in branch.arms] == [
        ("1", "contact.score >= 60"),
        ("2", "contact.country in ['DE', 'AT', 'CH']"),
        ("otherwise", "otherwise"),
    ]
    waited = steps(told(main, Period("demo-welcome")))["wait_for-4"]
    assert {arm.name: arm.title for arm in waited.arms} == {
        "matched": "it happened",
        "timed_out": "nothing came in time",
    }


def test_the_arms_of_a_split_stand_in_the_order_of_the_file_against_the_first(main: Database) -> None:
    drawn = program("""
        enter: {on: {form: demo-request}}
        goal: {event: meeting_booked}
        steps:
          - split:
              arms:
                - {name: tips, share: 60%, steps: [{send: welcome/tips}]}
                - {name: nudge, share: 40%, steps: [{send: welcome/nudge}]}
        """)
    crowd = Crowd(drawn, NEW_YEAR, 60)
    main.write_now(crowd.write)

    split = steps(told(main, Period("story")))["split-1"]

    assert [arm.title for arm in split.arms] == ["tips, 60%", "nudge, 40%"]
    first, second = split.as_json()["arms"]
    assert first["against_first"] is None
    low, high = second["against_first"]
    assert -1 < low < second["rate"] - first["rate"] < high < 1


def test_a_period_is_of_those_who_entered_in_it(main: Database, crowd: Crowd) -> None:
    since, until = NEW_YEAR + timedelta(minutes=10), NEW_YEAR + timedelta(minutes=30)

    figures = told(main, Period("demo-welcome", since, until))

    assert figures.entered == 20
    assert steps(figures)["hello"].visited == 20
    whose = {row["id"] for row in rows(crowd, Enrolment) if since <= row["entered_at"] < until}
    sent = [row for row in rows(crowd, Message, step="hello", state="accepted") if row["enrolment_id"] in whose]
    assert steps(figures)["hello"].letters.sent == len(sent)


def test_a_version_is_reported_alone_and_steps_only_others_had_stand_last(main: Database) -> None:
    before = program(HELLO + "  - wait: 1 day\n    id: pause\n")
    after = program(HELLO + "  - send: welcome/tips\n")
    for number, version in enumerate((before, after)):
        crowd = Crowd(version, NEW_YEAR + timedelta(days=number), 20, seed=number, name=f"v{number}")
        main.write_now(crowd.write)

    both, alone = told(main, Period("story")), told(main, Period("story", version=before.version))

    assert (both.entered, alone.entered) == (40, 20)
    assert [(step.placed.step.id, step.former) for step in both.steps] == [
        ("hello", False),
        ("tips", False),
        ("pause", True),
    ]
    assert [step.placed.step.id for step in alone.steps] == ["hello", "pause"]
    assert "2 versions are counted together" in both.remarks[0]


HELLO = "enter: {on: {form: demo-request}}\nsteps:\n  - send: welcome/hello\n"


def test_a_sequence_that_never_was_is_no_report(main: Database) -> None:
    with pytest.raises(KeyError, match="'nowhere' was never published"):
        told(main, Period("nowhere"))


# --- who was refused, and who is held out ----------------------------------------------------------------------------


def entry(did: str, at: datetime = NEW_YEAR) -> Decision:
    return Decision(contact_id="c0", sequence="story", version=GOAL.version, kind="entry", did=did, at=at)


def publish_goal(session: Session, of: Program = GOAL) -> None:
    Crowd(of, NEW_YEAR, 0).write(session)
    for number in range(60):
        session.add(Contact(id=f"c{number}", created_at=NEW_YEAR, updated_at=NEW_YEAR))
    session.flush()


def test_the_refused_are_told_by_the_check_that_refused(main: Database) -> None:
    def happened(session: Session) -> None:
        publish_goal(session)
        session.add_all([entry("entered"), entry("refused:consent"), entry("refused:consent"), entry("refused:again")])
        session.add(entry("refused:again", NEW_YEAR + timedelta(days=40)))
        waits: dict[str, Any] = {"contact_id": "c0", "sequence": "story", "event": {}, "asked_at": NEW_YEAR}
        session.add(WaitingEntry(asks="consent", until=LATER, due_at=LATER, **waits))

    main.write_now(happened)

    figures = told(main, Period("story", until=NEW_YEAR + timedelta(days=30)))
    assert figures.refused == {"consent": 2, "again": 1}
    assert figures.waiting_to_enter == {"consent": 1}


def compared(main: Database, now: datetime, **more: Any) -> Comparison:
    figures = told(main, Period("story"), now, **more)
    assert figures.comparison is not None
    return figures.comparison


def run(number: int, entered: float = 0, reached: float | None = None, **more: Any) -> Enrolment:
    """A run that began so many days after new year, and whose contact reached the goal so many days after that."""
    at = NEW_YEAR + timedelta(days=entered)
    return Enrolment(
        id=more.pop("id", f"e{number}"),
        contact_id=f"c{number}",
        sequence="story",
        version=GOAL.version,
        state="running",
        entered_at=at,
        reached_at=None if reached is None else at + timedelta(days=reached),
        **more,
    )


def held(number: int, at: float = 0, reached: float | None = None) -> Holdout:
    held_at = NEW_YEAR + timedelta(days=at)
    converted = None if reached is None else held_at + timedelta(days=reached)
    of_it: dict[str, Any] = {"sequence": "story", "version": GOAL.version, "contact_id": f"c{number}", "event": {}}
    return Holdout(held_at=held_at, converted_at=converted, **of_it)


def test_both_sides_are_counted_for_the_same_time_and_only_when_it_is_over(main: Database) -> None:
    def happened(session: Session) -> None:
        publish_goal(session)
        session.add_all([run(0, reached=3), run(1, reached=29.9), run(2, reached=30.1), run(3)])
        session.add_all([run(4, entered=20), run(5, entered=20, reached=1)])  # they have time
        session.add_all([held(10, reached=2), held(11, reached=40), held(12), held(13, at=20)])

    main.write_now(happened)

    comparison = compared(main, NEW_YEAR + timedelta(days=45))
    assert (comparison.entered.share.count, comparison.entered.share.of, comparison.entered.have_time) == (2, 4, 2)
    assert (comparison.held_out.share.count, comparison.held_out.share.of, comparison.held_out.have_time) == (1, 3, 1)
    assert comparison.verdict == "cannot tell"
    shorter = compared(main, NEW_YEAR + timedelta(days=45), within=timedelta(days=10))
    assert (shorter.entered.share.count, shorter.entered.share.of) == (2, 6)
    assert (shorter.held_out.share.count, shorter.held_out.share.of) == (1, 4)


def test_who_enters_again_is_counted_from_the_first_time(main: Database) -> None:
    def happened(session: Session) -> None:
        publish_goal(session)
        session.add_all([run(0), run(0, entered=35, reached=1, id="again"), run(0, per="order-2", id="another order")])
        session.add(held(10))

    main.write_now(happened)

    entered = compared(main, NEW_YEAR + timedelta(days=100)).entered
    assert (entered.share.count, entered.share.of) == (0, 2)


def test_who_entered_before_anybody_was_held_out_is_not_compared(main: Database) -> None:
    earlier = program(HELLO + "goal: {event: meeting_booked}\n")

    def happened(session: Session) -> None:
        publish_goal(session)
        Crowd(earlier, NEW_YEAR - timedelta(days=9), 5, name="earlier").write(session)
        session.add_all([run(0), held(10)])

    main.write_now(happened)

    comparison = compared(main, NEW_YEAR + timedelta(days=100))
    assert (comparison.entered.people, comparison.held_out.people) == (1, 1)


def test_it_says_when_it_is_too_early_and_when_nobody_is_held_out(main: Database) -> None:
    main.write_now(publish_goal)
    assert compared(main, NEW_YEAR).verdict == "nobody held out"

    main.write_now(lambda session: session.add_all([run(0), held(10, at=3)]))

    comparison = compared(main, NEW_YEAR + timedelta(days=31))
    assert comparison.verdict == "too early"
    assert comparison.begins_at == NEW_YEAR + timedelta(days=33)


def test_a_sequence_without_a_goal_is_not_compared(main: Database) -> None:
    without = program(HELLO)
    main.write_now(lambda session: publish_goal(session, without))

    assert told(main, Period("story")).comparison is None
