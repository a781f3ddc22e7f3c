"""A simulated story as one page to send around: what this person gets, when on their own clock, and why.

Self-contained: no script, nothing loaded from elsewhere. The messages stand in frames that may run nothing.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from html import escape
from typing import Any

from domain.letters import Plan, Written
from domain.story import Story
from starter.telling import LONG, deed, ended, on_clock, reasons

STYLE = """
:root { color-scheme: light dark; --ink: #23272e; --soft: #667080; --line: #d9dce1; --paper: #fff; --ground: #f5f4f1;
  --sent: #1f6f54; --wait: #8a93a0; --choice: #6a4fb3; --halt: #b3541e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e6; --soft: #a3abb6; --line: #3a4048; --paper: #22262b;
  --ground: #181b1f; --sent: #7fd1b2; --wait: #8a93a0; --choice: #b6a3ee; --halt: #f0a276; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
.about { color: var(--soft); margin: 0 0 1.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0 0 2rem; }
dt { color: var(--soft); } dd { margin: 0; }
h2 { font-size: .95rem; color: var(--soft); font-weight: 600; margin: 2rem 0 .5rem; }
ol { list-style: none; margin: 0; padding: 0; }
li { position: relative; padding: 0 0 1.1rem 1.6rem; border-left: 2px solid var(--line); margin-left: .4rem; }
li::before { content: ""; position: absolute; left: -.5rem; top: .4rem; width: .85rem; height: .85rem;
  border-radius: 50%; background: var(--wait); border: 2px solid var(--ground); }
li.sent::before { background: var(--sent); } li.choice::before { background: var(--choice); }
li.halt::before { background: var(--halt); }
time { color: var(--soft); font-variant-numeric: tabular-nums; }
.step { color: var(--soft); font-size: .85rem; }
.why { color: var(--soft); font-size: .9rem; margin: .1rem 0 0; overflow-wrap: anywhere; }
details { margin: .5rem 0 0; border: 1px solid var(--line); border-radius: .5rem; background: var(--paper); }
summary { padding: .5rem .8rem; cursor: pointer; }
iframe { width: 100%; height: 32rem; border: 0; border-top: 1px solid var(--line); background: #fff; }
pre { margin: 0; padding: .8rem; white-space: pre-wrap; overflow-wrap: anywhere; border-top: 1px solid var(--line); }
.end { margin-top: 1rem; padding: .8rem 1rem; border-radius: .5rem; background: var(--paper);
  border: 1px solid var(--line); }
@media print { iframe { height: 24rem; } body { background: #fff; } }
"""
LOOKS = {"sent": "sent", "took": "choice", "matched": "choice", "timed_out": "choice"}
LOOKS |= dict.fromkeys(("held", "skipped", "refused", "unknown", "stopped", "deferred"), "halt")


def page(story: Story) -> str:
    """Return the page of a story, complete HTML."""
    facts = story.facts
    title = f"{facts.program.sequence} for {_person(facts.contact)}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="about">{escape(facts.program.description or "A simulation: nobody was written to.")}</p>',
        "<dl>",
        *(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(story)),
        "</dl>",
        *_days(story),
        f'<p class="end">{escape(_end(story))}</p>',
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "img-src data:; frame-src 'self'\">\n"
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def _person(contact: Mapping[str, Any]) -> str:
    names = " ".join(str(contact[name]) for name in ("first_name", "last_name") if contact.get(name))
    return names or str(contact.get("email") or "somebody without a name")


def _facts(story: Story) -> Iterator[tuple[str, str]]:
    facts = story.facts
    zone = facts.zone
    if facts.contact.get("email"):
        yield "E-mail", str(facts.contact["email"])
    yield "Begins", on_clock(facts.entered_at, zone.zone, LONG)
    yield "Clock", f"{zone.name} (from {zone.rung})"
    yield "Messages", str(len(story.letters))
    yield "Version", facts.program.version[:19]
    for each in story.assumed:
        yield "Taken for granted", each


def _days(story: Story) -> Iterator[str]:
    zone, entered = story.facts.zone.zone, story.facts.entered_at
    before = None
    for number, row in enumerate(story.timeline):
        day = _day(row["at"], entered, zone)
        if day != before:
            yield ("</ol>" if before else "") + f"<h2>{escape(day)}</h2><ol>"
        before = day
        yield _item(row, zone, story.letters.get(number))
    yield "</ol>" if before else ""


def _day(at: str, entered: datetime, zone: tzinfo) -> str:
    here = datetime.fromisoformat(at).astimezone(zone).date()
    number = (here - entered.astimezone(zone).date()).days + 1
    return f"Day {number} · {on_clock(at, zone, '%A %d %B %Y')}"


def _item(row: Mapping[str, Any], zone: tzinfo, letter: tuple[Plan, Written] | None) -> str:
    why = f'<p class="why">{escape(reasons(row))}</p>' if row["why"] else ""
    return (
        f'<li class="{LOOKS.get(row["did"], "quiet")}"><time datetime="{escape(row["at"])}">'
        f"{on_clock(row['at'], zone, '%H:%M')}</time> {escape(deed(row, zone))} "
        f'<span class="step">{escape(row["step"])}</span>{why}{_letter(*letter) if letter else ""}</li>'
    )


def _letter(plan: Plan, written: Written) -> str:
    said = f"From {plan.sender.from_} · {plan.class_}" + (f" · {plan.topic}" if plan.topic else "")
    shown = f'<iframe sandbox="" loading="lazy" title="The message" srcdoc="{escape(written.html)}"></iframe>'
    text = f"<pre>{escape(written.text)}</pre>"
    return f"<details><summary>{escape(said)}</summary>{shown if written.html else text}</details>"


def _end(story: Story) -> str:
    zone = story.facts.zone.zone
    if story.end is not None:
        why = reasons(story.end)
        return f"{on_clock(story.end['at'], zone, LONG)}: {ended(story.end['reason'])}" + (f" ({why})" if why else "")
    waiting = story.waiting or {}
    until = f" until {on_clock(waiting['until'], zone, LONG)}" if waiting.get("until") else ""
    return f"Still waits at {waiting.get('step')}{until}."
