"""Files become programs, or a list of everything that is wrong: all of it in one go, each with its line."""

import json
import re
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.loader import load
from domain.program import Program
from domain.tree import Problem
from tests.domain.kit import POLICIES, TEMPLATES, Templates, checked, program, said
from tests.domain.programs import TEMPLATE_FILES, a_case, corpus

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

# All of it, in one go ----------------------------------------------------------------------------------------------


def test_a_good_file_has_no_problem() -> None:
    assert said(GOOD) == []


def test_all_problems_of_all_files_are_said_in_one_go_sorted_by_place() -> None:
    files = POLICIES | {
        "sequences/b.yaml": "topics: x\nsteps:\n  - sned: welcome/hello\n  - wait: 2 dayz\n  - send: welcome/hallo\n",
        "sequences/a.yaml": "steps: []\nphase: sales\ntopic: nwes\n",
        "policies/contact.yaml": "fields: {email: {}}\n",
    }

    problems = load(files, TEMPLATES).problems

    assert [(each.path, each.line) for each in problems] == [
        ("policies/contact.yaml", 1),
        ("sequences/a.yaml", 2),
        ("sequences/a.yaml", 3),
        ("sequences/b.yaml", 1),
        ("sequences/b.yaml", 3),
        ("sequences/b.yaml", 4),
        ("sequences/b.yaml", 5),
    ]


def test_a_broken_policy_is_said_once_and_not_in_every_sequence_that_needs_it() -> None:
    broken = POLICIES | {"policies/messaging.yaml": "topics: [product-news]\n", "policies/calendars.yaml": "a: 1\n"}

    assert [each.path for each in checked(GOOD, broken).problems] == [
        "policies/calendars.yaml",
        "policies/messaging.yaml",
    ]


def test_a_broken_step_is_said_once_and_not_where_others_name_it() -> None:
    text = GOOD.replace("  - send: welcome/tips\n    expires: 3 days", "  - send: welcome/tips\n    expires: 3 dys")

    [problem] = said(text)

    assert problem.startswith("27: bad span '3 dys'")


def test_two_files_of_one_name_are_refused() -> None:
    files = POLICIES | {"sequences/a.yaml": "steps: []\n", "sequences/old/a.yml": "steps: []\n"}

    [problem] = load(files, TEMPLATES).problems

    assert str(problem) == (
        "sequences/old/a.yml:1: sequences/a.yaml is named 'a', too, and a sequence is named after its file; rename one"
    )


@pytest.mark.parametrize("name", ["Welcome", "a b", "ä", "-a", "a.b", "x" * 65])
def test_a_name_that_cannot_be_part_of_an_id_is_refused(name: str) -> None:
    [problem] = checked("steps: []", name=name).problems

    assert problem.what.endswith("cannot be a name; use small letters, digits and -, at most 64")


# What is refused of the head ---------------------------------------------------------------------------------------

