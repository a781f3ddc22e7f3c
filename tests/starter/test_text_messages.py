"""Text messages on the command line: checked, previewed, simulated, and listed while they are kept."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session

from records import outbox
from records.contacts import find_or_make
from records.models import Message
from tests.starter.small_home import ANN, MESSAGING, SmallHome

pytestmark = pytest.mark.system

READY = "templates/sms/order/ready.txt"
TEXTS = "enter: {on: {event: trial_started}}\nsteps: [{send: order/ready, channel: sms}]\n"


@pytest.fixture
def texts(home: SmallHome) -> SmallHome:
    home.write("sequences/ready.yaml", TEXTS)
    home.write("policies/messaging.yaml", MESSAGING.replace('acme.example>"', 'acme.example>", sms: Acme', 1))
    home.write(READY, "---\nclass: service\n---\nYour board is ready, {{ contact.first_name }}.\n")
    return home


def test_a_text_is_previewed_with_its_price(texts: SmallHome) -> None:
    typed = texts.type("preview", "sms/order/ready", "--contact", texts.json("ann", ANN | {"phone": "+491715550123"}))

    assert typed.out.splitlines() == [
        "from Acme to +491715550123: 1 segment (GSM-7, 25 of 160)",
        "",
        "Your board is ready, Ann.",
    ]


@pytest.mark.parametrize(
    ("path", "before", "after", "what"),
    [
        (READY, "class: service", "class: marketing", "a marketing text does not say how to get no more"),
        ("policies/messaging.yaml", ", sms: Acme", "", "sender 'default' of policies/messaging.yaml writes no texts"),
        ("sequences/ready.yaml", "order/ready", "order/raedy", "there is no text message 'order/raedy'"),
        ("sequences/ready.yaml", ", channel: sms", "", "there is a text message of this name, so write 'channel: sms'"),
        ("policies/messaging.yaml", "sms: Acme", "sms: Twelve letters", "cannot be the sender of a text"),
    ],
)
def test_what_is_wrong_is_said_by_check(texts: SmallHome, path: str, before: str, after: str, what: str) -> None:
    texts.change(path, before, after)

    typed = texts.type("check")

    assert typed.status == 1
    assert what in typed.out + typed.err


def test_a_click_in_a_text_is_nothing_to_wait_for(texts: SmallHome) -> None:
    wait = ", {wait_for: clicked, of: ready, up_to: 1 day}]"
    texts.write("sequences/ready.yaml", TEXTS.replace("]", wait))

    typed = texts.type("check")

    assert typed.status == 0, typed.err
    assert "sequences/ready.yaml:2: warning: 'clicked' of 'ready' never comes: links in text messages" in typed.out


def test_a_mail_without_a_link_is_clicked_by_nobody(texts: SmallHome) -> None:
    assert "never comes" not in texts.type("check").out

    texts.change("templates/email/welcome/tips.html", '<a href="https://acme.example/tips">plan six hours</a>', "plan")
    assert "'clicked' of 'tips' never comes: there is no link in 'welcome/tips'; add one" in texts.type("check").out


def test_a_simulation_writes_texts_as_texts(texts: SmallHome) -> None:
    out = str(texts.folder / "out")
    person = texts.json("ann", ANN | {"phone": "+491715550123"})

    typed = texts.type("simulate", "ready", "--contact", person, "--out", out)

    assert typed.status == 0, typed.err
    assert (texts.folder / "out" / "01-ready.txt").read_text(encoding="utf-8").endswith("Your board is ready, Ann.\n")


def test_who_has_no_number_gets_no_text(texts: SmallHome) -> None:
    typed = texts.type("simulate", "ready", "--contact", texts.json("ann", ANN))

    assert typed.status == 0, typed.err
    assert "no address" in typed.out


def test_what_is_kept_is_listed_and_shown(records: SmallHome) -> None:
    now, id = datetime(2026, 3, 27, 9, tzinfo=UTC), "m" * 32
    about: dict[str, Any] = {"channel": "sms", "template": "order/ready", "bundle": "b", "class_": "service"}

    def write(session: Session) -> None:
        ann = find_or_make(session, {"email": "ann@acme.example"}, "test", now)
        session.add(Message(id=id, send_key="k", contact_id=ann.id, message_id="<m@a>", state="accepted", **about))
        session.flush()
        body = '{"id": "m", "to": "+491715550123", "from": "Acme", "text": "It is ready."}'
        outbox.keep(session, outbox.of(id, "sms", "Acme", "+491715550123", body, now))

    assert records.type("outbox", "list").out.strip() == "the outbox is empty"
    with records.database() as database:
        database.write_now(write)

    [listed] = records.type("outbox", "list", "--json").document["messages"]
    assert (listed["id"], listed["recipient"]) == (id, "+491715550123")
    assert listed["body"]["text"] == "It is ready."
    assert records.type("outbox", "list", "--channel", "webhook").out.strip() == "the outbox is empty"
    shown = records.type("outbox", "show", id)
    assert shown.out.splitlines() == ["sms from Acme to +491715550123", "", "It is ready."]
    assert records.type("outbox", "show", "nobody").status == 1
