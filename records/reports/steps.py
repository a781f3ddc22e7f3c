"""What happened at each step: arrivals, arms, messages, and what people did with them.

Each figure is one statement that the database counts; here the counts are only put where they belong.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import and_, case, distinct, func, select
from sqlmodel import Session, col

from domain.outline import Loop, Placed
from records.ledger import ACCEPTED, CLAIMED, HANDING_OVER, REFUSED, SKIPPED, UNKNOWN
from records.models import Decision, Enrolment, Interaction, Message
from records.reports.figures import Arm, Period, StepFigures
from records.reports.period import of_runs
from records.reports.sql import FINAL
from records.reports.standing import Stood

# What people do with a message, and the figure it is counted in. The rest of the timeline belongs to no message.
ANSWERS = {
    "opened": "opened",
    "clicked": "clicked",
    "replied": "replied",
    "bounced": "bounced",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
}
# What an outcome says when a step could not be done: this contact's data breaks it, another system did not answer.
FAILED = ("broken", "failed")
PUT_OFF = ("deferred", "held")
WHEN = "when"
# More reasons than this at one step are not read by anybody; the rest is one line.
MOST_REASONS = 20


def step_figures(
    session: Session,
    period: Period,
    shown: Iterable[Placed],
    former: Iterable[Placed],
    repeats: Iterable[Loop],
    stood: Iterable[Stood],
) -> list[StepFigures]:
    """Return the figures of these steps, in their order. `repeats` are the loops among those shown."""
    figures = {each.step.id: StepFigures(each) for each in shown}
    figures |= {each.step.id: StepFigures(each, former=True) for each in former}
    _count_standing(figures, stood)
    _count_done(session, period, figures)
    _count_arms(session, period, figures)
    _count_put_off(session, period, figures)
    _count_messages(session, period, figures)
    _count_answers(session, period, figures)
    _count_rounds(figures, repeats)
    return list(figures.values())


def _count_standing(figures: Mapping[str, StepFigures], stood: Iterable[Stood]) -> None:
    for each in stood:
        step = figures.get(each.step)
        if step is None:
            continue
        ends_here = each.closed and step.placed.step.need() is None
        if not each.closed or ends_here:
            step.visited += each.count
        if ends_here:
            continue
        if each.ended is None:
            step.waiting += each.count
        else:
            step.left[each.ended] = step.left.get(each.ended, 0) + each.count


def _count_rounds(figures: Mapping[str, StepFigures], repeats: Iterable[Loop]) -> None:
    """A step that repeats others need not decide anything: it is visited as often as a round of it begins."""
    for loop in repeats:
        step = figures[loop.step]
        step.visited = figures[loop.begins].visited + step.skipped.get(WHEN, 0)


def _count_done(session: Session, period: Period, figures: Mapping[str, StepFigures]) -> None:
    told = (col(Decision.step), col(Decision.asked), col(Decision.did))
    fate = case(
        (col(Decision.did) == "stopped", col(Decision.outcome)["outcome"].as_string()),
        (col(Decision.did) == "called", col(Decision.outcome)["fate"].as_string()),
        else_="",
    ).label("fate")
    counted = (
        select(*told, fate, func.count().label("visits"))
        .join(Enrolment, col(Decision.enrolment_id) == col(Enrolment.id))
        .where(FINAL, *of_runs(period))
        .group_by(*told, "fate")
    )
    for row in session.connection().execute(counted):
        step = figures.get(row.step)
        if step is None or (row.asked == WHEN and row.did == "took"):
            continue  # admitted by its own `when`: the visit goes on
        step.visited += row.visits
        if row.fate in FAILED:
            step.failed[row.fate] = step.failed.get(row.fate, 0) + row.visits
        elif row.did == "skipped" and row.asked == WHEN:
            _add_reason(step, WHEN, row.visits)
        elif row.did == "skipped" and not step.placed.sends:  # of messages the ledger tells
            _add_reason(step, "not done", row.visits)


def _count_arms(session: Session, period: Period, figures: Mapping[str, StepFigures]) -> None:
    forks = [name for name, step in figures.items() if step.placed.forks]
    arms: dict[str, dict[str, Arm]] = defaultdict(dict)
    for row in session.connection().execute(_arms_taken(period, forks)):
        name = row.arm or row.answer or row.did
        label = figures[row.step].placed.labels.get(name, "")
        arms[row.step][name] = Arm(name, label, row.runs, row.converted)
    for step, found in arms.items():
        figures[step].arms = figures[step].placed.in_order(found)


def _arms_taken(period: Period, forks: list[str]) -> Any:
    converted = case((col(Enrolment.converted_at).is_not(None), col(Enrolment.id)))
    answer = col(Decision.outcome)["answer"].as_string().label("answer")
    arm = col(Decision.more)["arm"].as_string().label("arm")
    runs = func.count(distinct(col(Enrolment.id))).label("runs")
    return (
        select(
            col(Decision.step), col(Decision.did), arm, answer, runs, func.count(distinct(converted)).label("converted")
        )
        .join(Enrolment, col(Decision.enrolment_id) == col(Enrolment.id))
        .where(FINAL, col(Decision.step).in_(forks), col(Decision.asked) == "", *of_runs(period))
        .where(col(Decision.did).not_in(["stopped", "skipped"]))
        .group_by(col(Decision.step), col(Decision.did), "arm", "answer")
    )


def _count_put_off(session: Session, period: Period, figures: Mapping[str, StepFigures]) -> None:
    visits = (
        select(col(Decision.step), col(Decision.enrolment_id), col(Decision.visit))
        .distinct()
        .join(Enrolment, col(Decision.enrolment_id) == col(Enrolment.id))
        .where(col(Decision.did).in_(PUT_OFF), *of_runs(period))
        .subquery()
    )
    for step, count in session.connection().execute(select(visits.c.step, func.count()).group_by(visits.c.step)):
        if step in figures:
            figures[step].letters.put_off = count


def _count_messages(session: Session, period: Period, figures: Mapping[str, StepFigures]) -> None:
    reason = case((col(Message.state) == SKIPPED, col(Message.reason)), else_="").label("why")
    counted = (
        select(col(Message.step), col(Message.state), reason, func.count().label("messages"))
        .join(Enrolment, col(Message.enrolment_id) == col(Enrolment.id))
        .where(*of_runs(period))
        .group_by(col(Message.step), col(Message.state), "why")
        .order_by(func.count().desc())
    )
    for row in session.connection().execute(counted):
        step = figures.get(row.step)
        if step is None:
            continue
        if row.state == ACCEPTED:
            step.letters.sent += row.messages
        elif row.state in (CLAIMED, HANDING_OVER):
            step.letters.on_its_way += row.messages
        elif row.state in (REFUSED, UNKNOWN):
            step.failed[row.state] = row.messages
        elif not str(row.why).startswith("the run ended"):  # told where people left
            _add_reason(step, row.why or "no reason", row.messages)


def _add_reason(step: StepFigures, reason: str, count: int) -> None:
    named = reason if reason in step.skipped or len(step.skipped) < MOST_REASONS else "other reasons"
    step.skipped[named] = step.skipped.get(named, 0) + count


def _count_answers(session: Session, period: Period, figures: Mapping[str, StepFigures]) -> None:
    by = col(Interaction.data)["by"].as_string()
    human = case((and_(by.is_not(None), by != "human"), 0), else_=1).label("human")
    counted = (
        select(
            col(Interaction.step),
            col(Interaction.name),
            human,
            func.count(distinct(col(Interaction.contact_id))).label("people"),
        )
        .join(Enrolment, col(Interaction.enrolment_id) == col(Enrolment.id))
        .where(col(Interaction.name).in_(ANSWERS), *of_runs(period))
        .group_by(col(Interaction.step), col(Interaction.name), "human")
    )
    for row in session.connection().execute(counted):
        if row.step not in figures:
            continue
        letters = figures[row.step].letters
        if row.human:
            setattr(letters, ANSWERS[row.name], row.people)
        elif row.name == "clicked":
            letters.clicked_by_machines = row.people