HEAD = [
    ("descripton: x", "there is no key 'descripton' here; did you mean 'description'?"),
    ("phase: sales", "'phase' cannot be 'sales'; write 'acquisition', 'interaction' or 'retention'"),
    ("status: paused", "'status' cannot be 'paused'; write 'live' or 'draft'"),
    ("status:", "'status' has no value; write 'live' or 'draft', or delete the line"),
    ("owner:", "'owner' has no value; write one, or delete the line"),
    ("owner: [a]", "'owner' takes one text, not a list; write it on one line behind the key"),
    ("priority: high", "'priority' takes a whole number, not 'high'; write digits"),
    ("priority: 500", "'priority' cannot be '500'; write at most 100"),
    ("priority: -1", "'priority' cannot be '-1'; write at least 0"),
    ("time_zone: Berlin", "'Berlin' is not a time zone; write an IANA name such as Europe/Berlin"),
    ("topic: produkt-news", "topic 'produkt-news' is not in policies/messaging.yaml; did you mean 'product-news'?"),
    ("window: nigth", "calendar 'nigth' is not in policies/calendars.yaml; did you mean 'night'?"),
    ("calendar: x", "calendar 'x' is not in policies/calendars.yaml; there is daytime, night, office-hours"),
    ("on_unsubscribe: leave", "'on_unsubscribe' cannot be 'leave'; write 'end' or 'stay'"),
    ("goal: meeting_booked", "this is not a trigger; write 'form: NAME' or 'event: NAME'"),
    ("goal: {event: meting_booked}", "event 'meting_booked' is not declared in policies/events.yaml; "
     "did you mean 'meeting_booked'?"),
    ("goal: {form: demo}", "form 'demo' has no file in policies/forms/; there is demo-request"),
    ("exit: {evnt: x}", "a trigger names one of 'event', 'form' or (to end a run) 'when'; write one of them"),
    ("exit: {event: purchased, form: demo-request}",
     "a trigger names one of 'event', 'form' or (to end a run) 'when'; write one of them"),
    ("exit: {when: contact.stage == 'x', where: event.x == 1}",
     "'where' looks at an event and there is none; put it into 'when'"),
    ("exit: {when: contact.stag == 'customer'}", "there is no field contact.stag; did you mean 'stage'?"),
    ("enter: {on: {when: contact.score > 1}}",
     "'when' starts nothing by itself; write 'form' or 'event', and 'when' beside 'on'"),
    ("enter: {again: sometimes}",
     "'sometimes' is no rule of re-entry; write never, after_exit, after_exit SPAN or always"),
    ("enter: {again: always 3 days}", "'always' takes no span; write 'always' alone"),
    ("enter: {per: contact.email}",
     "'per' names a field of what started the run, not 'contact.email'; write run.event.FIELD"),
    ("enter: {onn: {form: demo-request}}", "there is no key 'onn' here; did you mean 'on'?"),
    ("enter: {when: contact.score >}", None),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), HEAD, ids=[line for line, _ in HEAD])
def test_a_head_that_cannot_be_meant_is_refused_at_its_line(line: str, expected: str | None) -> None:
    [problem] = said(f"description: x\n\n{line}\nsteps: []\n")

    at, _, what = problem.partition(": ")
    assert at == "3"
    assert expected is None or what == expected
    assert "; " in what


def test_a_trigger_in_a_list_is_refused_at_its_own_line() -> None:
    text = """\
        enter:
          on:
            - form: demo-request
            - event: trial_started
              where: event.plann != 'free'
          when: contact.contry == 'DE'
        goal:
          - event: meeting_booked
          - event: purchasd
        steps: []
        """

    assert said(text) == [
        "5: there is no field event.plann; did you mean 'plan'?",
        "6: there is no field contact.contry; did you mean 'country'?",
        "9: event 'purchasd' is not declared in policies/events.yaml; did you mean 'purchased'?",
    ]


def test_what_is_both_goal_and_exit_is_refused() -> None:
    assert said("goal: {event: purchased}\nexit: {event: purchased}\nsteps: []\n") == [
        "2: 'purchased' is both goal and exit; keep one of them"
    ]
    assert said("goal: {event: purchased, where: event.amount > 9}\nexit: {event: purchased}\nsteps: []\n") == []


# What is refused of the steps --------------------------------------------------------------------------------------

