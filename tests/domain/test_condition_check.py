"""What the author of a condition is told before anyone is written to."""

import pytest

from domain.conditions import Names, check

NAMES = Names(
    contact_fields=frozenset({"vip", "birthday"}),
    event_fields={"purchased": frozenset({"amount", "order_id"}), "trial_started": frozenset({"plan"})},
    steps=frozenset({"hello", "tips"}),
    events=frozenset({"purchased", "trial_started"}),
    segments=frozenset({"customers"}),
    topics=frozenset({"product-news"}),
)


@pytest.mark.parametrize(
    "source",
    [
        "contact.score >= 60 && contact.vip == 'x'",
        "run.event.amount > 5 && run.entered_at < now && run.round == 1",
        "matched.event == 'purchased' && matched.at < now && matched.plan == 'x' && outcome == 'met'",
        "calls.credit.score > 3",
        "clicked('tips') && did('purchased', 30) && in_segment('customers') && topic('product-news')",
        "contact.tags.all(tag, tag.size() > 1 && tag.contains('x'))",
        "now.getHours(contact.time_zone) >= 9",
        "int(run.event.amount) > 5 ? true : has(contact.birthday)",
        "type(contact.score) == int",
    ],
)
def test_a_sound_condition_has_no_problems(source: str) -> None:
    assert check(source, NAMES) == []


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("contact.score => 1", "'=>' at character 15 is not a comparison; write >= for at least"),
        (
            "contact.city == Berlin",
            "there is no name Berlin; there are calls, contact, matched, now, outcome, run, and texts ",
        ),
        ("did(contact.city)", "an event must be written out as a text in quotes; write it as did('purchased', 30)"),
        ("contact.scroe > 1", "there is no field contact.scroe; did you mean 'score'?"),
        ("score > 1", "there is no name score; did you mean 'contact.score'?"),
        ("kontact.score > 1", "there is no name kontact; did you mean 'contact'?"),
        ("contact == 'x'", "contact is a whole record; name one field, such as contact.email"),
        ("run.event.amuont > 1", "there is no field run.event.amuont; did you mean 'amount'?"),
        ("run.entred_at < now", "there is no field run.entred_at; did you mean 'entered_at'?"),
        ("clicked('tpis')", "there is no step 'tpis'; did you mean 'tips'?"),
        ("in_segment('x')", "there is no segment 'x'; there is customers"),
        ("clicked(contact.city)", "a step must be written out as a text in quotes; write it as clicked('hello')"),
        ("count('purchased') > 1", "count() takes 2 arguments, not 1; write it as count('purchased', 30)"),
        ("clicked()", "clicked() takes 1 or 2 arguments, not 0; write it as clicked('hello')"),
        ("did('purchased', 0)", "days are a whole number from 1; write it as did('purchased', 30)"),
        ("cliked('tips')", "there is no function cliked(); did you mean 'clicked'?"),
        ("contact.email.endswith('x')", "there is no function endswith(); did you mean 'endsWith'?"),
        ("startsWith(contact.email, 'x')", "startsWith() is written differently; write it as "),
        ("clicked", "clicked is a function; write it with what it asks about, such as clicked('hello')"),
        ("contact.vip == null", "what is missing is never equal to null; ask has(contact.vip) or !has(contact.vip)"),
        ("contact.email.matches('(')", "the pattern '(' cannot be read; write a regular expression (RE2)"),
        ("contact.email.matches('(a{0,999}){9}')", "the pattern '(a{0,999}){9}' is too large;"),
        ("days_since(contact.birthday)", "a number stands where true or false is asked for; compare it"),
        ("contact.score + 1", "a value stands where true or false is asked for; compare it"),
        ("contact.vip && 'x'", "a text stands where true or false is asked for; compare it"),
        ("contact.score = 1", "'=' at character 15 is not a comparison; write == for equal"),
        ("contact.vip and contact.score > 1", "'and' is not a word of conditions; write &&"),
        ("contact.city == ‘x’", "'‘' at character 17 is a typographic quote; write a text in ' or \""),
        ("contact.city == 'x", "the text opened at character 17 is not closed; add the closing '"),
        ("{{ contact.vip }}", "a condition is not a template; write it without {{ and }}"),
        ("", "the condition is empty; write one"),
        ("(" * 60 + "true" + ")" * 60, "the condition is nested more than 50 deep; write it flatter"),
        ("true || " * 125 + "true", "the condition has 1,004 characters, 1,000 is the most; split it"),
        (
            "contact.tags.map(t, t).exists(t, t == 'x')",
            "the condition goes through lists 2 times (exists, map), once is the most; split it over several steps",
        ),
    ],
)
def test_a_problem_names_the_thing_and_the_way_out(source: str, problem: str) -> None:
    found = check(source, NAMES)

    assert any(each.startswith(problem) for each in found), found
    assert all("; " in each for each in found)


def test_all_problems_are_found_in_one_go() -> None:
    assert len(check("contact.scroe > 1 && clicked('tpis') && nope() && run.evnt.x", NAMES)) == 4


def test_quotes_left_out_are_one_mistake() -> None:
    assert check("clicked(tips)", NAMES) == [
        "a step must be written out as a text in quotes; write it as clicked('hello')"
    ]


def test_the_event_is_known_only_where_there_is_one() -> None:
    seeing = Names(event_fields=NAMES.event_fields, allow_event=True)

    assert check("event.amount > 5 && event.name == 'purchased' && event.at < now", seeing) == []
    assert check("event.amount > 5", NAMES)[0].startswith(
        "the name event is known only in where, enter, exit and goal;"
    )
    assert check("event.colour == 'x'", seeing) == [
        "there is no field event.colour; there are amount, at, name, order_id, plan"
    ]
    assert check("event.colour == run.event.x", Names(any_event_fields=True, allow_event=True)) == []


def test_what_a_contact_was_sent_is_asked_of_steps_that_send() -> None:
    names = Names(steps=frozenset({"tips", "wait-2"}), sends=frozenset({"tips"}))

    for function in ("sent", "opened", "clicked", "replied"):
        assert check(f"{function}('tips')", names) == []
        assert check(f"{function}('wait-2')", names) == ["'wait-2' is not a step that sends; there is tips"]


def test_where_there_are_no_segments_that_is_said_plainly() -> None:
    assert check("in_segment('customers')", Names()) == [
        "there is no segment 'customers'; none is known here, so leave it out"
    ]
