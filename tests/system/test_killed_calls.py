"""A call, a message to staff and a task on the real stack, with a worker that dies while another system is asked."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from domain.webhooks import signed
from starter.parts import PROJECT, child_environment
from starter.up import Stack
from tests.system.authored import FORM, sequence, write, write_home
from tests.system.company import Company, opened, settings_of
from tests.system.letters import Letter
from tests.system.other_system import OtherSystem, listening
from tests.system.waiting import PATIENCE, until

pytestmark = pytest.mark.system

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SALES, ANN = "sales@acme.example", "ann@customer.example"
# Temporal believes in a worker for half a minute after its last sign of life.
NOTICED_WITHIN = 30 + PATIENCE
CARE = """
- call: http://127.0.0.1:{port}/hook
  id: credit
  body: {{who: "{{{{ contact.email }}}}"}}
- notify: sales
  template: staff/keen
- task: Call {{{{ contact.first_name or 'them' }}}}
  id: ring
  team: sales
  up_to: 1 day
  outcomes:
    booked: [{{exit: met}}]
"""
KEEN = """
{% block subject %}{{ contact.first_name }} has {{ calls.credit.points }} points{% endblock %}
{% block html %}<p>Write to them</p>{% endblock %}
"""


@pytest.fixture
def shop() -> Iterator[OtherSystem]:
    with listening(NOTICED_WITHIN) as shop:
        yield shop


@pytest.fixture
def company(tmp_path: Path, shop: OtherSystem) -> Iterator[Company]:
    write_home(tmp_path)
    write(tmp_path, "policies/forms/care.yaml", FORM)
    write(tmp_path, "policies/teams.yaml", f"teams: {{sales: {{email: {SALES}}}}}\n")
    write(tmp_path, "templates/staff/keen.html", KEEN)
    write(tmp_path, "sequences/care.yaml", sequence("care", CARE.format(port=shop.port)))
    settings = settings_of(tmp_path, call_secrets=(SecretStr(SECRET),), call_private=True)
    with Stack(settings, say=lambda line: None) as stack, opened(stack) as company:
        yield company


def rapport(company: Company, *words: str) -> Any:
    """Type a command; return its document."""
    environment = child_environment(company.settings, own_cluster=False, environ={})
    command = [sys.executable, "-c", "from starter.cli import main; main()", *words, "--json"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, timeout=60, check=True)
    return json.loads(done.stdout)


def _of_the_sequence(company: Company) -> list[Letter]:
    """Return what the sequence wrote to the team, which is told of its task, too."""
    return [each for each in company.letters_to(SALES) if b"Subject: Ann has 5 points" in each.raw]


def test_a_call_that_died_half_way_is_made_again_under_the_same_id_and_the_rest_follows(
    company: Company, shop: OtherSystem
) -> None:
    company.submit("care", ANN, first_name="Ann")
    until(lambda: shop.heard, "the first call")

    company.stack.kill("worker")
    company.stack.wait_until_ready("worker", within=PATIENCE)
    until(lambda: len(shop.heard) > 1, "the second call", NOTICED_WITHIN)
    shop.awake.set()

    until(lambda: _of_the_sequence(company), "the message to staff", NOTICED_WITHIN)
    (task,) = until(lambda: rapport(company, "task", "list")["tasks"], "the task")
    rapport(company, "task", "complete", task["id"], "--outcome", "booked")
    assert company.ended(ANN).end_reason == "exited:met"

    assert len({headers["webhook-id"] for headers, _ in shop.heard}) == 1
    assert len({body for _, body in shop.heard}) == 1
    for headers, body in shop.heard:
        sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        expected = signed(headers["webhook-id"], sent_at, body, [SECRET])
        assert headers["webhook-signature"] == expected["webhook-signature"]
    (letter,) = _of_the_sequence(company)
    assert b"Reply-To: ann@customer.example" in letter.raw
    assert b"List-Unsubscribe" not in letter.raw
    (row,) = company.decisions(ANN, "credit")
    assert (row.did, row.more["answer"]) == ("called", {"points": 5})