STEPS = [
    ("sned: welcome/hello", "there is no step kind 'sned'; did you mean 'send'?"),
    ("{}", "this step does nothing; give it one of branch, exit, send, update, wait, wait_for"),
    ("", "this is not a step; write 'kind: …', for example 'send: welcome/hello'"),
    ("hello", "this is not a step; write 'kind: …', for example 'send: welcome/hello'"),
    ("{send: welcome/hello, wait: 2 days}", "a step has one kind, this has send and wait; make it two steps"),
    ("{send: welcome/hello, windw: daytime}", "'send' has no 'windw'; did you mean 'window'?"),
    ("{send: welcome/hallo}", "template 'welcome/hallo' does not exist; templates/email/welcome/ has about-vip, hello, "
     "nudge, tips"),
    ("{send: hello}", "template 'hello' does not exist; there is care/answer, shop/receipt, welcome/about-vip, "
     "welcome/hello, welcome/nudge, welcome/tips"),
    ("{send: welcome/hello, topic: news}",
     "topic 'news' is not in policies/messaging.yaml; there is product-news, service"),
    ("{send: welcome/hello, sender: sales}",
     "sender 'sales' is not in policies/messaging.yaml; there is default, service"),
    ("{send: welcome/hello, window: x}",
     "calendar 'x' is not in policies/calendars.yaml; there is daytime, night, office-hours"),
    ("{send: welcome/hello, channel: fax}", "'channel' cannot be 'fax'; write 'email'"),
    ("{send: welcome/hello, on_error: stop}", "'on_error' cannot be 'stop'; write 'continue' or 'exit'"),
    ("{send: welcome/hello, expires: contact.renewal}", "a contact has no field 'renewal'; did you mean "
     "'renewal_date'?"),
    ("{send: }", "'send' has no value; write one, or delete the line"),
    ("{send: welcome/hello, when: }", "'when' has no value; write one, or delete the line"),
    ("{send: welcome/hello, when: clicked('tps')}", "there is no step 'tps'; "),
    ("{send: welcome/hello, when: clickt('hello')}", "there is no function clickt(); did you mean 'clicked'?"),
    ("{send: welcome/hello, id: Hello}", "'Hello' cannot be an id; use small letters, digits and -, at most 64"),
    ("{wait: 2 dayz}", "bad span '2 dayz'; "),
    ("{wait: 2 days at 9}", "bad time '9'; write HH:MM, e.g. '09:00'"),
    ("{wait: until contact.renewal_date}",
     "'until' a date needs 'if_past'; add 'if_past: continue', 'skip' or 'exit'"),
    ("{wait: until contact.renewal_date, if_past: stop}",
     "'if_past' cannot be 'stop'; write 'continue', 'skip' or 'exit'"),
    ("{wait: 2 days, if_past: skip}", "'if_past' belongs to a wait until a date; delete it"),
    ("{wait: until contact.renewl_date, if_past: skip}", "a contact has no field 'renewl_date'; did you mean "
     "'renewal_date'?"),
    ("{wait_for: clicked}", "'wait_for' needs 'up_to'; write a span, or 'forever' if you mean it"),
    ("{wait_for: clikced, up_to: 1 day}", "event 'clikced' is not declared in policies/events.yaml; did you mean "
     "'clicked'?"),
    ("{wait_for: [], up_to: 1 day}", "'wait_for' waits for nothing; write an event's name"),
    ("{wait_for: {frm: x}, up_to: 1 day}",
     "'wait_for' takes an event's name, a list of names, or {form: NAME}; write one of them"),
    ("{wait_for: {form: x}, up_to: 1 day}", "form 'x' has no file in policies/forms/; there is demo-request"),
    ("{wait_for: clicked, of: nowhere, up_to: 1 day}", "'nowhere' is not a step that sends; "),
    ("{wait_for: clicked, since: nowhere, up_to: 1 day}", "there is no step 'nowhere'; "),
    ("{wait_for: clicked, since: 2days, up_to: 1 day}", "bad span '2days'; "),
    ("{wait_for: clicked, up_to: for ever}", "bad span 'for ever'; "),
    ("{wait_for: clicked, up_to: 1 day, then: hello}",
     "steps are a list; begin each with '- ', such as '- send: welcome/hello'"),
    ("{wait_for: clicked, up_to: 1 day, then: }", "there are no steps; write some, or [] for none"),
    ("{wait_for: purchased, up_to: 1 day, where: event.amount > }", "the condition breaks off; complete it"),
    ("{branch: []}", "a branch needs an arm; write '- when: …' below it"),
    ("{branch: [{steps: []}]}", "an arm is 'when:' with 'steps:', or 'otherwise:'; write one of them"),
    ("{branch: [{when: contact.score > 1}]}", "the arm has no 'steps'; write some, or [] for none"),
    ("{branch: [{otherwise: [], steps: []}]}",
     "'otherwise' holds its steps itself; put them below it and delete 'steps'"),
    ("{branch: [{when: contact.score > 1, step: []}]}",
     "an arm has no 'step'; it has 'when' and 'steps', or 'otherwise'"),
    ("{branch: [{otherwise: []}, {when: contact.score > 1, steps: []}]}",
     "an arm behind 'otherwise' can never be reached; move 'otherwise' to the end"),
    ("{branch: {when: contact.score > 1}}", "'branch' takes a list, not keys with values; write each on a line of "
     "its own behind '- '"),
    ("{update: {}}", "'update' takes fields with values; write 'field: value' below it"),
    ("{update: score}", "'update' takes fields with values; write 'field: value' below it"),
    ("{update: {scor: 5}}", "'scor' is no field that can be updated; did you mean 'score'?"),
    ("{update: {email: a@b.example}}", "'email' is no field that can be updated; "),
    ("{update: {company: +5}}", "'company' is no number, so nothing can be added to it (write '{set: …}'); "),
    ("{update: {score: [1]}}", "'score' cannot hold a list; write one value"),
    ("{update: {score: {add: 1}}}", "'score' is changed by '+5', '-5' or '{set: 5}'; write one of them"),
    ("{update: {score: }}", "'score' has no value; write one, or delete the line"),
    ("{update: {tags: engaged}}", "'tags' is a list of tags that come and go; write it like [+engaged, -cold]"),
    ("{update: {topics: [+product-news]}}",
     "'topics' can only withdraw: consent comes from the contact; write a list like [-product-news]"),
    ("{update: {topics: [-news]}}", "topic 'news' is not in policies/messaging.yaml; there is product-news, service"),
    ("{exit: }", "'exit' has no value; write one, or delete the line"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "expected"), STEPS, ids=[step for step, _ in STEPS])
