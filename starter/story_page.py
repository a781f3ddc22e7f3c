"""A simulated story as one page to send around: what this person gets, when on their own clock, and why.

Self-contained: no script, nothing loaded from elsewhere. The messages stand in frames that may run nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from itertools import groupby
from typing import Any

from domain.drawing import Drawing, drawn
from domain.drawing_svg import svg
from domain.letters import Plan, Written
from domain.simulation import Scripted
from domain.story import Story
from rendering.pictures import as_one_page
from starter.story_moments import Moment, day_of, gap, last_words, moments, path_of
from starter.story_style import document, figures
from starter.telling import LONG, ended, on_clock

STYLE = """
ol { list-style: none; margin: 0; padding: 0; }
ol > li { position: relative; padding: 0 0 1.1rem 1.6rem; border-left: 2px solid var(--line); margin-left: .4rem; }
ol > li::before { content: ""; position: absolute; left: -.5rem; top: .35rem; width: .85rem; height: .85rem;
  border-radius: 50%; background: var(--wait); border: 2px solid var(--ground); }
li.sent::before { background: var(--sent); } li.choice::before { background: var(--choice); }
li.halt::before { background: var(--halt); } li.event::before { background: var(--event); }
li.enter::before { background: var(--ink); }
li.halt .deed { color: var(--halt); } li.event .deed { color: var(--event); } li.sent .deed { font-weight: 600; }
.row { display: flex; flex-wrap: wrap; gap: 0 .6rem; align-items: baseline; }
.deed { flex: 1 1 14rem; overflow-wrap: anywhere; }
time { color: var(--soft); font-variant-numeric: tabular-nums; }
.step { color: var(--soft); font-size: .8rem; font-family: ui-monospace, monospace; }
.gap { color: var(--soft); font-size: .85rem; margin: 0 0 .5rem; }
.why, .not { color: var(--soft); font-size: .9rem; margin: .1rem 0 0; overflow-wrap: anywhere; }
.not::before { content: "not taken: "; font-style: italic; }
iframe { display: block; width: 100%; height: 30rem; border: 0; border-top: 1px solid var(--line); background: #fff;
  color-scheme: light; }
pre { margin: 0; padding: .8rem; white-space: pre-wrap; overflow-wrap: anywhere; border-top: 1px solid var(--line);
  font: .85rem/1.45 ui-monospace, monospace; }
.letter dl { padding: 0 .9rem .6rem; margin: 0; font-size: .9rem; }
.letter details { margin: 0; border: 0; border-top: 1px solid var(--line); border-radius: 0; }
.letter details summary { font-size: .85rem; color: var(--soft); }
.on-paper { display: none; }
.map svg { max-width: 100%; min-width: 30rem; height: auto; }
.end { margin-top: 1.5rem; padding: .9rem 1.1rem; border-radius: .6rem; background: var(--paper);
  border: 1px solid var(--line); }
.end p { margin: .25rem 0 0; color: var(--soft); overflow-wrap: anywhere; }
@media (min-width: 78rem) { main { max-width: 88rem; display: grid; gap: 0 2.5rem;
  grid-template-columns: minmax(0, 48rem) minmax(0, 1fr); } .story { grid-column: 1; }
  .map { position: sticky; top: 1.5rem; align-self: start; grid-column: 2; grid-row: 1; }
  .scroll { max-height: calc(100vh - 7rem); } }
@media print { iframe, .letter details { display: none; } .on-paper { display: block; }
  .map { break-before: page; } .map svg { min-width: 0; max-height: 24cm; } }
