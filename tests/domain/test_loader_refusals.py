"""What cannot be meant is refused, at its own line, with a way out."""

import pytest

from domain.loader import load
from tests.domain.kit import POLICIES, TEMPLATES, said

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
    ("time_zone: Berlin", "'Berlin' is not a time zone; did you mean 'Europe/Berlin'?"),
    ("topic: produkt-news", "topic 'produkt-news' is not in policies/messaging.yaml; did you mean 'product-news'?"),
    ("window: nigth", "calendar 'nigth' is not in policies/calendars.yaml; did you mean 'night'?"),
    ("calendar: x", "calendar 'x' is not in policies/calendars.yaml; there is daytime, night, office-hours"),
    ("on_unsubscribe: leave", "'on_unsubscribe' cannot be 'leave'; write 'end' or 'stay'"),
    ("goal: meeting_booked", "this is not a trigger; write 'form: NAME' or 'event: NAME'"),
    ("goal: {event: meting_booked}", "event 'meting_booked' is not declared in policies/events.yaml; "
     "did you mean 'meeting_booked'?"),
    ("goal: {form: demo}", "form 'demo' has no file in policies/forms/; there is demo-request"),
    ("exit: {evnt: x}",
     "a trigger names one of 'event', 'form', 'segment' or (to end a run) 'when'; write one of them"),
    ("exit: {event: purchased, form: demo-request}",
     "a trigger names one of 'event', 'form', 'segment' or (to end a run) 'when'; write one of them"),
    ("exit: {when: contact.stage == 'x', where: event.x == 1}",
     "'where' looks at an event and there is none; put it into 'when'"),
    ("exit: {when: contact.stag == 'customer'}", "there is no field contact.stag; did you mean 'stage'?"),
    ("enter: {on: {when: contact.score > 1}}",
     "'when' starts nothing by itself; write 'form' or 'event', and 'when' beside 'on'"),
    ("enter: {again: sometimes}",
     "'sometimes' is no rule of re-entry; write never, after_exit, after_exit SPAN, restart or always"),
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
    ("{}", "this step does nothing; give it one of branch, call, case, exit, notify, "),
    ("", "this is not a step; write 'kind: …', for example 'send: welcome/hello'"),
    ("hello", "this is not a step; write 'kind: …', for example 'send: welcome/hello'"),
    ("{send: welcome/hello, wait: 2 days}", "a step has one kind, this has send and wait; make it two steps"),
    ("{send: welcome/hello, windw: daytime}", "'send' has no 'windw'; did you mean 'window'?"),
    ("{send: welcome/hallo}", "template 'welcome/hallo' does not exist; templates/email/welcome/ has about-vip, hello, "
     "nudge, tips"),
    ("{send: hello}", "template 'hello' does not exist; did you mean 'welcome/hello'?"),
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
    ("{wait_for: clicked, upto: 1 day}", "'wait_for' has no 'upto'; did you mean 'up_to'?"),
    ("{wait_for: clikced, up_to: 1 day}", "event 'clikced' is not declared in policies/events.yaml; did you mean "
     "'clicked'?"),
    ("{wait_for: [], up_to: 1 day}", "'wait_for' waits for nothing; write an event's name"),
    ("{wait_for: {frm: x}, up_to: 1 day}",
     "'wait_for' takes an event's name, a list of names, {form: NAME}, {segment: NAME} or "),
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
    ("{update: {score: {add: 1}}}", "'score' is changed by '+5', '-5', '{set: 5}' or '{from: matched.score}'; write "),
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
    ("messaging", "quiet: [{calendar: night, channel: emial}]", "'channel' cannot be 'emial'; write 'email' or 'sms'"),
    ("messaging", "caps: [{channel: emial, most: 3, in: 7 days}]", "'channel' cannot be 'emial'; write 'email' or "
     "'sms'"),
    ("messaging", "quiet: {calendar: night}", "'quiet' takes a list, not keys with values; write each on a line of "
     "its own behind '- '"),
    ("calendars", "default: x", "there is no calendar 'x'; "),
    ("calendars", "calendars: {a: {hours: {mon: ['09:00-10:00']}}}", "'zone' is missing; add it"),
    ("calendars", "calendars: {a: {zone: Mars, hours: {mon: ['09:00-10:00']}}}", "'Mars' is not a time zone; "),
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
    ("events", "events: {'a b': {}}", "'a b' cannot be the name of an event; use letters, digits and _, at most 64"),
    (
        "events",
        "events: {mail_logged: {}}",
        "'mail_logged' is what your people's own mail is kept as, and moves nothing; choose another name",
    ),
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

    assert len(problems) == 1, problems
    assert problems[0].what.startswith(expected)
    assert problems[0].line == 2


ALWAYS = (
    "calendars: {always: {zone: contact, hours: {mon-fri: ['00:00-24:00'], sat-sun: ['00:00-12:00', '12:00-24:00']}}}"
)


@pytest.mark.parametrize(("line", "expected"), [
    ("quiet: [{calendar: always}]", "calendar 'always' never closes, so nothing would ever be sent; write its hours"),
    ("expires: {marketing: 2 business days}", "'2 business days' has no calendar to be counted on; write days, or a "
     "'default' in policies/calendars.yaml"),
])  # fmt: skip
def test_what_no_calendar_ends_is_refused(line: str, expected: str) -> None:
    files = {"policies/messaging.yaml": f"\n{line}\n", "policies/calendars.yaml": ALWAYS}

    assert [(each.line, each.what) for each in load(files, TEMPLATES).problems] == [(2, expected)]


def test_business_days_are_counted_on_the_default_calendar() -> None:
    files = {
        "policies/messaging.yaml": "expires: {marketing: 2 business days}\n",
        "policies/calendars.yaml": "default: o\ncalendars: {o: {zone: UTC, hours: {mon-fri: ['09:00-17:00']}}}",
    }

    assert load(files, TEMPLATES).problems == []


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
