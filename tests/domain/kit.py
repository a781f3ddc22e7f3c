"""What tests of the domain share: a small company's policies, templates without files, and one-line simulations."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from textwrap import dedent
from typing import Any, Literal

from domain.facts import Facts, Standing
from domain.letters import Lacks, Plan, Written
from domain.loader import Loaded, load
from domain.policies import Policies
from domain.program import Program
from domain.simulation import Script, Scripted, simulate
from domain.story import Story

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday, 10:00 in Berlin, four weeks before the clocks change there."""

MESSAGING = """
organisation: {name: Acme, address: 1 High Street, time_zone: Europe/London}
senders: {default: {from: Acme <hello@acme.example>}, service: {from: Care <care@acme.example>}}
topics:
  product-news: {label: Product news}
  service: {label: Service, default: opted_in}
quiet: [{class: marketing, channel: email, calendar: night}]
"""
CALENDARS = """
default: office-hours
calendars:
  office-hours: {zone: Europe/Berlin, hours: {mon-fri: ["10:00-18:00"]}}
  daytime: {zone: contact, hours: {mon-sun: ["08:00-20:00"]}}
  night: {zone: contact, hours: {mon-sun: ["22:00-06:00"]}}
"""
CONTACT = """
fields:
  benches: {type: number}
  renewal_date: {type: date}
  vip: {type: yes_no}
"""
EVENTS = """
events:
  trial_started: {fields: [plan, ends_on]}
  trial_cancelled: {}
"""
FORM = """
fields: {email: email, first_name: name}
event: {plan: plan}
"""
POLICIES = {
    "policies/messaging.yaml": MESSAGING,
    "policies/calendars.yaml": CALENDARS,
    "policies/contact.yaml": CONTACT,
    "policies/events.yaml": EVENTS,
    "policies/forms/demo-request.yaml": FORM,
}

# Every kind of step, every key of the head.
GOOD = """\
description: From a demo request to the first meeting.
phase: acquisition
owner: growth@acme.example
topic: product-news
window: daytime
calendar: office-hours
time_zone: Europe/Berlin
priority: 50

enter:
  on:
    - form: demo-request
    - {event: trial_started, where: "event.plan != 'free'"}
  when: contact.country in ['DE', 'AT']
  again: after_exit 30 days
  per: run.event.plan

goal: {event: meeting_booked, where: event.email == contact.email}
exit:
  - event: trial_cancelled
  - when: contact.stage == 'customer'

steps:
  - send: welcome/hello
  - wait: 2 days at 09:00
  - send: welcome/tips
    expires: 3 days
  - wait_for: clicked
    of: tips
    up_to: 3 days
    then:
      - update: {score: +20, tags: [+engaged]}
    otherwise:
      - send: welcome/nudge
  - branch:
      - when: contact.score >= 60
        steps:
          - exit: met
      - otherwise:
          - wait: until contact.renewal_date at 09:00
            if_past: skip
            when: has(contact.renewal_date)
"""


FRONTED = re.compile(r"---\n(.*?)---\n(.*)", re.DOTALL)


class Templates:
    """Templates by name, each `class` or `class topic`, for rules that read no more of them than that."""

    def __init__(self, fronts: Mapping[str, str], staff: frozenset[str] = frozenset()) -> None:
        self.fronts, self.staff = fronts, staff

    @classmethod
    def of(cls, files: Mapping[str, str]) -> "Templates":
        """Read the front matter of `templates/email/…` among these files, and the names of `templates/staff/…`."""
        found = {}
        staff = (path for path in files if path.startswith("templates/staff/"))
        for path, text in files.items():
            if path.startswith("templates/email/") and (front := FRONTED.match(text)):
                words = dict(line.split(": ", 1) for line in front[1].splitlines())
                name = path.removeprefix("templates/email/").removesuffix(".html")
                found[name] = " ".join(filter(None, (words.get("class", "marketing"), words.get("topic"))))
        return cls(found, frozenset(path.removeprefix("templates/staff/").removesuffix(".html") for path in staff))

    def names(self, channel: str) -> frozenset[str]:
        return frozenset(self.fronts) if channel == "email" else self.staff if channel == "staff" else frozenset()

    def class_of(self, channel: str, name: str) -> Literal["marketing", "service", "transactional"]:
        return self.fronts[name].split()[0]  # type: ignore[return-value]

    def topic_of(self, channel: str, name: str) -> str | None:
        return " ".join(self.fronts[name].split()[1:]) or None

    def sender_of(self, channel: str, name: str) -> str | None:
        return None

    def survey_of(self, channel: str, name: str) -> str | None:
        return "csat" if name.startswith("survey/") else None

    def aim_of(self, channel: str, name: str) -> tuple[str | None, str | None]:
        return None, None

    def shows(self, channel: str, name: str, value: str) -> bool:
        return name.startswith("confirm/") and value == "confirm_url"

    def leads(self, channel: str, name: str) -> bool:
        return "nowhere" not in name


