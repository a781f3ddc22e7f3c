"""What providers tell becomes the contact's timeline and what follows; twice and in any order, the end is the same."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from channels.providers.known import TELLERS
from records.models import Consent, Contact, Identity, Interaction, Message, Suppression
from starter.forms.base import inbox_key
from tests.activities.office import NOON, Office, opened
from tests.channels.provider_events import ANN, CASES, ID, NOW
from tests.channels.test_told import tree_of

SOME_SECONDS = timedelta(seconds=20)


def rows_of(name: str, tree: Any, **named: Any) -> list[dict[str, Any]]:
    """Return the rows the endpoint writes, without its clock; `named` stands for what names the message."""
    found = []
    for told in TELLERS[name].events(tree_of(name, tree), {}):
        who = {"send_id": told.named.send_id, "message_ids": list(told.named.message_ids), "agent": told.agent}
        who |= {"provider_ids": list(told.named.provider_ids), "recipient": told.named.recipient}
        at = told.at.isoformat() if told.at else None
        body = {"event": told.name, "data": dict(told.data), "at": at, "message": None, "contact": {}}
        found.append({"key": inbox_key(name, "events", told.key), "source": name, "body": body | {"told": who | named}})
    return found


class Desk:
    """An office with one message to Ann, and what providers tell of it."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def drain(self, row: dict[str, Any]) -> str:
        return self.office.drain("event", **row)

    def all(self, table: Any) -> list[Any]:
        return self.office._all(select(table))

    def end(self) -> Mapping[str, Any]:
        """Return what the records say, without the instants at which they were told."""
        [message] = [each for each in self.all(Message) if each.id == ID]
        return {
            "ledger": (message.state, message.reason),
            "consent": sorted((each.topic, each.state) for each in self.all(Consent)),
            "suppression": sorted((each.kind, each.value, each.reason) for each in self.all(Suppression)),
            "timeline": sorted(
                (each.key, each.name, str(each.occurred_at), str(each.data)) for each in self.all(Interaction)
            ),
        }


@contextmanager
def desk_in(folder: Path, **message: Any) -> Iterator[Desk]:
    folder.mkdir()
    with opened(folder) as office:

        def begin(session: Any) -> None:
            session.add(Contact(id="c1", email=ANN, created_at=NOON, updated_at=NOON))
            session.flush()
            session.add(Identity(contact_id="c1", kind="email", value=ANN, recorded_at=NOON))
            fields: dict[str, Any] = {
                "id": ID, "send_key": "k", "contact_id": "c1", "channel": "email", "template": "welcome/hello",
                "bundle": "b", "class_": "marketing", "topic": "product-news", "recipient": ANN,
                "message_id": "<m@mail.acme.example>", "state": "unknown", "handing_over_at": NOW - SOME_SECONDS,
            }  # fmt: skip
            session.add(Message(**(fields | message)))

        office.database.write_now(begin)
        yield Desk(office)


def orders(name: str) -> list[list[Any]]:
    """Return what a provider tells, forwards, backwards, and in some orders by chance."""
    rows = [row for tree in CASES[name].told.values() for row in rows_of(name, tree)]
    some = random.Random(name)
    return [rows, rows[::-1], *(some.sample(rows, len(rows)) for _ in range(3))]


@pytest.mark.parametrize("name", sorted(CASES))
def test_told_twice_and_in_any_order_the_end_is_the_same(tmp_path: Path, name: str) -> None:
    ends = []
    for number, rows in enumerate(orders(name)):
        with desk_in(tmp_path / str(number)) as desk:
            for row in [*rows, *rows[::-1]]:
                desk.drain(row)
            ends.append(desk.end())

    assert all(end == ends[0] for end in ends)
    assert ends[0]["ledger"][0] == "refused"
    assert {reason for _, _, reason in ends[0]["suppression"]} >= {"hard_bounce", "complaint"}
    assert {row[1] for row in ends[0]["timeline"]} == set(CASES[name].told)
    assert len(ends[0]["timeline"]) == len(CASES[name].told)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_delivery_and_a_click_resolve_what_was_unknown(tmp_path: Path, name: str) -> None:
    ends = []
    told = [rows_of(name, CASES[name].told[what])[0] for what in ("delivered", "clicked", "deferred")]
    for number, rows in enumerate(list(permutations(told))[:3]):
        with desk_in(tmp_path / str(number)) as desk:
            for row in rows:
                desk.drain(row)
            ends.append(desk.end())

    assert {end["ledger"][0] for end in ends} == {"accepted"}
    assert ends[0]["suppression"] == []


def test_a_message_is_found_by_its_message_id_and_by_the_providers_name(tmp_path: Path) -> None:
    [by_id] = rows_of("sendgrid", CASES["sendgrid"].told["delivered"], send_id="")
    [by_name] = rows_of("sendgrid", CASES["sendgrid"].told["clicked"], send_id="gone", message_ids=[])
    with desk_in(tmp_path / "a", provider_id="abc123") as desk:
        assert desk.drain(by_id) == f"sendgrid: delivered to message {ID}"
        assert desk.drain(by_name) == f"sendgrid: clicked to message {ID}"
        [click] = [each.data for each in desk.all(Interaction) if each.name == "clicked"]

    assert (click["by"], click["url"], click["told_by"]) == ("human", "https://acme.example/tips", "sendgrid")


def test_a_click_too_soon_after_the_message_left_is_a_machines(tmp_path: Path) -> None:
    [row] = rows_of("sendgrid", CASES["sendgrid"].told["clicked"])
    with desk_in(tmp_path / "a", handing_over_at=NOW - timedelta(seconds=1)) as desk:
        desk.drain(row)
        assert desk.all(Interaction)[0].data["by"] == "machine"


def test_what_matches_no_message_is_noted_and_a_bad_address_is_known_all_the_same(tmp_path: Path) -> None:
    nobody = {"send_id": "", "message_ids": [], "provider_ids": []}
    told = CASES["sendgrid"].told
    with desk_in(tmp_path / "a") as desk:
        assert desk.drain(rows_of("sendgrid", told["opened"], **nobody)[0]) == "sendgrid: opened, matched nobody"
        stranger = nobody | {"recipient": "x@nowhere.example"}
        assert desk.drain(rows_of("sendgrid", told["complained"], **stranger)[0]).endswith("matched nobody")
        assert desk.drain(rows_of("sendgrid", told["bounced"], **nobody)[0]) == "sendgrid: bounced by address"
        assert [each.reason for each in desk.all(Suppression)] == ["hard_bounce"]
        assert len(desk.all(Contact)) == 1


def test_who_got_a_copy_is_not_who_we_wrote_to(tmp_path: Path) -> None:
    [row] = rows_of("brevo", CASES["brevo"].told["bounced"], recipient="bob@other.example")
    with desk_in(tmp_path / "a") as desk:
        assert desk.drain(row) == "brevo: bounced, of another recipient"
        assert desk.all(Suppression) == []


def test_leaving_a_group_is_leaving_the_topic_of_the_message(tmp_path: Path) -> None:
    [told] = CASES["sendgrid"].told["unsubscribed"]
    [row] = rows_of("sendgrid", [told | {"event": "group_unsubscribe"}])
    with desk_in(tmp_path / "a") as desk:
        desk.drain(row)
        assert desk.end()["consent"] == [("product-news", "opted_out")]
        assert desk.all(Suppression) == []
