"""Webhooks: what their templates may be, and that no value can say more than stands where it is put."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.endpoints import Aim, Endpoint
from domain.letters import Plan, Written
from domain.needs import Deliver
from domain.policies import Policies, Sender
from rendering.catalogue import Catalogue
from rendering.headers import BadLetter
from rendering.parts import Press
from rendering.sandbox import HoleFound
from rendering.template import Library
from rendering.webhook_message import webhook_message_of
from starter.home_templates import template_problems
from tests.domain.kit import facts, program

PATH = "webhook/crm/lead.json"
FRONT = "---\nclass: service\nendpoint: crm\n---\n"
NINE = datetime(2026, 3, 27, 9, tzinfo=UTC)


def said(body: str, **names: Any) -> Any:
    """Return what a template says, read again as whoever gets it reads it."""
    made = Press({PATH: f"{FRONT}{body}"}, 100_000).render("webhook", "crm/lead", "de", names)
    assert (made["subject"], made["html"], made["locale"]) == ("", "", None)
    return json.loads(made["text"])


def problems(text: str, path: str = PATH) -> list[tuple[int, str]]:
    return [(each.line, each.what) for each in Library({path: text}).problems()]


def test_texts_are_filled_in_and_everything_else_stays() -> None:
    body = '{"name": "{{ contact.first_name }} {{ contact.last_name }}", "n": [1, 2.5, true, null], "o": {"k": "v"}}'

    assert said(body, contact={"first_name": "Ann", "last_name": "Lee"}) == {
        "name": "Ann Lee",
        "n": [1, 2.5, True, None],
        "o": {"k": "v"},
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ contact.score }}", 12),
        ("{{ contact.score + 1 }}", 13),
        ("{{ contact.score > 5 }}", True),
        ("{{ contact.tags }}", ["a", 'b"']),
        ("{{ run.event }}", {"order": 7, "gift": None}),
        ("{{ none }}", None),
        ("{{ contact.nothing|fallback(0) }}", 0),
        ("{{ now }}", "2026-03-27T09:00:00+00:00"),
        ("{{ contact.score }} points", "12 points"),
        ("{% if contact.score > 5 %}many{% else %}few{% endif %}", "many"),
        ("one\\ntwo", "one\ntwo"),
    ],
)
def test_a_text_that_is_one_expression_keeps_its_type(text: str, value: Any) -> None:
    names = {"contact": {"score": 12, "tags": ["a", 'b"']}, "run": {"event": {"order": 7, "gift": None}}, "now": NINE}

    assert said(json.dumps({"it": text.replace("\\n", "\n")}), **names) == {"it": value}


ANYTHING = st.text() | st.sampled_from(
    ['"}', '", "admin": "', "\\", "{{ 7*7 }}", "\ud800", "</script>", "\u2028", "\0"]
)


@given(name=ANYTHING.filter(str.strip), tag=ANYTHING)
def test_no_value_can_break_out_of_its_text(name: str, tag: str) -> None:
    body = '{"a": "{{ contact.name }}", "b": "<{{ contact.name }}>", "c": "{{ contact.tags }}", "d": 1}'

    told = said(body, contact={"name": name, "tags": [tag]})

    assert list(told) == ["a", "b", "c", "d"]
    assert told["b"] == f"<{told['a']}>"
    if not any("\ud800" <= each <= "\udfff" for each in name + tag):
        assert (told["a"], told["c"], told["d"]) == (name, [tag], 1)


@pytest.mark.parametrize(
    "text", ["{{ contact.last_name }}", "Hello {{ contact.last_name }}", "{{ contact.last_name|upper }}"]
)
def test_a_missing_value_is_missed(text: str) -> None:
    with pytest.raises(HoleFound, match="last_name"):
        said(json.dumps({"it": text}), contact={"first_name": "Ann"})


@pytest.mark.parametrize("text", ["{{ now - now }}", "{{ namespace() }}", "{{ 1e308 * 10 }}"])
def test_what_json_has_not_is_refused(text: str) -> None:
    with pytest.raises(Exception, match=r"cannot be|missing"):
        said(json.dumps({"it": text}), now=NINE)


def test_a_webhook_of_our_own_is_fine() -> None:
    assert problems(f'{FRONT}{{"name": "{{{{ contact.first_name|fallback(\'\') }}}}"}}') == []


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (f'{FRONT}{{\n"a": 1,\n"b" 2}}', 7, "this is not JSON (Expecting ':' delimiter)"),
        (f'{FRONT}{{"a": 1,}}', 5, "this is not JSON"),
        (f'{FRONT}{{\n"a": NaN}}', 6, "NaN is no number in JSON"),
        (f'{FRONT}{{"a": 1,\n"b": 2,\n"a": 3}}', 7, "'a' stands here twice"),
        (f"{FRONT}[1]", 5, "a webhook says an object"),
        (f"{FRONT}{'[' * 100_000}", 5, "this JSON is too deep"),
        (f'{FRONT}{{"{{{{ now }}}}": 1}}', 5, "would not be filled in"),
        (f'{FRONT}{{\n"a": "{{{{ contact.frist_name }}}}"}}', 6, "did you mean 'contact.first_name'?"),
        (f'{FRONT}{{\n"a": "{{{{ now|dtae }}}}"}}', 6, "there is no filter 'dtae'"),
        (f'{FRONT}{{\n\n"a": "{{{{ now "}}', 7, "unexpected end of template"),
        (f'{FRONT}{{"a": "{{% include \'x/y\' %}}"}}', 5, "a text of a webhook stands for itself"),
        (f'{FRONT}{{"a": "{{% block b %}}{{% endblock %}}"}}', 5, "a text of a webhook stands for itself"),
        (f'{FRONT}{{\n"a": "{{{{ confirm_url }}}}"}}', 6, "lets whoever has it speak for the contact"),
        ('---\nclass: service\n---\n{"a": 1}', 1, "it does not say where it goes"),
        ('---\nendpoint: crm\nattach: [files/a.pdf]\n---\n{"a": 1}', 1, "carries no files"),
        ('---\nendpoint: crm\nevent: lead created\n---\n{"a": 1}', 3, "'lead created' is not an event"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, what: str) -> None:
    assert any(at == line and what in each for at, each in problems(text)), problems(text)


def test_json_is_for_webhooks_and_webhooks_are_json() -> None:
    assert problems(f"{FRONT}Hi", "webhook/crm/lead.txt") == [(1, "a webhook is JSON; name the file crm/lead.json")]
    assert any("only a webhook is JSON" in what for _, what in problems('{"a": 1}', "email/crm/lead.json"))
    assert any("only a webhook has 'endpoint'" in what for _, what in problems(f"{FRONT}Hi", "sms/crm/lead.txt"))
    assert any("reads no language" in what for _, what in problems(f'{FRONT}{{"a": 1}}', "webhook/crm/lead.de.json"))


def test_an_endpoint_that_policies_do_not_name_is_refused() -> None:
    policies = Policies.model_validate({"messaging": {"webhooks": {"crn": {"url": "https://crm.acme.example/"}}}})
    found = list(template_problems({PATH: f'{FRONT}{{"a": 1}}'}, policies, frozenset()))

    assert [str(each) for each in found] == [
        "templates/webhook/crm/lead.json:3: endpoint 'crm' is not in policies/messaging.yaml; did you mean 'crn'?"
    ]


def test_the_catalogue_knows_where_it_goes() -> None:
    known = Catalogue({PATH: f'{FRONT}{{"a": 1}}'})

    assert known.names("webhook") == {"crm/lead"}
    assert (known.class_of("webhook", "crm/lead"), known.aim_of("webhook", "crm/lead")) == ("service", ("crm", None))


def test_the_request_says_what_when_and_of_whom() -> None:
    aim = Aim("crm", Endpoint(url="https://crm.acme.example/hooks"), "lead.created")
    plan = Plan(
        Deliver(template="crm/lead", channel="webhook"),
        "service",
        None,
        Sender.model_validate({"from": "a@b.example"}),
        aim=aim,
    )
    ann = facts(program("steps: []")).but(contact={"id": "c1"})

    made = webhook_message_of(plan, Written("", "", '{"n":1}'), ann, "m1", NINE)

    assert (made.endpoint, made.url) == ("crm", "https://crm.acme.example/hooks")
    assert json.loads(made.body) == {
        "id": "m1",
        "type": "lead.created",
        "timestamp": "2026-03-27T09:00:00Z",
        "contact": "c1",
        "data": {"n": 1},
    }
    assert made.shown().startswith('POST https://crm.acme.example/hooks (crm)\n\n{\n  "id": "m1",\n')
    with pytest.raises(BadLetter, match="is most"):
        webhook_message_of(plan, Written("", "", json.dumps({"n": "x" * 256_000})), ann, "m1", NINE)