TEMPLATES = Templates(
    {
        "welcome/hello": "marketing",
        "welcome/tips": "marketing",
        "welcome/nudge": "marketing",
        "welcome/about-vip": "marketing",
        "shop/receipt": "transactional",
        "care/answer": "service",
    }
)


def compose(plan: Plan, facts: Facts) -> Written | Lacks:
    """Write a letter; a template named `about-FIELD` needs that field of the contact."""
    found = re.search(r"about-(\w+)$", plan.need.template)
    if found and facts.contact.get(found[1]) is None:
        return Lacks(f"contact.{found[1]} is missing")
    return Written(subject=f"About {plan.need.template}", html="<p>Hello</p>", text="Hello")


def checked(text: str, policies: Mapping[str, str] = POLICIES, name: str = "story", **options: bool) -> Loaded:
    """Load one sequence among these policies."""
    return load({**policies, f"sequences/{name}.yaml": dedent(text)}, TEMPLATES, **options)


def said(text: str, policies: Mapping[str, str] = POLICIES) -> list[str]:
    """Return what is wrong with a sequence, each as `line: what`."""
    found = checked(text, policies).problems
    return [f"{'warning: ' if each.warning else ''}{each.line}: {each.what}" for each in found]


def program(text: str, policies: Mapping[str, str] = POLICIES) -> Program:
    """Return the program of a sequence that has no errors; news is its topic unless it says another."""
    text = dedent(text).strip()
    loaded = checked(text if re.search(r"^topic:", text, re.MULTILINE) else f"topic: product-news\n{text}", policies)
    assert loaded.errors() == []
    return loaded.programs["story"]


def policies(files: Mapping[str, str] = POLICIES) -> Policies:
    """Return the policies of these files."""
    loaded = load(files, TEMPLATES)
    assert loaded.problems == []
    return loaded.policies


ADA: dict[str, Any] = {
    "id": "c1",
    "email": "ada@joinery.example",
    "first_name": "Ada",
    "country": "DE",
    "time_zone": "Europe/Berlin",
    "score": 10,
    "tags": [],
    "stage": "lead",
}


def facts(of: Program, now: datetime = MONDAY, **changed: Any) -> Facts:
    """Return what is known about Ada, who agreed to news, entered on Monday and has done nothing."""
    known: dict[str, Any] = {
        "now": now,
        "program": of,
        "policies": policies(),
        "contact": ADA,
        "entered_at": MONDAY,
        "enrolment": "e1",
        "standing": Standing(consents={"product-news": "opted_in"}),
    }
    return Facts(**known | changed)


def on(after: timedelta, event: str, of: str | None = None, **data: Any) -> Scripted:
    """Return something that happens this long after the entry."""
    return Scripted(at=MONDAY + after, event=event, of=of, data=data)


def lived(
    text: str | Program,
    events: Sequence[Scripted] = (),
    *,
    at: datetime = MONDAY,
    until: datetime | None = None,
    run_event: Mapping[str, Any] | None = None,
    without: Sequence[str] = (),
    among: Mapping[str, str] = POLICIES,
    **contact: Any,
) -> Story:
    """Simulate a sequence for Ada, changed as said, `among` these policies; `events` count from Monday."""
    who = {name: value for name, value in {**ADA, **contact}.items() if name not in without}
    script = Script(contact=who, at=at, run_event=run_event or {}, events=events, until=until)
    made = program(text) if isinstance(text, str) else text
    return simulate(made, policies(among), TEMPLATES, compose, script)


def rows(story: Story) -> list[str]:
    """Return a timeline as short lines: the instant, the step, what it did."""
    return [f"{row['at'].removesuffix(':00Z')} {row['step']} {row['did']}" for row in story.timeline]


def ended(story: Story) -> str | None:
    """Return the reason a story ended with, None while it waits."""
    return story.end["reason"] if story.end else None
