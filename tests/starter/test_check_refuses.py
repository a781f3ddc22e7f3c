"""Everything that check has to refuse or warn of (sequence-language.md, section 5 and the rules of 1 to 4), a row each.

A row is what somebody wrote into a small home, and the one line that check answers: path, line, what is wrong, and
what to do. `tests/domain/test_loader_refusals.py` has many more of the same sorts.
"""

from pathlib import Path
from typing import NamedTuple

import pytest

from domain.steps.base import Step
from starter.home import load_files, load_home, read_home
from tests.domain.kit import POLICIES

BODY = "{{organisation.address}}{% block subject %}N{% endblock %}{% block html %}{{unsubscribe_url}}{% endblock %}\n"
HOME = POLICIES | {
    "policies/teams.yaml": "teams: {sales: {email: sales@acme.example}}\n",
    "policies/segments.yaml": "segments: {big: {when: contact.benches > 20}}\n",
    "templates/email/welcome/hello.html": f"---\nclass: marketing\n---\n{BODY}",
    "templates/email/welcome/tips.html": f"---\nclass: marketing\n---\n{BODY}",
    "templates/email/shop/receipt.html": f"---\nclass: transactional\n---\n{BODY}",
}
STORY = "sequences/story.yaml"


def check(path: str, text: str) -> list[str]:
    """Return what check says of the small home with this file in it."""
    return [str(problem) for problem in load_files(HOME | {path: text}).problems]


class Row(NamedTuple):
    item: str
    written: str
    expected: str | None = None


# Words that are no YAML, or not the YAML that was meant ------------------------------------------------------------

QUOTE = "put the whole value in double quotes"
TEXT = [
    Row("not YAML", "steps:\n  - send: [a\n  - b: c\n", 
        f"2: a '[' is opened here and not closed; close it, or {QUOTE}"),
    Row("not YAML", "steps: []\n  topic: x\n", "2: this is not YAML (expected <block end>, but found '<block "
        "mapping start>'); check the indentation and the colons above"),
    Row("tab", "enter:\n\ton: {form: demo-request}\nsteps: []\n", "2: there is a tab; indent with spaces"),
    Row("an owner nobody can write to", "steps: []\nowner: Ines\n",
        "2: 'Ines' is no e-mail address; write one, such as growth@acme.example"),
    Row("an event nobody declared, of a message",
        "topic: product-news\nsteps:\n  - send: welcome/hello\n  - wait_for: click\n    of: hello\n    up_to: 1 day\n",
        "4: event 'click' is not declared in policies/events.yaml; did you mean 'clicked'?"),
    Row("duplicate key", "steps: []\nphase: retention\nphase: retention\n",
        "3: 'phase' is written twice (first on line 2); keep one of them"),
    Row("alias bomb", "a: &a [" + "x," * 99 + "]\nb: &b [" + "*a," * 99 + "]\nc: [" + "*b," * 99 + "]\nsteps: []\n",
        "1: too much in one file (over 20,000 values or 60 levels, aliases followed); split it"),
    Row("alias in itself", "description: &a [*a]\nsteps: []\n",
        "1: '*a' stands inside what it repeats; write out what you mean"),
    Row("very deep", "steps: " + "[" * 5_000 + "\n", "1: nested deeper than 60 levels; make it flatter"),
    Row("huge", "# " + "x" * 300_000 + "\nsteps: []\n", "1: the file is larger than 256 kB; split it"),
    Row("NUL", "steps: []\n\0\n", "2: this is not YAML (unacceptable character #x0000: special characters are not "
        "allowed); remove what is not text"),
    Row("a surrogate", 'steps: []\ndescription: "\\ud800"\n', "2: \\ud800 is no character of a text; delete it"),
    Row("empty", "", "1: the file is empty; write something or delete it"),
    Row("a list", "- send: welcome/hello\n",
        "1: a sequence is keys and values; begin with 'description:' and 'steps:'"),
    Row("two documents", "steps: []\n---\nsteps: []\n",
        "2: there is a second document; delete the '---', or make it a file of its own"),
    Row("begins with !", "exit:\n  when: !has(contact.vip)\nsteps: []\n", f"2: a value cannot begin with '!'; {QUOTE}"),
    Row("begins with '", "exit:\n  when: 'vip' in contact.tags\nsteps: []\n",
        f"2: this is not YAML (expected <block end>, but found '<scalar>'); {QUOTE}"),
    Row("begins with {", "description: {{ x }} y\nsteps: []\n",
        f"1: this is not YAML (expected <block end>, but found '<scalar>'); {QUOTE}"),
    Row("begins with [", "description: [a] b\nsteps: []\n",
        f"1: this is not YAML (expected <block end>, but found '<scalar>'); {QUOTE}"),
    Row("begins with *", "description: *all of them\nsteps: []\n",
        f"1: this is not YAML (found undefined alias 'all'); {QUOTE}"),
    Row("begins with &", "description: &more\nsteps: []\n",
        f"1: '&more' marks what nothing repeats; delete it, or {QUOTE}"),
    Row("begins with %", "description: %off\nsteps: []\n",
        f"1: this is not YAML (found character '%' that cannot start any token); {QUOTE}"),
    Row("begins with @", "description: @home\nsteps: []\n",
        f"1: this is not YAML (found character '@' that cannot start any token); {QUOTE}"),
    Row("holds a colon", "description: Welcome: the story\nsteps: []\n",
        f"1: this is not YAML (mapping values are not allowed here); {QUOTE}"),
    Row("an open quote", "description: \"Welcome\nsteps: []\n",
        "1: a quote is opened here and not closed; close it, or delete it"),
    Row("a directive", "%YAML 1.1\n---\nsteps: []\n", f"1: a line cannot begin with '%'; delete it, or {QUOTE}"),
]  # fmt: skip

