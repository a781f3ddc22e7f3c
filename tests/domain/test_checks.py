"""What a single line does not show: names elsewhere, reach, topics, time."""

import pytest

from domain.loader import load
from tests.domain.kit import CALENDARS, POLICIES, TEMPLATES, checked, said


@pytest.mark.parametrize("steps", [
    "[{exit: a}, {wait: 1 day}]",
    "[{branch: [{when: contact.score > 1, steps: [{exit: a}]}, {otherwise: [{exit: b}]}]}, {wait: 1 day}]",
    "[{wait_for: clicked, up_to: 1 day, then: [{exit: a}], otherwise: [{exit: b}]}, {wait: 1 day}]",
])  # fmt: skip
def test_a_step_nobody_can_reach_is_refused(steps: str) -> None:
    assert said(f"steps: {steps}") == ["1: step 'wait-2' can never be reached; move it or delete it"]


@pytest.mark.parametrize("steps", [
    "[{exit: a, when: contact.score > 1}, {wait: 1 day}]",
    "[{branch: [{when: contact.score > 1, steps: [{exit: a}]}]}, {wait: 1 day}]",
    "[{branch: [{otherwise: [{exit: a}]}], when: contact.score > 1}, {wait: 1 day}]",
    "[{wait_for: clicked, up_to: 1 day, otherwise: [{exit: b}]}, {wait: 1 day}]",
    "[{wait: until contact.renewal_date, if_past: skip}, {exit: a}, {wait: 1 day}]",
])  # fmt: skip
def test_a_step_that_some_can_reach_is_fine(steps: str) -> None:
    assert said(f"steps: {steps}") == []


@pytest.mark.parametrize(("steps", "line"), [
    ("[{wait_for: replied, of: receipt, up_to: 1 day}, {send: shop/receipt}]", 1),
    ("[{branch: [{when: contact.score > 1, steps: [{send: shop/receipt}]},"
     " {otherwise: [{wait_for: replied, of: receipt, up_to: 1 day}]}]}]", 1),
])  # fmt: skip
def test_nobody_waits_for_an_answer_to_what_was_never_sent(steps: str, line: int) -> None:
    assert said(f"steps: {steps}") == [
        f"{line}: nothing can belong to 'receipt' here, because it is sent on no way that leads here; "
        "move it up, or name a send before this"
    ]


def test_an_answer_to_what_some_were_sent_may_be_waited_for() -> None:
    sent = "{branch: [{when: contact.score > 1, steps: [{send: shop/receipt}]}]}"

    assert said(f"steps: [{sent}, {{wait_for: replied, of: receipt, up_to: 1 day}}]") == []
    assert (
        said("steps: [{send: shop/receipt, when: contact.score > 1}, {wait_for: replied, of: receipt, up_to: 1 day}]")
        == []
    )


def test_marketing_needs_a_topic_and_other_messages_do_not() -> None:
    assert said("steps: [{send: shop/receipt}, {send: care/answer}]") == []
    assert said("topic: product-news\nsteps: [{send: welcome/hello}]") == []
    assert said("steps: [{send: welcome/hello, topic: product-news}]") == []
    assert said("steps: [{send: welcome/hello}]") == [
        "1: 'welcome/hello' is marketing and has no topic; add 'topic:' to the sequence or the template"
    ]


def test_a_sequence_is_marketing_if_any_of_its_templates_is() -> None:
    service = checked("steps: [{send: shop/receipt}, {send: care/answer}]").programs["story"]
    marketing = checked("topic: product-news\nsteps: [{send: shop/receipt}, {send: welcome/tips}]").programs["story"]

    assert (service.marketing, marketing.marketing) == (False, True)


def test_messages_need_the_sender_they_fall_back_to() -> None:
    without = POLICIES | {"policies/messaging.yaml": "topics: {product-news: {label: News}}"}

    assert said("topic: product-news\nsteps: [{send: welcome/hello}]", without) == [
        "2: sender 'default' is not in policies/messaging.yaml; none is declared, so write it there first"
    ]


@pytest.mark.parametrize("step", [
    "{wait: 2 business days}",
    "{wait_for: clicked, up_to: 4 business hours}",
    "{wait_for: clicked, up_to: 1 day, since: 2 business days}",
    "{wait: until contact.renewal_date - 2 business days, if_past: skip}",
    "{send: shop/receipt, expires: 1 business day}",
])  # fmt: skip
def test_business_time_needs_a_calendar(step: str) -> None:
    without = POLICIES | {"policies/calendars.yaml": CALENDARS.replace("default: office-hours", "")}

    [problem] = said(f"steps: [{step}]", without)

    assert problem.endswith(
        "has no calendar to be counted on; add 'calendar:' to the sequence, or 'default:' to policies/calendars.yaml"
    )
    assert said(f"calendar: daytime\nsteps: [{step}]", without) == []
    assert said(f"steps: [{step}]") == []


