"""Webhooks on the command line: checked, previewed, simulated, and listed while they are kept."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session

from records import outbox
from records.contacts import find_or_make
from records.models import Message
from tests.starter.small_home import ANN, MESSAGING, SmallHome

pytestmark = pytest.mark.system

LEAD = "templates/webhook/crm/lead.json"
SENDS = "enter: {on: {event: trial_started}}\nsteps: [{send: crm/lead, channel: webhook}]\n"
POLICIES = f"{MESSAGING}\nwebhooks: {{crm: {{url: 'https://crm.acme.example/hooks'}}}}\n"
SAYS = """---
class: service
endpoint: crm
event: lead.created
---
{
  "name": "{{ contact.first_name }}",
  "score": "{{ contact.score|fallback(0) }}"
}
"""


@pytest.fixture
def hooks(home: SmallHome) -> SmallHome:
    home.write("sequences/lead.yaml", SENDS)
    home.write("policies/messaging.yaml", POLICIES)
    home.write(LEAD, SAYS)
    return home


def test_a_webhook_is_previewed_as_the_request_it_will_be(hooks: SmallHome) -> None:
    person = hooks.json("ann", ANN)

    typed = hooks.type("preview", "webhook/crm/lead", "--contact", person, "--out", str(hooks.folder / "out"))
    document = hooks.type("preview", "crm/lead", "--contact", person, "--json").document

    assert typed.out.splitlines()[0] == "POST https://crm.acme.example/hooks (crm)"
    assert (document["endpoint"], document["body"]["type"]) == ("crm", "lead.created")
    assert document["body"]["data"] == {"name": "Ann", "score": 12}
    written = json.loads((hooks.folder / "out" / "crm-lead.json").read_text(encoding="utf-8"))
    assert written["data"] == document["body"]["data"]


@pytest.mark.parametrize(
    ("path", "before", "after", "what"),
    [
        (LEAD, '",\n', '"\n', "templates/webhook/crm/lead.json:8: this is not JSON"),
        (LEAD, "first_name", "frist_name", "templates/webhook/crm/lead.json:7: contact.frist_name does not exist"),
        (LEAD, "endpoint: crm", "endpoint: crn", "lead.json:3: endpoint 'crn' is not in policies/messaging.yaml"),
        ("sequences/lead.yaml", "crm/lead", "crm/laed", "there is no webhook 'crm/laed' in templates/webhook/"),
        (
            "sequences/lead.yaml",
            ", channel: webhook",
            "",
            "there is a webhook of this name",
        ),
        ("sequences/lead.yaml", "webhook}", "webhook, thread: lead}", "a webhook has no 'thread'; delete it"),
        ("sequences/lead.yaml", "webhook}", "webhook, on_cap: skip}", "a webhook has no 'on_cap'; delete it"),
        ("policies/messaging.yaml", "https:", "http:", "would send the contact's data in the clear"),
        ("policies/messaging.yaml", "{crm:", "{Crm_1:", "cannot name an endpoint"),
    ],
)
def test_what_is_wrong_is_said_by_check(hooks: SmallHome, path: str, before: str, after: str, what: str) -> None:
    hooks.change(path, before, after)

    typed = hooks.type("check")

    assert typed.status == 1
    assert what in typed.out + typed.err


def test_a_simulation_tells_nobody_and_writes_what_would_be_told(hooks: SmallHome) -> None:
    out = str(hooks.folder / "out")

    typed = hooks.type("simulate", "lead", "--contact", hooks.json("ann", ANN), "--out", out, "--json")

    assert typed.status == 0, typed.err
    assert [(row["step"], row["did"]) for row in typed.document["timeline"]] == [("lead", "sent")]
    told = json.loads((hooks.folder / "out" / "01-lead.json").read_text(encoding="utf-8"))
    assert (told["type"], told["data"]) == ("lead.created", {"name": "Ann", "score": 12})


def test_a_value_that_is_missing_holds_it(hooks: SmallHome) -> None:
    person = hooks.json("ann", {each: value for each, value in ANN.items() if each != "first_name"})

    typed = hooks.type("simulate", "lead", "--contact", person, "--json")

    held, expired = typed.document["timeline"]
    assert (held["did"], "contact.first_name is missing" in held["why"][0]) == ("held", True)
    assert (expired["did"], typed.document["end"]["reason"]) == ("skipped", "completed")


def test_what_is_kept_is_listed_and_shown(records: SmallHome) -> None:
    now, id = datetime(2026, 3, 27, 9, tzinfo=UTC), "m" * 32
    about: dict[str, Any] = {"channel": "webhook", "template": "crm/lead", "bundle": "b", "class_": "service"}

    def write(session: Session) -> None:
        ann = find_or_make(session, {"email": "ann@acme.example"}, "test", now)
        session.add(Message(id=id, send_key="k", contact_id=ann.id, message_id="<m@a>", state="accepted", **about))
        session.flush()
        body = '{"id": "m", "type": "lead.created", "data": {"name": "Ann"}}'
        outbox.keep(session, outbox.of(id, "webhook", "Acme", "crm", body, now))

    with records.database() as database:
        database.write_now(write)

    [listed] = records.type("outbox", "list", "--channel", "webhook", "--json").document["messages"]
    assert listed["body"]["data"] == {"name": "Ann"}
    assert "lead.created" in records.type("outbox", "list").out
    shown = records.type("outbox", "show", id).out.splitlines()
    assert shown[:3] == ["webhook from Acme to crm", "", "{"]
    assert '    "name": "Ann"' in shown