"""


def page(story: Story, events: Sequence[Scripted] = ()) -> str:
    """Return the page of a story, complete HTML; `events` is what the contact was scripted to do."""
    program = story.facts.program
    title = f"{program.sequence} for {_person(story.facts.contact)}"
    drawing = drawn(program)
    told = moments(story, drawing, events)
    body = [
        '<section class="story">',
        f"<h1>{escape(title)}</h1>",
        f'<p class="about">{escape(program.description or "A simulation: nobody was written to.")}</p>',
        figures(list(_figures(story))),
        *(f'<p class="assumed">Taken for granted: {escape(each)}</p>' for each in story.assumed),
        "<dl>",
        *(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(story)),
        "</dl>",
        *_days(story, told),
        _end(story),
        "</section>",
        _map(drawing, story),
    ]
    return document(title, "\n".join(body), STYLE)


def _person(contact: Mapping[str, Any]) -> str:
    names = " ".join(str(contact[name]) for name in ("first_name", "last_name") if contact.get(name))
    return names or str(contact.get("email") or "somebody without a name")


def _figures(story: Story) -> Iterator[tuple[str, str]]:
    count = sum(plan.team is None for plan, _ in story.letters.values())
    yield str(count), "message" if count == 1 else "messages"
    last = (story.end or {}).get("at") or (story.timeline[-1]["at"] if story.timeline else None)
    if last is not None:
        lasts = gap(story.facts.entered_at, datetime.fromisoformat(last), story.facts.zone.zone)
        yield (lasts.removesuffix(" later").replace("the next day", "1 day") or "at once"), "from entry to here"
    yield (ended(story.end["reason"]) if story.end else "still waits"), "how it ends"


def _facts(story: Story) -> Iterator[tuple[str, str]]:
    facts = story.facts
    if facts.contact.get("email"):
        yield "E-mail", str(facts.contact["email"])
    yield "Begins", on_clock(facts.entered_at, facts.zone.zone, LONG)
    yield "Clock", f"{facts.zone.name} (from {facts.zone.rung})"
    yield "Version", facts.program.version[:19]


# --- the timeline ----------------------------------------------------------------------------------------------------


def _days(story: Story, told: Sequence[Moment]) -> Iterator[str]:
    zone, before = story.facts.zone.zone, story.facts.entered_at
    for number, (day, of_day) in enumerate(groupby(told, key=lambda moment: day_of(moment.at, story))):
        for place, moment in enumerate(of_day):
            later = gap(before, moment.at, zone)
            if place == 0:
                said = f' <span class="later">{escape(later)}</span>' if number and later else ""
                yield f"<h3>{escape(day)}{said}</h3>\n<ol>"
                later = ""
            yield _item(moment, story, later)
            before = moment.at
        yield "</ol>"


def _item(moment: Moment, story: Story, later: str) -> str:
    letter = story.letters.get(moment.row) if moment.row is not None else None
    clock = on_clock(moment.at, story.facts.zone.zone, "%H:%M")
    parts = [
        f'<p class="gap">{escape(later)}</p>' if later else "",
        f'<div class="row"><time datetime="{escape(moment.at.isoformat())}">{clock}</time>'
        f'<span class="deed">{escape(moment.deed)}</span><span class="step">{escape(moment.step)}</span></div>',
        *(f'<p class="why">{escape(each)}</p>' for each in moment.why),
        *(f'<p class="not">{escape(each)}</p>' for each in moment.not_taken),
        _letter(*letter) if letter else "",
    ]
    return f'<li class="{moment.sort}">{"".join(parts)}</li>'


def _letter(plan: Plan, written: Written) -> str:
    head = [("From", plan.sender.from_), ("Sent as", _class_of(plan))]
    if plan.team is not None:
        head = [("To", f"the team {plan.team}")]
    names = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in head)
    text = f"<pre>{escape(written.text)}</pre>"
    shown = text
    if written.html:
        page = as_one_page(written.html, written.pictures)
        frame = f'<iframe sandbox="" loading="lazy" title="The message" srcdoc="{escape(page)}"></iframe>'
        shown = f'{frame}<details><summary>As plain text</summary>{text}</details><div class="on-paper">{text}</div>'
    return (
        f'<details class="letter" open><summary>{escape(plan.need.template)}</summary><dl>{names}</dl>{shown}</details>'
    )


def _class_of(plan: Plan) -> str:
    return plan.class_ + (f", about {plan.topic}" if plan.topic else "")


def _end(story: Story) -> str:
    said, why = last_words(story, LONG)
    reason = f"<p>{escape(why)}</p>" if why else ""
    return f'<div class="end">{escape(said[:1].upper() + said[1:])}{reason}</div>'


def _map(drawing: Drawing, story: Story) -> str:
    picture = svg(drawing, path_of(story, drawing))
    return (
        '<details class="map" open><summary>The whole sequence, and the way taken</summary>'
        f'<div class="scroll">{picture}</div></details>'
    )