def test_only_what_belongs_to_a_message_can_be_of_one() -> None:
    text = "steps: [{send: shop/receipt}, {wait_for: [replied, purchased], of: receipt, up_to: 1 day}]"

    [problem] = said(text)

    assert problem.startswith("1: 'purchased' does not belong to a message, so it cannot be 'of' one; ")


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("run.event.plann == 'pro'", "there is no field run.event.plann; did you mean 'plan'?"),
        ("run.event.plan == 'pro'", None),
        ("run.event.name == 'trial_started'", None),
        ("run.event.at < now",
         "there is no field run.event.at; there are email, first_name, form, name, plan, source"),
        ("event.plan == 'pro'", "the name event is known only in where, enter, exit and goal; write run.event for what "
         "started the run, or matched for what a wait_for took"),
        ("did('purchasd')", "there is no event 'purchasd'; did you mean 'purchased'?"),
        ("topic('news')", "there is no topic 'news'; there are product-news, service"),
        ("matched.whatever == 1", None),
    ],
)  # fmt: skip
def test_conditions_are_compared_with_what_there_is(condition: str, problem: str | None) -> None:
    text = f"enter: {{on: {{form: demo-request}}}}\nsteps:\n  - wait: 1 day\n    when: {condition}\n"

    assert said(text) == ([f"4: {problem}"] if problem else [])


def test_a_built_in_event_may_have_fields_that_nobody_declared() -> None:
    assert said("goal: {event: purchased, where: event.product == 'bench'}\nsteps: []") == []


@pytest.mark.parametrize(("field", "known"), [("cart", True), ("order_id", True), ("prodct", False)])
def test_once_a_company_declares_fields_of_a_built_in_event_they_are_checked_beside_its_own(
    field: str, known: bool
) -> None:
    text = f"goal: {{event: purchased, where: event.{field} == 'x'}}\nsteps: []"
    declared = POLICIES | {"policies/events.yaml": "events: {purchased: {fields: [cart]}}"}

    assert (said(text, declared) == []) == known


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("{score: abc}", "'score' takes a number, not 'abc'; write one such as 5, or +5 to count"),
        ("{score: {set: '1,5'}}", "'score' takes a number, not '1,5'; write one such as 5, or +5 to count"),
        ("{benches: many}", "'benches' takes a number, not 'many'; write one such as 5, or +5 to count"),
        ("{renewal_date: soon}", "'renewal_date' takes a date, not 'soon'; write one such as 2026-03-27"),
        ("{vip: perhaps}", "'vip' takes yes or no, not 'perhaps'; write one of them"),
        ("{scor: +5}", "'scor' is no field that can be updated; did you mean 'score'?"),
        ("{scor: abc}", "'scor' is no field that can be updated; did you mean 'score'?"),
        ("{score: 7, benches: {set: -1.5}, vip: yes, renewal_date: 2026-03-27, stage: abc}", None),
        ("{renewal_date: '2026-03-27T09:00:00Z', vip: 'false', score: {set: -5}}", None),
    ],
)
def test_a_record_is_given_only_what_it_can_hold_and_one_mistake_is_said_once(change: str, problem: str | None) -> None:
    assert said(f"steps:\n  - update: {change}\n") == ([f"2: {problem}"] if problem else [])


def test_a_condition_asks_about_the_messages_of_steps_that_send() -> None:
    text = "steps:\n  - send: shop/receipt\n  - wait: 1 day\n  - exit: a\n    when: clicked('wait-2')\n"

    assert said(text) == ["5: 'wait-2' is not a step that sends; there is receipt"]
    assert said(text.replace("clicked('wait-2')", "replied('receipt')")) == []


