"""A worker that dies by `kill -9` around a webhook: the other system is told, every time under the same id."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import select

from domain.webhooks import signed
from records.sending_models import OutboxMessage
from settings import LOOPBACK
from starter.up import Stack
from tests.system.authored import FORM, MESSAGING, sequence, write, write_home
from tests.system.company import opened, settings_of, through
from tests.system.other_system import OtherSystem, listening
from tests.system.waiting import PATIENCE, until

pytestmark = pytest.mark.system

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ANN, BEN = "ann@customer.example", "ben@customer.example"
# Temporal believes in a worker for half a minute after its last sign of life.
NOTICED_WITHIN = 30 + PATIENCE
LEAD = """---
endpoint: crm
event: lead.created
---
{"who": "{{ contact.email }}"}
"""


def write_files(home: Path, port: int) -> None:
    write_home(home)
    write(
        home, "policies/messaging.yaml", f"{MESSAGING}    webhooks: {{crm: {{url: 'http://127.0.0.1:{port}/hooks'}}}}\n"
    )
    write(home, "policies/forms/lead.yaml", FORM)
    write(home, "templates/webhook/crm/lead.json", LEAD)
    write(home, "sequences/lead.yaml", sequence("lead", "- send: crm/lead\n  channel: webhook"))


@pytest.fixture
def crm() -> Iterator[OtherSystem]:
    with listening(NOTICED_WITHIN) as crm:
        yield crm


def test_what_a_killed_worker_was_telling_is_told_again_under_the_same_id(tmp_path: Path, crm: OtherSystem) -> None:
    write_files(tmp_path, crm.port)
    crm.answers.extend([503, 503])
    settings = settings_of(
        tmp_path, webhook_secrets={"crm": (SecretStr(SECRET),)}, call_private=True, **through(LOOPBACK, 9)
    )
    with Stack(settings, say=lambda line: None) as stack, opened(stack) as company:
        company.submit("lead", ANN)
        until(lambda: crm.heard, "the first request")

        stack.kill("worker")
        stack.wait_until_ready("worker", within=PATIENCE)
        until(lambda: len(crm.heard) > 1, "the same, told again", NOTICED_WITHIN)
        crm.awake.set()
        company.submit("lead", BEN)

        for each in (ANN, BEN):
            company.in_state(each, "lead", "accepted", within=NOTICED_WITHIN)
            assert company.ended(each).end_reason == "completed"
        row = company.message(ANN, "lead")
        assert row is not None
        assert row.unknown_at is not None, "nobody could know of the first"

    told = {(headers["webhook-id"], body) for headers, body in crm.heard}
    assert len(told) == len({id for id, _ in told}) == 2, "the same id is the same message"
    for headers, body in crm.heard:
        sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        expected = signed(headers["webhook-id"], sent_at, body, [SECRET])
        assert headers["webhook-signature"] == expected["webhook-signature"]


def test_until_live_the_whole_stack_tells_nobody(tmp_path: Path, crm: OtherSystem) -> None:
    write_files(tmp_path, crm.port)
    settings = settings_of(tmp_path, webhook_secrets={"crm": (SecretStr(SECRET),)}, call_private=True)
    with Stack(settings, say=lambda line: None) as stack, opened(stack) as company:
        company.submit("lead", ANN)

        assert company.ended(ANN).end_reason == "completed"
        [kept] = company.main.read_now(lambda session: session.exec(select(OutboxMessage)).all())
        assert (kept.channel, kept.recipient, ANN in kept.body) == ("webhook", "crm", True)
    assert crm.heard == []
