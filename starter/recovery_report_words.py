"""The figures of service recovery in words that a team understands; used by the terminal and the page."""

from collections import Counter
from collections.abc import Iterator, Mapping

from domain.aftermath import FEWEST_OF_A_SIDE, WITHIN, Repurchase, together
from domain.case_tallies import AGE_NAMES, FEWEST_ANSWERS, PROMISES, TIMED, CaseTally
from domain.goodwill import Given
from domain.statistics import Share
from records.corrective_lists import Action
from records.reports.recovery_figures import RecoveryFigures
from starter.follow_up_report_words import of, working
from starter.report_words import day, lasting, listed, number, percent, points

KEPT = {
    "acknowledge": "acknowledged",
    "contact": "contacted",
    "update": "kept informed",
    "diagnose": "diagnosed",
    "resolve": "resolved",
}
COLUMNS = ("opened", "open", *KEPT.values(), "paused", "re-opened", "satisfied")
PROMISE_COLUMNS = ("promise", "in time", "as if never paused", "half", "9 of 10", "half, by the clock", "9 of 10")
APPROVAL_COLUMNS = ("a yes of", "asked", "granted", "refused", "taken back", "waits", "half answered in", "9 of 10")
GIVEN_COLUMNS = ("cause", "kind", "times", "worth")
CAUSE_COLUMNS = ("cause", "cases", "before", "again within 90 days")
ACTION_COLUMNS = ("cause", "state", "owner", "opened", "due", "before → after", "task")
TOO_FEW = "too few"


def cells(tally: CaseTally) -> list[str]:
    """Return the line of a table: a cell for each of `COLUMNS`."""
    kept = [of(tally.promises[name].in_time) for name in PROMISES]
    satisfied = TOO_FEW if tally.answers is None and tally.answered else "–"
    satisfied = of(tally.answers.satisfied) if tally.answers is not None else satisfied
    counts = [number(tally.opened), number(tally.open)]
    return [*counts, *kept, percent(tally.paused), of(tally.reopened), satisfied]


def summary(figures: RecoveryFigures) -> Iterator[str]:
    """Yield what became of all of them, a sentence each."""
    every, span = figures.every, figures.span
    until = f"before {day(span.until)}" if span.until else "on"
    whose = f" for {span.team}" if span.team else ""
    how = f": {listed(every.severities)}; {number(every.open)} open" if every.opened else ""
    yield f"{_cases(every.opened)} opened{whose} from {day(span.since)} {until}{how}."
    if not every.opened:
        return
    yield f"By what: {listed(every.sources, 8)}."
    if every.paused is not None:
        yield f"Of the time they were open, their clocks stood still for {percent(every.paused)}."
    yield f"Opened again: {of(every.reopened)}. {_hops(every)}"
    yield f"Afterwards: {satisfied(every)}"


def _cases(count: int) -> str:
    return "1 case was" if count == 1 else f"{number(count)} cases were"


def _hops(every: CaseTally) -> str:
    if not every.hops:
        return "None went on to another since whoever had it did not accept it."
    return f"{number(every.hopped)} went on to another, {number(every.hops)} times together."


def satisfied(tally: CaseTally) -> str:
    """Return how satisfied customers are, in a sentence."""
    if tally.answers is None:
        return f"{number(tally.answered)} have answered; fewer than {FEWEST_ANSWERS} say nothing."
    said = tally.answers
    return f"{said.mean:.1f} of 5 on average; {of(said.satisfied)} are satisfied."


def promises(tally: CaseTally) -> Iterator[list[str]]:
    """Yield a line for each sort of promise: a cell for each of `PROMISE_COLUMNS`."""
    for name in PROMISES:
        kept, told = tally.promises[name], [of(tally.promises[name].in_time), of(tally.promises[name].in_plain_time)]
        if not kept.in_time.of and not kept.in_plain_time.of:
            continue
        if name in TIMED:
            took = tally.lengths[name]
            told += [working(took.working_half), working(took.working_most)]
            told += [lasting(took.elapsed_half), lasting(took.elapsed_most)]
        else:
            told += [""] * 4
        yield [KEPT[name], *told]


def open_now(figures: RecoveryFigures) -> Iterator[str]:
    """Yield what is open now by age, and by team where there are several."""
    yield f"Open now: {_open(figures.open_now)}."
    if len(figures.open_by_team) > 1:
        yield from (f"  {name}: {_open(each)}" for name, each in figures.open_by_team.items())


def _open(ages: Counter[str]) -> str:
    told = ", ".join(f"{age} {number(ages[age])}" for age in AGE_NAMES if ages[age])
    return number(ages.total()) + (f" ({told})" if told else "")


def causes(figures: RecoveryFigures) -> Iterator[list[str]]:
    """Yield a line for each cause: a cell for each of `CAUSE_COLUMNS`."""
    for name, count in figures.causes.items():
        again = figures.again.get(name, Share(0, 0))
        yield [figures.labels.get(name, name), number(count.now), number(count.before), of(again)]


def repeat_words(figures: RecoveryFigures) -> Iterator[str]:
    """Yield how many contacts had the same again, of those whose 90 days are over."""
    share = together(figures.again)
    if share.of:
        yield f"The same again within {WITHIN.days} days: {of(share)} of contacts with a cause."


def approvals(figures: RecoveryFigures) -> Iterator[list[str]]:
    """Yield a line for each level: a cell for each of `APPROVAL_COLUMNS`."""
    for level, told in figures.approvals.items():
        counts = (told.asked, told.granted, told.refused, told.withdrawn, told.waiting)
        yield [level, *map(number, counts), lasting(told.half), lasting(told.most)]


def goodwill(given: Mapping[str, Mapping[str, Given]], labels: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield what was given for each cause, of each kind: a cell for each of `GIVEN_COLUMNS`."""
    for cause, kinds in given.items():
        for kind, each in kinds.items():
            yield [labels.get(cause, cause), kind, number(each.times), money(each.hundredths)]


def money(hundredths: Mapping[str, int]) -> str:
    """Return amounts as people write them.

    >>> money({"EUR": 123450, "USD": 0}), money({})
    ('1,234.50 EUR', '–')
    """
    told = [f"{value / 100:,.2f} {currency}" for currency, value in sorted(hundredths.items()) if value]
    return ", ".join(told) or "–"


def repurchase_words(told: Repurchase) -> Iterator[str]:
    """Yield whether those with a case bought again as others did."""
    if told.too_few:
        yield (
            f"Bought again within {WITHIN.days} days: fewer than {FEWEST_OF_A_SIDE} on a side, with a case "
            f"{number(told.recovered.of)} and without {number(told.others.of)}, say nothing."
        )
        return
    yield f"Bought again within {WITHIN.days} days of being resolved: {of(told.recovered)}."
    apart = f"{points(told.interval.low).removesuffix(' points')} to {points(told.interval.high)}"
    yield f"  Of others who bought last in the same months and had no case: {percent(told.others.rate)}."
    yield f"  With a case it is {apart} (95 % sure), if they were alike in everything else."
    if told.left_out:
        yield f"  {number(told.left_out)} with a case had nobody to be compared with."


def actions(listed_: list[Action]) -> Iterator[list[str]]:
    """Yield a line for each corrective action: a cell for each of `ACTION_COLUMNS`."""
    for each in listed_:
        known = each.before is not None and each.after is not None
        found = f"{each.before} → {each.after}" if known else "·"
        yield [
            each.cause,
            each.state,
            each.owner or "nobody",
            day(each.opened_at),
            day(each.due_at),
            found,
            each.task or "",
        ]