def test_a_segment_asks_the_contact_and_no_run_and_not_itself() -> None:
    wrong = {
        "policies/segments.yaml": """
segments:
  big: {when: contact.benchs > 20}
  late: {when: run.event.plan == 'x'}
  new: {when: sent('hello')}
  a: {when: in_segment('b')}
  b: {when: in_segment('a') || contact.score > 1}
  c: {when: in_segment('d')}
  fine: {when: "in_segment('big') && did('purchased', 30)"}
"""
    }

    assert [f"{each.line}: {each.what}" for each in load(POLICIES | wrong, TEMPLATES).problems] == [
        "3: there is no field contact.benchs; did you mean 'benches'?",
        "4: a segment knows no run, so there is no run.event.plan; ask the contact, or what they did",
        "5: there is no step 'hello'; none is known here, so leave it out",
        "6: segment 'a' asks for itself, directly or by another; write its condition without that",
        "7: segment 'b' asks for itself, directly or by another; write its condition without that",
        "8: there is no segment 'd'; there are a, b, big, c, fine, late, new",
    ]


# Warnings ----------------------------------------------------------------------------------------------------------


def test_a_warning_keeps_nothing_from_being_published() -> None:
    loaded = checked("enter: {on: {event: purchased}}\ngoal: {event: purchased}\nsteps: []")

    assert [str(each) for each in loaded.problems] == [
        "sequences/story.yaml:2: warning: 'purchased' starts the sequence and is its goal; check that this is meant"
    ]
    assert loaded.errors() == []
    assert set(loaded.programs) == {"story"}


OPENS = POLICIES | {"policies/messaging.yaml": f"{POLICIES['policies/messaging.yaml']}tracking: {{opens: true}}\n"}


def test_what_hangs_on_opens_is_warned_of() -> None:
    assert said("steps:\n  - send: care/answer\n  - wait: 1 day\n    when: opened('answer')\n", OPENS) == [
        "warning: 4: this hangs on 'opened', which machines do too; prefer 'clicked'"
    ]


NO_OPENS = "nobody counts who opens service messages; add service to 'tracking: opens' in policies/messaging.yaml"
NO_CLICKS = "links of service messages are not counted; add service to 'tracking: clicks' in policies/messaging.yaml"


@pytest.mark.parametrize(
    ("step", "warned"),
    [
        ("{wait_for: clicked, of: answer, up_to: 1 day}", f"'clicked' of 'answer' never comes: {NO_CLICKS}"),
        ("{wait_for: [clicked, opened], of: answer, up_to: 1 day}", f"'clicked' of 'answer' never comes: {NO_CLICKS}"),
        ("{wait_for: [clicked, replied], of: answer, up_to: 1 day}", None),
        ("{wait_for: clicked, of: [answer, tips], up_to: 1 day}", None),
        ("""{wait: 1 day, when: "clicked('answer')"}""", f"clicked('answer') is never true: {NO_CLICKS}"),
        ("""{branch: [{when: "opened('answer')", steps: []}]}""", f"opened('answer') is never true: {NO_OPENS}"),
        ("""{wait: 1 day, when: "clicked('tips')"}""", None),
    ],
)
def test_a_reaction_that_can_never_come_is_warned_of(step: str, warned: str | None) -> None:
    found = said(f"topic: product-news\nsteps:\n  - send: care/answer\n  - send: welcome/tips\n  - {step}\n")

    assert found == ([] if warned is None else [f"warning: 5: {warned}"])


def test_a_message_after_a_date_should_say_until_when_it_is_of_use() -> None:
    text = """\
        steps:
          - wait: until contact.renewal_date - 30 days
            if_past: continue
          - update: {score: +1}
          - send: shop/receipt
          - wait: 1 day
          - send: care/answer
        """

    assert said(text) == [
        "warning: 5: this follows a wait until a date and has no 'expires'; say until when it is of use"
    ]
    assert said(text.replace("shop/receipt", "shop/receipt\n            expires: 1 day")) == []


@pytest.mark.parametrize(
    ("steps", "long"),
    [
        ("[{wait: 12 months}]", False),
        ("[{wait: 13 months}]", True),
        ("[{wait: 200 days}, {branch: [{when: contact.score > 1, steps: [{wait: 200 days}]}]}]", True),
        ("[{branch: [{when: contact.score > 1, steps: [{wait: 200 days}]}, {otherwise: [{wait: 200 days}]}]}]", False),
        ("[{wait_for: clicked, up_to: 300 days, then: [], otherwise: [{wait: 100 days}]}]", True),
        ("[{wait_for: clicked, up_to: forever}]", False),
        ("[{wait: 300 business days}]", True),
    ],
)
def test_a_path_that_may_last_over_a_year_is_warned_of(steps: str, long: bool) -> None:
    expected = "warning: 1: a path through these steps may last over a year; check that this is meant"

    assert said(f"steps: {steps}") == ([expected] if long else [])