def test_a_step_that_cannot_be_meant_is_refused_at_its_line(step: str, expected: str) -> None:
    problems = said(f"topic: product-news\nsteps:\n  - send: welcome/tips\n  - {step}\n")

    assert len(problems) == 1, problems
    assert problems[0].startswith(f"4: {expected}")
    assert "; " in problems[0]


def test_what_stands_deep_inside_is_refused_at_its_own_line() -> None:
    text = """\
        topic: product-news
        steps:
          - branch:
              - when: contact.scor > 1
                steps:
                  - wait_for:
                      - clicked
                      - clickd
                    up_to: 1 day
                    then:
                      - update:
                          score: +5
                          scroe: +5
                          tags: engaged
              - otherwise:
                  - send: welcome/hello
                    when: >
                      contact.score > 1 &&
                      contact.scroe > 1
        """

    assert [problem.partition(": ")[0] for problem in said(text)] == ["4", "8", "14", "17"]
    text = text.replace("tags: engaged", "tags: [+engaged]")
    assert [problem.partition(": ")[0] for problem in said(text)] == ["4", "8", "13", "17"]


def test_two_steps_with_one_id_are_refused() -> None:
    assert said("topic: product-news\nsteps:\n  - send: welcome/hello\n    id: a\n  - wait: 1 day\n    id: a\n") == [
        "6: two steps have the id 'a'; rename one"
    ]


@pytest.mark.parametrize("written", ["", "steps:", "steps: hello", "steps: {send: welcome/hello}"])
def test_a_sequence_needs_steps(written: str) -> None:
    [problem] = said(f"description: x\n{written}")

    assert "'steps'" in problem


# Policies ----------------------------------------------------------------------------------------------------------

