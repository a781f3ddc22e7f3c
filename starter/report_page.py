"""A report on one sequence as a page to send around: the way through it drawn, and what can be said of it in words.

Self-contained: no script, nothing loaded from elsewhere. Everything that somebody wrote is escaped.
"""

from collections.abc import Iterable, Iterator
from html import escape

from domain.statistics import difference
from records.reports.figures import Arm, SequenceFigures, StepFigures
from starter.report_drawing import bar, sides
from starter.report_words import (
    arm_words,
    day,
    entries,
    failed_words,
    goal,
    lasting,
    left_words,
    number,
    percent,
    skipped_words,
    verdict,
)
from starter.telling import ended

STYLE = """
:root { color-scheme: light dark; --ink: #23272e; --soft: #667080; --line: #d9dce1; --paper: #fff; --ground: #f5f4f1;
  --went: #1f6f54; --waits: #d9a441; --gone: #b9bec6; --choice: #6a4fb3; --goal: #2a78b5; --halt: #b3541e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e6; --soft: #a3abb6; --line: #3a4048; --paper: #22262b;
  --ground: #181b1f; --went: #4fae8a; --waits: #c9963a; --gone: #59616c; --choice: #a08be0; --goal: #6db3e8;
  --halt: #f0a276; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; }
p { margin: .25rem 0; max-width: 46rem; } .soft { color: var(--soft); }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.25rem;
  margin: 1.5rem 0; }
.card strong { font-size: 1.2rem; display: block; margin-bottom: .25rem; }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; padding: 0; list-style: none; }
.figures li { background: var(--paper); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem 1rem;
  min-width: 8.5rem; flex: 1 0 auto; }
.figures b { display: block; font-size: 1.45rem; font-variant-numeric: tabular-nums; line-height: 1.25; }
.figures span { color: var(--soft); font-size: .85rem; }
svg { display: block; width: 100%; } svg.bar { height: 1.4rem; border-radius: .25rem; background: var(--line); }
svg.sides { max-width: 40rem; margin-top: .75rem; font: 14px system-ui, sans-serif; }
svg text { fill: var(--ink); } svg .tick { fill: var(--soft); text-anchor: middle; font-size: 13px; }
svg .axis { stroke: var(--line); } svg .sure { stroke: var(--soft); stroke-width: 3; stroke-linecap: round; }
.went { fill: var(--went); } .late { fill: var(--halt); }
.waits { fill: var(--waits); } .gone { fill: var(--gone); } .took { fill: var(--choice); }
.reached { fill: var(--goal); } .entered { fill: var(--went); } .held-out { fill: var(--soft); }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; color: var(--soft); font-size: .9rem;
  margin-bottom: .75rem; }
.key i { display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem; margin-right: .4rem; }
.step { display: grid; grid-template-columns: minmax(9rem, 17rem) 1fr 4.5rem; gap: .1rem 1rem; align-items: center;
  padding: .45rem 0; border-top: 1px solid var(--line); }
.step .name { overflow-wrap: anywhere; line-height: 1.3; } .step small { color: var(--soft); display: block; }
.step .count { text-align: right; font-variant-numeric: tabular-nums; }
.step .more { grid-column: 2 / -1; color: var(--soft); font-size: .9rem; overflow-wrap: anywhere; }
.step.arm { border-top: 0; padding: .1rem 0; } .step.arm svg.bar { height: .7rem; }
.bad { color: var(--halt); }
footer { color: var(--soft); font-size: .85rem; margin-top: 3rem; } footer p { margin: .35rem 0; }
@media (max-width: 40rem) { .step { grid-template-columns: 1fr 4.5rem; } .step svg { grid-column: 1 / -1; grid-row: 2; }
  .step .more { grid-column: 1 / -1; } }
@media print { body { background: #fff; } main { padding: 0; } .card, .step { break-inside: avoid; }
  svg * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
KEY = (("went", "went on"), ("waits", "wait there now"), ("gone", "left there"))
KEY_OF_ARMS = (("choice", "took this way"), ("goal", "and reached the goal"))
DEFINITIONS = (
    "Everything is counted for those who entered in the period, whenever it happened to them.",
    "Sent: the other side took it. Clicked: people, each once; machines that follow links are left out.",
    "Opened cannot be known for sure: some mail programs open everything, some nothing. Do not decide by it.",
    "The comparison counts a person once, when their time is over; its interval is Newcombe's, for the difference of "
    "two shares. Who looks every day and stops at the first good figure finds luck: choose the day beforehand.",
)


def page(figures: SequenceFigures) -> str:
    """Return the page of a report, complete HTML."""
    return document(f"Report: {figures.period.sequence}", _body(figures))


def document(title: str, body: Iterable[str]) -> str:
    """Return a page that needs nothing from elsewhere; whoever makes the `body` escapes what somebody wrote."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def _body(figures: SequenceFigures) -> Iterator[str]:
    yield f"<h1>{escape(figures.period.sequence)}</h1>"
    if figures.description:
        yield f"<p>{escape(figures.description)}</p>"
    owner = f" · {figures.owner}" if figures.owner else ""
    yield f'<p class="soft">{escape(f"As of {day(figures.asked_at)}{owner}")}</p>'
    yield _numbers(figures)
    yield from (f"<p>{escape(line)}</p>" for line in (*entries(figures), goal(figures)))
    yield from (f'<p class="bad">{escape(remark[:1].upper() + remark[1:])}.</p>' for remark in figures.remarks)
    yield from _comparison(figures)
    yield "<h2>Step by step</h2>"
    shown = KEY + (KEY_OF_ARMS if any(step.arms for step in figures.steps) else ())
    key = (f'<span><i style="background: var(--{look})"></i>{said}</span>' for look, said in shown)
    yield f'<div class="key">{"".join(key)}</div>'
    most = max([figures.entered, *(step.visited for step in figures.steps)])
    for step in figures.steps:
        yield _step(step, most)
    yield from _ends(figures)
    yield f"<footer>{''.join(f'<p>{escape(line)}</p>' for line in DEFINITIONS)}</footer>"