# The head ----------------------------------------------------------------------------------------------------------

HEAD = [
    Row("unknown key", "desription: x", "there is no key 'desription' here; did you mean 'description'?"),
    Row("missing value", "owner:", "'owner' has no value; write one, or delete the line"),
    Row("unknown word", "phase: sales", "'phase' cannot be 'sales'; write 'acquisition', 'interaction' or 'retention'"),
    Row("unknown word", "status: NO", "'status' cannot be 'NO'; write 'live' or 'draft'"),
    Row("unknown word", "on_unsubscribe: leave", "'on_unsubscribe' cannot be 'leave'; write 'end' or 'stay'"),
    Row("priority", "priority: 101", "'priority' cannot be '101'; write at most 100"),
    Row("priority", "priority: -1", "'priority' cannot be '-1'; write at least 0"),
    Row("priority", "priority: high", "'priority' takes a whole number, not 'high'; write digits"),
    Row("zone", "time_zone: Mars/North", "'Mars/North' is not a time zone; write an IANA name such as Europe/Berlin"),
    Row("calendar", "calendar: office",
        "calendar 'office' is not in policies/calendars.yaml; did you mean 'office-hours'?"),
    Row("calendar", "window: nite", "calendar 'nite' is not in policies/calendars.yaml; did you mean 'night'?"),
    Row("topic", "topic: news", "topic 'news' is not in policies/messaging.yaml; there is product-news, service"),
    Row("on_conflict", "on_conflict: fight", "'on_conflict' cannot be 'fight'; write 'refuse', 'wait' or 'preempt'"),
    Row("on_conflict", "on_conflict: wait",
        "'on_conflict' is asked between the sequences of a group; add 'group: NAME', or delete it"),
    Row("group", "group: Nurture", "'Nurture' cannot be a group; use small letters, digits and -, at most 64"),
    Row("trigger", "enter: {on: demo-request}", "this is not a trigger; write 'form: NAME' or 'event: NAME'"),
    Row("trigger", "enter: {on: {form: a, event: b}}",
        "a trigger names one of 'event', 'form', 'segment' or 'date'; write one of them"),
    Row("form", "enter: {on: {form: demo}}", "form 'demo' has no file in policies/forms/; there is demo-request"),
    Row("event", "goal: {event: meting_booked}",
        "event 'meting_booked' is not declared in policies/events.yaml; did you mean 'meeting_booked'?"),
    Row("again", "enter: {again: once}",
        "'once' is no rule of re-entry; write never, after_exit, after_exit SPAN, restart or always"),
    Row("again", "enter: {again: after_exit 3 dayz}", "bad span '3 dayz'; write a number and one of seconds, minutes, "
        "hours, days, weeks, months, business minutes, hours or days, e.g. '3 days'"),
    Row("per", "enter: {per: contact.email}",
        "'per' names a field of what started the run, not 'contact.email'; write run.event.FIELD"),
    Row("holdout", "enter: {holdout: 5}", "'5' is no share; write it in per cent, such as 5%"),
    Row("holdout", "enter: {holdout: 100%}", "'100%' would hold everybody out; write less than 100%"),
    Row("date", "enter: {on: {date: contact.renewal_dat - 30 days}, again: always}",
        "a contact has no field 'renewal_dat'; did you mean 'renewal_date'?"),
    Row("within", "goal: {event: purchased, within: 14 dayz}", "bad span '14 dayz'; write a number and one of seconds, "
        "minutes, hours, days, weeks, months, business minutes, hours or days, e.g. '14 days'"),
    Row("goal and exit", "goal: {event: purchased}\nexit: {event: purchased}",
        "'purchased' is both goal and exit; keep one of them"),
    Row("segment", "enter: {on: {segment: bigg}}",
        "segment 'bigg' is not in policies/segments.yaml; did you mean 'big'?"),
    Row("date", "enter: {on: {date: contact.score}, again: always}",
        "'score' is no date, so no time can be counted from it; there is created_at, renewal_date"),
    Row("date", "enter: {on: {date: contact.renewal_date yearly}, again: always}",
        "bad date 'contact.renewal_date yearly'; write 'contact.FIELD yearly at HH:MM'"),
    Row("date", "exit: {date: contact.renewal_date}",
        "'date' only starts a run; to end one ask the date in 'when', as in 'now > contact.ends_on'"),
    # Conditions: unknown fields and functions, what functions take, the bounds
    Row("field", "enter: {when: contact.contry == 'DE'}", "there is no field contact.contry; did you mean 'country'?"),
    Row("field", "enter: {on: {event: trial_started, where: event.plann == 'pro'}}",
        "there is no field event.plann; did you mean 'plan'?"),
    Row("name", "enter: {when: person.country == 'DE'}",
        "there is no name person; there are calls, contact, matched, now, outcome, run, and texts stand in quotes"),
    Row("name", "enter: {when: event.plan == 'pro'}", "the name event is known only in where, enter, exit and "
        "goal; write run.event for what started the run, or matched for what a wait_for took"),
    Row("function", "exit: {when: didd('purchased')}", "there is no function didd(); did you mean 'did'?"),
    Row("argument", "exit: {when: did(contact.stage)}",
        "an event must be written out as a text in quotes; write it as did('purchased', 30)"),
    Row("argument", "exit: {when: did('purchasd')}", "there is no event 'purchasd'; did you mean 'purchased'?"),
    Row("argument", "exit: {when: topic('news')}", "there is no topic 'news'; there are product-news, service"),
    Row("step", "exit: {when: clicked('hello')}", "there is no step 'hello'; none is known here, so leave it out"),
    Row("argument", "exit: {when: in_segment('bigg')}", "there is no segment 'bigg'; did you mean 'big'?"),
    Row("1,000 characters", "exit: {when: " + " || ".join(["contact.score > 1"] * 60) + "}",
        "the condition has 1,256 characters, 1,000 is the most; split it over several steps, or compute a field of the "
        "record first"),
    Row("one comprehension", "exit: {when: \"contact.tags.exists(t, contact.tags.all(u, u == t))\"}",
        "the condition goes through lists 2 times (exists, all), once is the most; split it over several steps, or "
        "compute a field of the record first"),
]  # fmt: skip