POLICY = [
    ("messaging", "organisation: {nam: x}", "there is no key 'nam' here; did you mean 'name'?"),
    ("messaging", "organisation: {time_zone: Mars}", "'Mars' is not a time zone; write an IANA name such as "
     "Europe/Berlin"),
    ("messaging", "senders: {default: {form: a@b.example}}", "there is no key 'form' here; did you mean 'from'?"),
    ("messaging", "senders: {default: hello@acme.example}", "'default' takes keys with values, not "
     "'hello@acme.example'; write 'key: value' lines, indented"),
    ("messaging", "senders: {default: {from: nobody}}",
     "'nobody' is not an address; write 'Name <name@your-domain>'"),
    ("messaging", "topics: {news: {lable: News}}", "there is no key 'lable' here; did you mean 'label'?"),
    ("messaging", "topics: {news: {label: News, default: yes}}", "'default' cannot be 'yes'; write 'opted_in' or "
     "'opted_out'"),
    ("messaging", "expires: {marketing: a week}", "bad span 'a week'; "),
    ("messaging", "expires: {marketng: 7 days}", "'marketng' cannot stand here; write 'marketing', 'service' or "
     "'transactional'"),
    ("messaging", "quiet: [{calender: night}]", "there is no key 'calender' here; did you mean 'calendar'?"),
    ("messaging", "quiet: [{calendar: nigth}]", "calendar 'nigth' is not in policies/calendars.yaml; did you mean "
     "'night'?"),
    ("messaging", "quiet: {calendar: night}", "'quiet' takes a list, not keys with values; write each on a line of "
     "its own behind '- '"),
    ("calendars", "default: x", "there is no calendar 'x'; "),
    ("calendars", "calendars: {a: {hours: {mon: ['09:00-10:00']}}}", "'zone' is missing; add it"),
    ("calendars", "calendars: {a: {zone: Mars, hours: {mon: ['09:00-10:00']}}}", "there is no time zone 'Mars'; "),
    ("calendars", "calendars: {a: {zone: UTC, hours: {mun: ['09:00-10:00']}}}", "bad day 'mun'; "),
    ("calendars", "calendars: {a: {zone: UTC, hours: {mon: ['9-10']}}}", "bad hours '9-10'; "),
    ("contact", "fields: {email: {type: text}}", "field 'email' is built in; delete it here"),
    ("contact", "fields: {Vip: {type: yes_no}}",
     "'Vip' cannot be the name of a field; use small letters, digits and _, at most 64"),
    ("contact", "fields: {vip: {type: boolean}}", "'type' cannot be 'boolean'; write 'text', 'number', 'date' or "
     "'yes_no'"),
    ("contact", "fields: {vip: yes_no}", "'vip' takes keys with values, not 'yes_no'; write 'key: value' lines, "
     "indented"),
    ("contact", "field: {vip: {}}", "there is no key 'field' here; did you mean 'fields'?"),
    ("events", "events: {clicked: {}}", "event 'clicked' is built in; delete it here"),
    ("events", "events: {'a b': {}}", "'a b' cannot be the name of an event; use letters, digits and _, at most 64"),
    ("events", "events: {x: {fields: plan}}", "'fields' takes a list, not 'plan'; write each on a line of its own "
     "behind '- '"),
    ("events", "events: {x: {fields: [[plan]]}}", "item 1 of 'fields' takes one text, not a list; "),
    ("forms/demo-request", "fields: {email: e, contry: c}", "a contact has no field 'contry'; did you mean "
     "'country'?"),
    ("forms/demo-request", "{fields: {email: e}, consent: [{topic: news, answer: a, wording: b}]}",
     "topic 'news' is not in policies/messaging.yaml; there is product-news, service"),
    ("forms/demo-request", "{fields: {email: e}, complaint: maybe}", "'complaint' takes yes or no, not 'maybe'; "
     "write one of them"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "line", "expected"), POLICY, ids=[f"{name} {line}" for name, line, _ in POLICY])
def test_a_policy_that_cannot_be_meant_is_refused_at_its_line(name: str, line: str, expected: str) -> None:
    path = f"policies/{name}.yaml"

    problems = [each for each in load(POLICIES | {path: f"\n{line}\n"}, TEMPLATES).problems if each.path == path]

    told = [each.what for each in problems if not each.what.endswith("is missing; add it")] or [problems[0].what]
    assert len(told) == 1, told
    assert told[0].startswith(expected)
    assert {each.line for each in problems} == {2}


@pytest.mark.parametrize("path", ["policies/messages.yaml", "policies/messaging.yml", "policies/forms/A form.yaml"])
def test_a_policy_file_that_nobody_reads_is_said(path: str) -> None:
    [problem] = load(POLICIES | {path: "a: 1\n"}, TEMPLATES).problems

    assert problem.path == path
    assert "; " in problem.what


@pytest.mark.parametrize("text", ["", "hello", "- a", "a: [", "\0", "topics:\n", "\ttopics: {}", "topics: {a: {}}"])
@pytest.mark.parametrize("name", ["messaging", "calendars", "contact", "events", "forms/x"])
def test_whatever_a_policy_holds_it_is_said_and_the_rest_is_read(name: str, text: str) -> None:
    loaded = load(POLICIES | {f"policies/{name}.yaml": text, "sequences/a.yaml": "steps: []"}, TEMPLATES)

    assert loaded.problems
    assert set(loaded.programs) == {"a"}


