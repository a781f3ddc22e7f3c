"""A report on follow-ups as a page to send around: shares and ages drawn, everything else in tables.

Self-contained: no script, nothing loaded from elsewhere. Everything that somebody wrote is escaped.
"""

from collections.abc import Iterable, Iterator, Mapping
from html import escape

from domain.promises import AGES, IN_TIME
from domain.statistics import Share
from domain.tallies import FEWEST_OF_A_PERSON, Tally
from records.reports.follow_up_figures import FollowUpFigures
from starter.follow_up_report_words import (
    COLUMNS,
    cells,
    of,
    open_now,
    speed_words,
    summary,
    turns,
    turns_title,
    working,
)
from starter.report_drawing import bar
from starter.report_page import document, numbers, row
from starter.report_words import day, number, percent

WIDE_TABLES = """<style>
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .6rem; border-top: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { color: var(--soft); font-weight: 500; white-space: normal; }
</style>"""
DEFINITIONS = (
    "Everything is counted for the follow-ups that were opened in the span, whenever it happened to them; what is open "
    "now, whatever the span.",
    "In time: by the team's calendar, without the time for which the clocks stood still. What can still be kept is in "
    "no share, nor is what was cancelled before it was late.",
    "Half, 9 of 10: so many were there within so much open time of the team. Of people the clock begins when they were "
    "given it.",
    f"People who had fewer than {FEWEST_OF_A_PERSON} have no figures: so few say nothing about anybody. Do not rank "
    "people by these figures: who gets the hard ones looks slow.",
)


def page(figures: FollowUpFigures) -> str:
    """Return the page of a report, complete HTML."""
    return document("Report: follow-ups", _body(figures))


def _body(figures: FollowUpFigures) -> Iterator[str]:
    yield f"{WIDE_TABLES}<h1>Follow-ups</h1>"
    whose = f" · {figures.span.team}" if figures.span.team else ""
    yield f'<p class="soft">{escape(f"As of {day(figures.asked_at)}{whose}")}</p>'
    yield _numbers(figures)
    yield from (f"<p>{escape(line)}</p>" for line in (*summary(figures), *speed_words(figures.speed)))
    yield from _teams(figures.teams)
    for title, tallies in (("By team", figures.teams), ("By policy", figures.policies), ("By person", figures.people)):
        if tallies:
            yield f"<h2>{title}</h2>{_table((title.split()[-1], *COLUMNS), _lines(tallies))}"
    yield from _open_now(figures)
    for name, shares in figures.shares.items():
        yield f"<h2>{escape(turns_title(name, shares))}</h2>"
        yield _table(("member", "weight", "in turn", "by weight", "otherwise"), turns(shares))
    yield f"<footer>{''.join(f'<p>{escape(line)}</p>' for line in DEFINITIONS)}</footer>"


def _numbers(figures: FollowUpFigures) -> str:
    every = figures.every
    shown = [
        (number(every.opened), "opened"),
        (percent(every.accepted.rate), "accepted in time"),
        (working(every.to_accept.working_half), "until half were accepted"),
        (percent(every.done.rate), "done in time"),
        (working(every.to_done.working_half), "until half were done"),
        (number(figures.open_now.count), "open now"),
    ]
    return numbers(shown)


def _teams(teams: Mapping[str, Tally]) -> Iterator[str]:
    """Yield the shares of each team, drawn."""
    if not teams:
        return
    yield "<h2>Kept in time</h2>"
    yield (
        '<div class="key"><span><i style="background: var(--went)"></i>in time</span>'
        '<span><i style="background: var(--halt)"></i>late</span></div>'
    )
    for name, tally in teams.items():
        for what, share in (("accepted", tally.accepted), ("done", tally.done)):
            yield _share(f"{name}: {what}", share)


def _share(name: str, share: Share) -> str:
    late = share.of - share.count
    drawn = bar((("went", share.count), ("late", late)), share.of, f"{share.count} in time, {late} late")
    return row("step", 0, escape(name), drawn, percent(share.rate), f'<div class="more">{escape(of(share))}</div>')


def _open_now(figures: FollowUpFigures) -> Iterator[str]:
    told = figures.open_now
    yield "<h2>Open now</h2>"
    yield from (f"<p>{escape(line)}</p>" for line in open_now(told, figures.open_by_team))
    for age in AGES:
        count = told.ages[age]
        if count:
            look = "went" if age == IN_TIME else "waits"
            yield row("step", 0, age, bar(((look, count),), told.count, f"{age}: {count}"), number(count), "")


def _lines(tallies: Mapping[str, Tally | None]) -> Iterator[list[str]]:
    for name, tally in tallies.items():
        yield [name, *(cells(tally) if tally is not None else ["too few", *[""] * (len(COLUMNS) - 1)])]


def _table(titles: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in titles)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in lines)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