# The steps: line 3 is a send `tips` ----------------------------------------------------------------------------------

STEPS = [
    Row("unknown kind", "{sned: welcome/hello}", "there is no step kind 'sned'; did you mean 'send'?"),
    Row("unknown key", "{send: welcome/hello, windw: night}", "'send' has no 'windw'; did you mean 'window'?"),
    Row("missing value", "{send: }", "'send' has no value; write one, or delete the line"),
    Row("template", "{send: welcome/helo}",
        "template 'welcome/helo' does not exist; templates/email/welcome/ has hello, tips"),
    Row("sender", "{send: welcome/hello, sender: sales}",
        "sender 'sales' is not in policies/messaging.yaml; there is default, service"),
    Row("topic", "{send: welcome/hello, topic: news}",
        "topic 'news' is not in policies/messaging.yaml; there is product-news, service"),
    Row("calendar", "{send: welcome/hello, window: nigth}",
        "calendar 'nigth' is not in policies/calendars.yaml; did you mean 'night'?"),
    Row("expires", "{send: welcome/hello, expires: until contact.renewal_date}",
        "bad expiry 'until contact.renewal_date'; leave out 'until': 'contact.renewal_date'"),
    Row("span", "{wait: 2 dayz}", "bad span '2 dayz'; write a number and one of seconds, minutes, hours, days, weeks, "
        "months, business minutes, hours or days, e.g. '2 days'"),
    Row("span", "{wait: 0 days}", "bad span '0 days'; the number must be 1 or more"),
    Row("time", "{wait: 2 days at 24:30}", "bad time '24:30'; write HH:MM, e.g. '09:00'"),
    Row("time", "{wait: 5 hours at 09:00}",
        "bad time in '5 hours at 09:00'; 'at' goes only with days, weeks, months and business days: leave it out"),
    Row("until", "{wait: until contact.renewal_date}",
        "'until' a date needs 'if_past'; add 'if_past: continue', 'skip' or 'exit'"),
    Row("until", "{wait: 2 days, if_past: skip}", "'if_past' belongs to a wait until a date; delete it"),
    Row("field", "{wait: until contact.renewl_date, if_past: skip}",
        "a contact has no field 'renewl_date'; did you mean 'renewal_date'?"),
    Row("up_to", "{wait_for: clicked}", "'wait_for' needs 'up_to'; write a span, or 'forever' if you mean it"),
    Row("event", "{wait_for: clikced, up_to: 1 day}",
        "event 'clikced' is not declared in policies/events.yaml; did you mean 'clicked'?"),
    Row("form", "{wait_for: {form: demo}, up_to: 1 day}",
        "form 'demo' has no file in policies/forms/; there is demo-request"),
    Row("nothing can produce it", "{wait_for: purchased, of: tips, up_to: 1 day}",
        "'purchased' does not belong to a message, so it cannot be 'of' one; there is auto_replied, bounced, clicked, "
        "complained, deferred, delivered, opened, replied"),
    Row("segment", "{wait_for: {segment: bigg}, up_to: 1 day}",
        "segment 'bigg' is not in policies/segments.yaml; did you mean 'big'?"),
    Row("field", "{wait_for: {when: contact.scor > 1}, up_to: 1 day}",
        "there is no field contact.scor; did you mean 'score'?"),
    Row("of", "{wait_for: {when: contact.score > 1}, of: tips, up_to: 1 day}",
        "'of' looks at an event, and this waits for none; delete it"),
    Row("thread", "{send: welcome/hello, thread: hello}",
        "nothing can belong to 'hello' here, because it is sent on no way that leads here; move it up, "
        "or name a send before this"),
    Row("on_cap", "{send: welcome/hello, on_cap: later}",
        "'later' is not known here; write defer SPAN, defer SPAN then exit, skip or exit"),
    Row("shares", "{split: {arms: [{name: a, share: 50%, steps: []}, {name: b, share: 40%, steps: []}]}}",
        "the shares add up to 90%; make them 100%, or leave out the % to write weights"),
    Row("shares", "{split: {arms: [{name: a, share: 50, steps: []}, {name: b, share: 50%, steps: []}]}}",
        "some shares are percentages and some are weights; write all with %, or all without"),
    Row("shares", "{split: {arms: [{name: a, share: half, steps: []}, {name: b, share: 50%, steps: []}]}}",
        "'half' is no share; write a percentage such as 50%, or a weight such as 2"),
    Row("arms", "{split: {arms: [{name: a, share: 1, steps: []}, {name: a, share: 1, steps: []}]}}",
        "two arms have the name 'a'; rename one"),
    Row("arms", "{split: {arms: [{name: a, share: 100%, steps: []}]}}",
        "a 'split' needs two 'arms' or more; add one, or write its steps without a split"),
    Row("team", "{task: Call them, team: sale}",
        "team 'sale' is not in policies/teams.yaml; did you mean 'sales'?"),
    Row("nobody", "{task: Call them}", "this 'task' is for nobody; add 'team:' or 'owner:'"),
    Row("field", "{task: 'Call {{ contact.frist_name }}', team: sales}",
        "there is no field contact.frist_name; did you mean 'first_name'?"),
    Row("blank", "{task: 'Call {{ 1 + 1 }}', team: sales}", "'{{ 1 + 1 }}' cannot be filled in; write "
        "{{ contact.first_name }}, or with a word for nothing: {{ contact.first_name or 'there' }}"),
    Row("outcomes", "{task: Call, team: sales, outcomes: {met: {exit: met}}}",
        "steps are a list; begin each with '- ', such as '- send: welcome/hello'"),
    Row("severity", "{case: Broken, severity: S9}", "'severity' cannot be 'S9'; write 'S1', 'S2', 'S3' or 'S4'"),
    Row("incident", "{case: Broken, incident: 1 + 1}",
        "'incident' takes a field, not '1 + 1'; write one that names it, such as run.event.order_id"),
    Row("template", "{notify: sales, template: welcome/hello}",
        "'welcome/hello' is not for staff; write staff/NAME, which is templates/staff/NAME.html"),
    Row("template", "{notify: sales, template: staff/leed}",
        "template 'leed' does not exist for staff; none is declared, so write it there first"),
    Row("address", "{call: crm.example}", "'crm.example' is no address to call; write https://…, without user and "
        "password"),
    Row("address", "{call: 'http://crm.example'}",
        "'http://crm.example' would send the contact's data in the clear; write https://…"),
    Row("too long", "{call: 'https://crm.example', up_to: 1 hour}",
        "'1 hour' is too long to wait for an answer; write 10 minutes or less"),
    Row("save_as", "{call: 'https://crm.example', save_as: A-b}",
        "'A-b' cannot be a name; use small letters, digits and _, at most 64"),
    Row("call", "{exit: done, when: calls.crm.score > 5}",
        "there is no field calls.crm; none is known here, so leave it out"),
    Row("sequence", "{start: stori}", "there is no sequence 'stori'; did you mean 'story'?"),
    Row("sequence", "{stop: stori}", "there is no sequence 'stori'; did you mean 'story'?"),
    Row("sequence", "{start: story}", "a sequence cannot start itself; write 'repeat' around its steps"),
    Row("times", "{repeat: {times: 0, steps: [{wait: 1 day}]}}", "'times' cannot be '0'; write at least 1"),
    Row("times", "{repeat: {steps: [{wait: 1 day}]}}", "'times' is missing; add it"),
    Row("until", "{repeat: {times: 2, until: contact.scor > 1, steps: [{wait: 1 day}]}}",
        "there is no field contact.scor; did you mean 'score'?"),
    Row("step", "{wait_for: clicked, of: tip, up_to: 1 day}", "'tip' is not a step that sends; did you mean 'tips'?"),
    Row("step", "{wait_for: clicked, since: tip, up_to: 1 day}", "there is no step 'tip'; did you mean 'tips'?"),
    Row("step", "{exit: done, when: clicked('tpis')}", "there is no step 'tpis'; did you mean 'tips'?"),
    Row("id", "{wait: 1 day, id: the_wait}", "'the_wait' cannot be an id; use small letters, digits and -, at most 64"),
    Row("id", "{wait: 1 day, id: " + "x" * 65 + "}",
        f"'{'x' * 65}' cannot be an id; use small letters, digits and -, at most 64"),
    Row("id", "{wait: 1 day, id: now}",
        "'now' cannot be an id, because 'since: now' means a time; rename it"),
    Row("exit", "{exit: " + "x" * 101 + "}",
        "'exit' takes a reason of one line, at most 100 characters; shorten it"),
    Row("update", "{update: {topics: [+product-news]}}", "'topics' can only withdraw: consent comes from the contact; "
        "write a list like [-product-news]"),
    Row("update", "{update: {score: NO}}", "'score' takes a number, not 'NO'; write one such as 5, or +5 to count"),
]  # fmt: skip