# Simulations are lenient about what is declared ----------------------------------------------------------------------


def test_an_undeclared_event_or_form_is_a_problem_of_check_and_a_warning_of_a_simulation() -> None:
    text = """\
        enter: {on: [{form: contact-us}, {event: webinar_joined, where: "event.title != ''"}]}
        exit: {when: "did('webinar_left')"}
        steps: [{wait_for: webinar_left, up_to: 1 day}]
        """

    assert len(checked(text).errors()) == 4
    assert checked(text, strict=False).errors() == []
    assert len(checked(text, strict=False).problems) == 3
    assert set(checked(text, strict=False).programs) == {"story"}


# Ids -----------------------------------------------------------------------------------------------------------------


def test_a_send_is_named_after_its_template_and_others_after_kind_and_place() -> None:
    found = program(
        """
        steps:
          - send: welcome/hello
          - wait: 1 day
          - send: welcome/hello
          - branch:
              - when: contact.score > 1
                steps:
                  - wait: 1 day
                  - send: welcome/hello
              - otherwise:
                  - update: {score: +1}
          - wait_for: clicked
            up_to: 1 day
            then: [{update: {score: +1}}]
            otherwise: [{exit: gone, id: my-exit}]
        """
    )

    assert set(found.steps) == {
        "hello", "wait-2", "hello-2", "branch-4", "branch-4.1.wait-1", "hello-3", "branch-4.2.update-1",
        "wait_for-5", "wait_for-5.1.update-1", "my-exit",
    }  # fmt: skip


def test_an_id_that_is_written_is_never_taken_by_one_that_is_not() -> None:
    found = program(
        "steps: [{send: welcome/hello}, {send: welcome/tips, id: hello}, {wait: 1 day, id: wait-4}, {wait: 1 day}]"
    )

    assert set(found.steps) == {"hello-2", "hello", "wait-4", "wait-4-2"}


# Versions and storing ------------------------------------------------------------------------------------------------


def test_a_program_is_the_same_after_it_was_stored() -> None:
    found = program(GOOD)

    again = Program.load(json.loads(found.model_dump_json()))

    assert again == found
    assert again.version == found.version


@pytest.mark.parametrize(
    "text",
    [
        "steps: [{branch: [{when: contact.score > 1, steps: []}]}]",
        "steps: [{branch: [{otherwise: []}]}]",
        "steps: [{wait_for: clicked, up_to: forever}]",
        "steps: []",
    ],
)
def test_what_holds_nothing_can_be_stored_too(text: str) -> None:
    found = program(text)

    assert Program.load(json.loads(found.model_dump_json())).version == found.version


@given(st.integers(min_value=0))
@settings(max_examples=30, deadline=None)
def test_every_program_survives_storing(seed: int) -> None:
    case = a_case(Random(seed))
    loaded = load(case.files, Templates.of(case.files))
    assert loaded.errors() == []

    found = loaded.programs["story"]

    assert Program.load(json.loads(found.model_dump_json())).version == found.version


SAME = [
    ("a comment", GOOD.replace("phase:", "# why\nphase:")),
    ("the order of keys", GOOD.replace("phase: acquisition\n", "") + "\nphase: acquisition\n"),
    ("quotes", GOOD.replace("topic: product-news", 'topic: "product-news"')),
    ("blanks", GOOD.replace("2 days at 09:00", "2  days   at 09:00")),
    ("a default written out", GOOD.replace("phase:", "status: live\nphase:")),
    ("a block, not braces", GOOD.replace("[+engaged]}", "\n            - +engaged").replace("{score: +20, ", "\n"
     "          score: +20\n          ")),
]  # fmt: skip


