"""A report on service recovery as a page to send around: shares and ages drawn, everything else in tables.

Self-contained: no script, nothing loaded from elsewhere. Everything that somebody wrote is escaped.
"""

from collections.abc import Iterable, Iterator, Mapping
from html import escape

from domain.case_tallies import AGE_NAMES, FEWEST_ANSWERS, PROMISES, CaseTally
from domain.statistics import Share
from records.reports.recovery_figures import RecoveryFigures
from starter.follow_up_report_page import WIDE_TABLES
from starter.follow_up_report_words import of
from starter.recovery_report_words import (
    ACTION_COLUMNS,
    APPROVAL_COLUMNS,
    CAUSE_COLUMNS,
    COLUMNS,
    GIVEN_COLUMNS,
    KEPT,
    PROMISE_COLUMNS,
    actions,
    approvals,
    causes,
    cells,
    goodwill,
    open_now,
    promises,
    repeat_words,
    repurchase_words,
    summary,
)
from starter.report_drawing import bar
from starter.report_page import document, numbers, row
from starter.report_words import day, lasting, number, percent

DEFINITIONS = (
    "Everything is counted for the cases that were opened in the span, whenever it happened to them; what is open now, "
    "whatever the span.",
    "In time: the pauses left out, while we waited for the customer. As if never paused: what the customer felt. What "
    "can still be kept is in no share.",
    "Half, 9 of 10: so many were there within so much open time of the team, and by the clock on the wall.",
    f"Of fewer than {FEWEST_ANSWERS} answers nothing is said. Teams differ in what reaches them: do not rank them.",
    "Whether customers bought again is compared with others who bought last in the same month and had no case. Who "
    "complains differs in more than that: it is a sign, and no proof.",
)


def page(figures: RecoveryFigures) -> str:
    """Return the page of a report, complete HTML."""
    return document("Report: service recovery", _body(figures))


def _body(figures: RecoveryFigures) -> Iterator[str]:
    yield f"{WIDE_TABLES}<h1>Service recovery</h1>"
    whose = f" · {figures.span.team}" if figures.span.team else ""
    yield f'<p class="soft">{escape(f"As of {day(figures.asked_at)}{whose}")}</p>'
    yield _numbers(figures.every)
    said = (*summary(figures), *repeat_words(figures), *repurchase_words(figures.repurchase))
    yield from (f"<p>{escape(line)}</p>" for line in said)
    yield from _drawn(figures.every)
    yield from _table("Promises", PROMISE_COLUMNS, promises(figures.every))
    yield from _table("By month", ("month", *COLUMNS), _lines(figures.months))
    yield from _table("By team", ("team", *COLUMNS), _lines(figures.teams))
    yield from _table("Causes", CAUSE_COLUMNS, causes(figures))
    yield from _table("Who had to say yes", APPROVAL_COLUMNS, approvals(figures))
    yield from _table("What was given", GIVEN_COLUMNS, goodwill(figures.given, figures.labels))
    yield from _open_now(figures)
    yield from _table("Causes that somebody sees to", ACTION_COLUMNS, actions(figures.actions))
    yield f"<footer>{''.join(f'<p>{escape(line)}</p>' for line in DEFINITIONS)}</footer>"


def _numbers(every: CaseTally) -> str:
    shown = [
        (number(every.opened), "opened"),
        (percent(every.promises["contact"].in_time.rate), "contacted in time"),
        (percent(every.promises["resolve"].in_time.rate), "resolved in time"),
        (lasting(every.lengths["resolve"].elapsed_half), "until half were resolved"),
        (percent(every.reopened.rate), "opened again"),
        (percent(every.answers.satisfied.rate) if every.answers else "–", "satisfied afterwards"),
    ]
    return numbers(shown)


def _drawn(every: CaseTally) -> Iterator[str]:
    """Yield how much of each sort of promise was kept, drawn."""
    known = [(KEPT[name], every.promises[name].in_time) for name in PROMISES if every.promises[name].in_time.of]
    if known:
        yield "<h2>Kept in time</h2>"
        yield (
            '<div class="key"><span><i style="background: var(--went)"></i>in time</span>'
            '<span><i style="background: var(--halt)"></i>late</span></div>'
        )
        yield from (_share(name, share) for name, share in known)


def _share(name: str, share: Share) -> str:
    late = share.of - share.count
    drawn = bar((("went", share.count), ("late", late)), share.of, f"{share.count} in time, {late} late")
    return row("step", 0, escape(name), drawn, percent(share.rate), f'<div class="more">{escape(of(share))}</div>')


def _open_now(figures: RecoveryFigures) -> Iterator[str]:
    yield "<h2>Open now</h2>"
    yield from (f"<p>{escape(line)}</p>" for line in open_now(figures))
    ages = figures.open_now
    for age in (each for each in AGE_NAMES if ages[each]):
        drawn = bar((("waits", ages[age]),), ages.total(), f"{age}: {ages[age]}")
        yield row("step", 0, age, drawn, number(ages[age]), "")


def _lines(tallies: Mapping[str, CaseTally]) -> Iterator[list[str]]:
    yield from ([name, *cells(tally)] for name, tally in tallies.items())


def _table(title: str, columns: Iterable[str], lines: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield a table with its title; nothing where it has no lines."""
    told = [list(line) for line in lines]
    if told:
        head = "".join(f"<th>{escape(each)}</th>" for each in columns)
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in told)
        yield f'<h2>{escape(title)}</h2><div class="wide"><table><thead><tr>{head}</tr></thead>'
        yield f"<tbody>{body}</tbody></table></div>"