def _numbers(figures: SequenceFigures) -> str:
    shown = [
        (number(figures.entered), "entered"),
        (number(figures.inside), "inside now"),
        (number(figures.converted), "reached the goal"),
        (percent(figures.goal.rate), "of those who entered"),
        (lasting(figures.median_seconds), "half were as fast"),
    ]
    return numbers(shown)


def numbers(shown: Iterable[tuple[str, str]]) -> str:
    """Return figures side by side, each above what it is."""
    items = (f"<li><b>{escape(value)}</b><span>{escape(name)}</span></li>" for value, name in shown)
    return f'<ul class="figures">{"".join(items)}</ul>'


def _comparison(figures: SequenceFigures) -> Iterator[str]:
    comparison = figures.comparison
    if comparison is None:
        return
    first, *why = verdict(comparison)
    drawn = sides(comparison) if comparison.interval is not None else ""
    said = "".join(f"<p>{escape(line)}</p>" for line in why)
    yield f'<h2>What it adds</h2><section class="card"><strong>{escape(first)}</strong>{said}{drawn}</section>'


def _step(step: StepFigures, most: int) -> str:
    left = sum(step.left.values())
    on = max(0, step.visited - step.waiting - left)
    says = f"{step.visited} came, {on} went on, {step.waiting} wait there now, {left} left there"
    drawn = bar((("went", on), ("waits", step.waiting), ("gone", left)), most, says)
    more = "".join(f'<div class="more">{line}</div>' for line in _more(step))
    name = escape(step.placed.step.id) + (" <small>in an earlier version</small>" if step.former else "")
    said = f"<small>{escape(step.placed.step.says())}</small>"
    told = row("step", step.placed.depth, f"{name}{said}", drawn, number(step.visited), more)
    return told + "".join(_arm(step, arm, most) for arm in step.arms)


def row(look: str, depth: int, name: str, drawn: str, count: str, more: str) -> str:
    """Return a line of a page: a name, what is drawn of it, its count, and below it more. All of it HTML."""
    inset = f' style="padding-left: {1.25 * depth:.2f}rem"' if depth else ""
    return (
        f'<div class="{look}"><div class="name"{inset}>{name}</div>{drawn}<div class="count">{count}</div>{more}</div>'
    )


def _more(step: StepFigures) -> Iterator[str]:
    letters = step.letters
    if step.placed.sends:
        told = [f"sent {number(letters.sent)}"]
        people = (("clicked", letters.clicked), ("replied", letters.replied), ("opened, they say", letters.opened))
        told += [f"{name} {number(count)} ({percent(_rate(count, letters.sent))})" for name, count in people if count]
        others = (
            ("clicked by machines", letters.clicked_by_machines),
            ("put off", letters.put_off),
            ("on its way", letters.on_its_way),
            ("bounced", letters.bounced),
            ("complained", letters.complained),
            ("unsubscribed", letters.unsubscribed),
        )
        told += [f"{name} {number(count)}" for name, count in others if count]
        yield escape(" · ".join(told))
    if step.waiting or step.left:
        left = f"left here: {left_words(step.left)}" if step.left else ""
        waits = f"waiting here now {number(step.waiting)}" if step.waiting else ""
        yield escape(" · ".join(filter(None, (waits, left))))
    if step.skipped:
        yield escape(skipped_words(step))
    if step.failed:
        yield f'<span class="bad">{escape(failed_words(step))}</span>'


def _rate(count: int, of: int) -> float | None:
    # A click may be told of a message whose fate is unknown, so there can be more of one than of the other.
    return min(1.0, count / of) if of else None


def _arm(step: StepFigures, arm: Arm, most: int) -> str:
    first = step.drawn()
    against = difference(arm.share, first.share) if first is not None and arm is not first else None
    says = arm_words(arm, first if against else None, against)
    parts = (("reached", arm.converted), ("took", arm.took - arm.converted))
    more = f'<div class="more">{escape(says)}</div>'
    return row("step arm", step.placed.depth + 1, escape(arm.title), bar(parts, most, says, 12), number(arm.took), more)


def _ends(figures: SequenceFigures) -> Iterator[str]:
    if not figures.ends:
        return
    yield "<h2>How it ended</h2>"
    for reason, count in sorted(figures.ends.items(), key=lambda each: -each[1]):
        look = "reached" if reason == "converted" else "gone"
        drawn = bar(((look, count),), figures.entered, f"{reason}: {count}")
        yield row("step", 0, escape(ended(reason)), drawn, number(count), "")