WHOLE = [
    Row("unreachable", "steps:\n  - exit: done\n  - wait: 1 day\n",
        "3: step 'wait-2' can never be reached; move it or delete it"),
    Row("unreachable", 
        "steps:\n  - branch:\n      - otherwise: []\n      - when: contact.score > 1\n        steps: []\n",
        "2: an arm behind 'otherwise' can never be reached; move 'otherwise' to the end"),
    Row("nothing can produce it",
        "steps:\n  - wait_for: replied\n    of: receipt\n    up_to: 1 day\n  - send: shop/receipt\n",
        "3: nothing can belong to 'receipt' here, because it is sent on no way that leads here; move it up, or name a "
        "send before this"),
    Row("two ids", "steps:\n  - wait: 1 day\n    id: a\n  - exit: done\n    id: a\n",
        "5: two steps have the id 'a'; rename one"),
    Row("marketing without topic", "steps:\n  - send: welcome/hello\n",
        "2: 'welcome/hello' is marketing and has no topic; add 'topic:' to the sequence or the template"),
    Row("no steps", "description: x\n", "1: 'steps' is missing; add it"),
    # Warnings
    Row("until a date without expires",
        "steps:\n  - wait: until contact.renewal_date\n    if_past: skip\n  - wait: 1 day\n    when: has(contact.vip)\n"
        "  - send: shop/receipt\n",
        "6: warning: this follows a wait until a date and has no 'expires'; say until when it is of use"),
    Row("over a year", "steps:\n  - wait: 8 months\n  - wait: 5 months\n",
        "1: warning: a path through these steps may last over a year; check that this is meant"),
    Row("goal is entry", "enter: {on: {event: purchased}}\ngoal: {event: purchased}\nsteps: []\n",
        "2: warning: 'purchased' starts the sequence and is its goal; check that this is meant"),
    Row("hangs on opens", "steps:\n  - send: shop/receipt\n  - exit: read\n    when: opened('receipt')\n",
        "4: warning: opened('receipt') is never true: nobody counts who opens transactional messages; add "
        "transactional to 'tracking: opens' in policies/messaging.yaml"),
    Row("a date and never", "enter:\n  on: {date: contact.renewal_date - 30 days}\nsteps: []\n",
        "2: warning: a date comes once for each contact, because 'again' is never; say 'again: after_exit' "
        "or 'always'"),
]  # fmt: skip