@pytest.mark.parametrize("text", [text for _, text in SAME], ids=[name for name, _ in SAME])
def test_the_version_stays_when_only_the_writing_changes(text: str) -> None:
    assert text != GOOD
    assert program(text).version == program(GOOD).version


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("From a demo", "From the demo"),
        ("priority: 50", "priority: 51"),
        ("2 days at", "3 days at"),
        ("+20", "+21"),
        ("+engaged", "+keen"),
        ("clicked\n", "replied\n"),
        ("score >= 60", "score >= 61"),
        ("if_past: skip", "if_past: exit"),
        ("exit: met", "exit: seen"),
        ("again: after_exit 30 days", "again: after_exit 31 days"),
        ("window: daytime", "window: office-hours"),
        ("event.email == contact.email", "event.email != contact.email"),
    ],
)
def test_the_version_changes_with_every_change_of_meaning(old: str, new: str) -> None:
    assert old in GOOD
    assert program(GOOD.replace(old, new)).version != program(GOOD).version


def test_a_program_stored_by_a_later_version_still_loads() -> None:
    found = program(GOOD)
    stored = _with_more(json.loads(found.model_dump_json()))

    assert Program.load(stored).version == found.version


def _with_more(value: Any) -> Any:
    """Add a field of the future to every object; mappings by name (of steps, of updates) hold no fields."""
    if isinstance(value, list):
        return [_with_more(each) for each in value]
    if not isinstance(value, dict):
        return value
    by_name = {"steps", "update"}
    found = {
        key: {name: _with_more(each) for name, each in inner.items()}
        if key == "steps" and "sequence" in value
        else inner
        if key in by_name and "first" not in str(inner)
        else _with_more(inner)
        for key, inner in value.items()
    }
    return found | {"of_the_future": {"a": [1]}}


# Whatever the text ---------------------------------------------------------------------------------------------------


def problems_or_program(text: str) -> list[Problem]:
    """Load, and assert what holds whatever was written."""
    loaded = checked(text)
    assert bool(loaded.programs) != bool(loaded.errors())
    lines = len(re.split("\r\n|[\n\r\x85\u2028\u2029]", text)) + 1
    for problem in loaded.problems:
        assert 1 <= problem.line <= lines, problem
        assert "; " in problem.what, problem
        assert "\n" not in problem.what
        assert "docs." not in problem.what
        assert "pydantic" not in problem.what.lower()
        assert "Error" not in problem.what
    return loaded.problems


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_text_gives_problems_or_a_program(text: str) -> None:
    problems_or_program(text)


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """Draw the good file with a few accidents."""
    lines = GOOD.splitlines()
    for _ in range(draw(st.integers(1, 3))):
        place, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        accident = draw(st.sampled_from(["delete", "swap", "twice", "letter", "shift", "value"]))
        line = lines[place]
        at = draw(st.integers(0, max(len(line) - 1, 0)))
        if accident == "delete" and len(lines) > 1:
            del lines[place]
        elif accident == "swap":
            lines[place], lines[other] = lines[other], lines[place]
        elif accident == "twice":
            lines.insert(other, line)
        elif accident == "letter":
            letter = draw(st.sampled_from(list("aZ09 :-#{}[]'\"!&*+\t\0é,")))
            lines[place] = line[:at] + letter + line[at + 1 :]
        elif accident == "shift":
            lines[place] = "  " + line if draw(st.booleans()) else line[2:]
        else:
            value = draw(st.sampled_from(["", "[]", "{}", "[[a]]", "{a: {b: c}}", "-1", "x" * 300, "null", "~", "'"]))
            lines[place] = line.partition(":")[0] + ": " + value
    return "\n".join(lines)


@given(mutations())
@settings(max_examples=60, deadline=None)
def test_any_accident_to_a_good_file_gives_problems_or_a_program(text: str) -> None:
    problems_or_program(text)


@pytest.mark.large
@given(mutations())
@settings(max_examples=3_000, deadline=None)
def test_any_accident_to_a_good_file_gives_problems_or_a_program_at_full_size(text: str) -> None:
    problems_or_program(text)


def test_many_files_are_checked_in_one_go() -> None:
    files = POLICIES | TEMPLATE_FILES
    files |= {f"sequences/s-{n}.yaml": case.files["sequences/story.yaml"] for n, case in enumerate(corpus(7, 50))}

    loaded = load(files, Templates.of(files))

    assert len(loaded.programs) == 50
    assert loaded.errors() == []
