"""The links of a message led over our own address: which, and the same however often it is written."""

from datetime import timedelta
from typing import Any

import pytest

from activities.linking import Linked, linked
from activities.post import Bundle, MailSettings
from domain.keys import TRAP, Tokens, ledger_id, read_link_token, read_open_token
from domain.letters import Written, plan, plan_for_staff
from domain.needs import Deliver, Notify
from domain.policies import Policies
from rendering.catalogue import Catalogue
from tests.domain.kit import Templates, facts, program

SECRET, GO = "s" * 16, "https://go.acme.example"
MESSAGE = ledger_id("e1/tips/1")
HTML = """<html><body><p><a href="https://www.acme.example/tips?a=1&amp;b=2">tips</a>
<a href="https://www.acme.example/quiet" data-track="off">quiet</a> <a href="{site}">yours</a>
<a href="https://go.acme.example/u/way-out">Unsubscribe</a></p></body></html>"""
TEXT = """tips (https://www.acme.example/tips?a=1&b=2), quiet (https://www.acme.example/quiet), yours ({site})
Unsubscribe (https://go.acme.example/u/way-out)"""
SITE = "https://somebody.example/"
WRITTEN = Written("Tips", HTML.format(site=SITE), TEXT.format(site=SITE))
SETTINGS = MailSettings(GO, "mail.acme.example", SECRET, Tokens([SECRET]), timedelta(days=1))


def write(class_: str = "marketing", written: Written = WRITTEN, *, message: str = MESSAGE, **tracking: Any) -> Linked:
    policies = Policies.model_validate(
        {"messaging": {"senders": {"default": {"from": "A <a@acme.example>"}}, "tracking": tracking}}
    )
    known = facts(program("steps: []")).but(policies=policies)
    wanted = plan(Deliver(template="a/b"), known, Templates({"a/b": class_}))
    bundle = Bundle("b", {"email/a/b.html": HTML.replace("{site}", "{{ contact.site }}")}, Catalogue({}))
    return linked(written, wanted, "tips", known, bundle, SETTINGS, message)


def tokens(text: str) -> list[str]:
    return [piece[:48] for piece in text.split(f"{GO}/l/")[1:]]


def test_links_lead_over_us_to_what_is_remembered() -> None:
    made = write()
    trap, tips = tokens(made.written.html)
    [in_text] = tokens(made.written.text)
    [(id, url, address)] = made.links

    assert (url, address) == ("https://www.acme.example/tips?a=1&b=2",) * 2
    assert read_link_token(trap, [SECRET]) == (MESSAGE, TRAP)
    assert read_link_token(tips, [SECRET]) == read_link_token(in_text, [SECRET]) == (MESSAGE, id)
    assert made.written.text == WRITTEN.text.replace(url, f"{GO}/l/{in_text}")
    for stays in ("https://www.acme.example/quiet", SITE, "https://go.acme.example/u/way-out", ">tips</a>"):
        assert stays in made.written.html


def test_the_same_message_is_the_same_however_often_it_is_written_and_another_is_not() -> None:
    assert write() == write()
    assert write(message=ledger_id("e2/tips/1")).links == write().links, "a link is remembered once for all messages"
    assert write(message=ledger_id("e2/tips/1")).written != write().written


@pytest.mark.parametrize(
    ("class_", "tracking"),
    [("marketing", {"clicks": False}), ("service", {}), ("transactional", {"clicks": True, "opens": True})],
)
def test_what_is_not_to_be_counted_stays_as_it_was_written(class_: str, tracking: dict[str, Any]) -> None:
    assert write(class_, **tracking) == Linked(WRITTEN)


def test_nobody_is_trapped_in_a_service_message_or_where_the_policy_says_no() -> None:
    assert len(tokens(write("service", clicks=True).written.html)) == 1
    assert len(tokens(write("marketing", trap=False).written.html)) == 1


def test_opens_are_counted_where_the_policy_says_so() -> None:
    made = write(clicks=False, opens=True)
    [picture] = [piece[:32] for piece in made.written.html.split(f"{GO}/o/")[1:]]

    assert read_open_token(picture, [SECRET]) == MESSAGE
    assert made.written.text == WRITTEN.text
    assert made.links == ()


def test_utm_names_where_the_visitor_came_from() -> None:
    [(_, url, address)] = write(utm={"campaign": "{sequence}", "content": "{step}"}).links

    assert address == f"{url}&utm_campaign={facts(program('steps: []')).program.sequence}&utm_content=tips"


def test_a_message_of_text_alone_has_links_too() -> None:
    assert len(write(written=Written("Tips", "", TEXT)).links) == 2, "nothing is marked in a text"


def test_what_goes_to_staff_is_left_alone() -> None:
    policies = Policies.model_validate(
        {"messaging": {"senders": {"default": {"from": "A <a@acme.example>"}}, "tracking": {"clicks": True}}}
    )
    known = facts(program("steps: []")).but(policies=policies)
    bundle = Bundle("b", {"staff/x.html": HTML}, Catalogue({}))

    wanted = plan_for_staff(Notify(team="sales", template="x"), known)

    assert linked(WRITTEN, wanted, "tell", known, bundle, SETTINGS, MESSAGE) == Linked(WRITTEN)