# Policies, templates, names of files ---------------------------------------------------------------------------------

FRONT = "---\nclass: marketing\n---\n"
FILES = [
    Row("policies/messaging.yaml", "topics: {product-news: {lable: News}}",
        "1: there is no key 'lable' here; did you mean 'label'?"),
    Row("policies/messaging.yaml", "organisation: {time_zone: Mars}",
        "1: 'Mars' is not a time zone; write an IANA name such as Europe/Berlin"),
    Row("policies/calendars.yaml", "default: a\ncalendars:\n  a: {zone: contact, hours: {mon: ['9-17']}}\n",
        "3: bad hours '9-17'; write HH:MM-HH:MM, e.g. '09:00-17:30' or '22:00-06:00'"),
    Row("policies/contact.yaml", "fields: {email: {}}", "1: field 'email' is built in; delete it here"),
    Row("policies/forms/survey.yaml", "fields: {email: mail}\nconsent:\n  - {topic: news, answer: a, wording: b}\n",
        "3: topic 'news' is not in policies/messaging.yaml; there is product-news, service"),
    Row("policies/tasks2.yaml", "a: 1\n", None),
    Row("templates/email/welcome/more.html", f"{FRONT}{BODY}\n{{{{ contact.frist_name }}}}\n",
        "6: contact.frist_name does not exist; did you mean 'contact.first_name'?"),
    Row("templates/email/welcome/more.html", "---\nclass: advert\n---\n" + BODY,
        "2: 'advert' is not a class; write marketing, service or transactional"),
    Row("templates/email/welcome/more.html", "---\nclass: marketing\ntopic: news\n---\n" + BODY,
        "3: topic 'news' is not in policies/messaging.yaml; there is product-news, service"),
    Row("templates/email/welcome/more.html", f"{FRONT}{BODY}".replace("unsubscribe_url", "contact.email"),
        "1: a marketing message without an unsubscribe link; put {{ unsubscribe_url }} into it or its layout, or set "
        "`class: service` if it does not advertise"),
    Row("templates/email/welcome/more.html", f"{FRONT}{BODY}{{% if %}}", None),
    Row("sequences/My story.yaml", "steps: []\n",
        "1: 'My story' cannot be a name; use small letters, digits and -, at most 64"),
    Row(f"sequences/{'a' * 65}.yaml", "steps: []\n",
        f"1: '{'a' * 65}' cannot be a name; use small letters, digits and -, at most 64"),
]  # fmt: skip


def named(row: Row) -> str:
    return f"{row.item}: {row.written[:40]!r}"


@pytest.mark.parametrize("row", [*TEXT, *WHOLE], ids=named)
def test_a_file_is_refused_in_one_line(row: Row) -> None:
    assert check(STORY, row.written) == [f"{STORY}:{row.expected}"]


@pytest.mark.parametrize("row", HEAD, ids=named)
def test_a_head_is_refused_in_one_line(row: Row) -> None:
    last = 2 + row.written.count("\n")

    assert check(STORY, f"description: x\n{row.written}\nsteps: []\n") == [f"{STORY}:{last}: {row.expected}"]


@pytest.mark.parametrize("row", STEPS, ids=named)
def test_a_step_is_refused_in_one_line(row: Row) -> None:
    text = f"topic: product-news\nsteps:\n  - send: welcome/tips\n  - {row.written}\n"

    assert check(STORY, text) == [f"{STORY}:4: {row.expected}"]


def test_every_kind_of_step_has_a_row() -> None:
    written = " ".join(row.written for row in (*STEPS, *WHOLE))

    assert {kind for kind in Step.kinds if f"{kind}:" not in written} == set()


@pytest.mark.parametrize("row", FILES, ids=named)
def test_another_file_of_the_home_is_refused_in_one_line(row: Row) -> None:
    found = [line for line in check(row.item, row.written) if line.startswith(row.item)]

    assert len(found) == 1
    assert "; " in found[0]
    assert row.expected is None or found == [f"{row.item}:{row.expected}"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"steps: []\nowner: \xff\n", "2: this is not UTF-8 text; save it as UTF-8"),
        ("steps: []".encode("utf-16"), "1: this is not UTF-8 text; save it as UTF-8"),
        (b"steps: []\n\0", "2: there is a NUL byte; save it as UTF-8 text"),
        (b"#" * 300_000, "1: the file is larger than 256 kB; make it smaller"),
    ],
    ids=["not UTF-8", "UTF-16", "NUL", "huge"],
)
def test_bytes_that_are_no_text_are_refused_in_one_line(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "sequences").mkdir()
    (tmp_path / STORY).write_bytes(content)

    assert [str(each) for each in load_home(read_home(tmp_path)).problems] == [f"{STORY}:{expected}"]


def test_all_problems_of_all_files_come_in_one_go_sorted_by_place() -> None:
    wrong = {
        STORY: "steps:\n  - sned: a\n  - wait: 2 dayz\nowner:\n",
        "sequences/another.yaml": "step: []\n",
        "policies/events.yaml": "event: {}\n",
        "templates/email/welcome/more.html": f"{FRONT}{BODY}{{{{ contact.scor }}}}\n",
    }

    places = [(each.path, each.line) for each in load_files(HOME | wrong).problems]

    assert {path for path, _ in places} == set(wrong)
    assert places == sorted(places)
    assert [line for path, line in places if path == STORY] == [2, 3, 4]


def test_the_small_home_itself_has_no_problem() -> None:
    assert load_files(HOME).problems == []
