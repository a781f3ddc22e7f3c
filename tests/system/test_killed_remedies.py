"""A worker that dies by `kill -9` while the company's own system is told to pay: it is told again, under one id."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlmodel import col, select

from domain.webhooks import signed
from records.case_models import CaseLetter, CaseRemedy
from settings import LOOPBACK
from starter.parts import PROJECT, child_environment
from starter.up import Stack
from tests.system.authored import FORM, MESSAGING, write, write_home
from tests.system.company import Company, opened, settings_of, through
from tests.system.other_system import OtherSystem, listening
from tests.system.waiting import PATIENCE, until

pytestmark = pytest.mark.system

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ANN = "ann@customer.example"
# Temporal believes in a worker for half a minute, and an attempt has three quarters of one for itself.
NOTICED_WITHIN = 75 + PATIENCE
TEAMS = """
    people: {ada: {name: Ada, email: ada@acme.example}, lea: {name: Lea, email: lea@acme.example}}
    teams: {care: {email: care@acme.example, members: [ada], lead: lea}}
"""
RECOVERY = """
    team: care
    remedies:
      types: {refund: {label: your money back, by: webhook, endpoint: billing}}
      bands: [{offer: [refund], most: 100}]
"""


@pytest.fixture
def billing() -> Iterator[OtherSystem]:
    with listening(NOTICED_WITHIN) as billing:
        yield billing


@pytest.fixture
def company(tmp_path: Path, billing: OtherSystem) -> Iterator[Company]:
    write_home(tmp_path)
    hooks = f"    webhooks: {{billing: {{url: 'http://127.0.0.1:{billing.port}/hooks'}}}}\n"
    write(tmp_path, "policies/messaging.yaml", f"{MESSAGING}{hooks}")
    write(tmp_path, "policies/teams.yaml", TEAMS)
    write(tmp_path, "policies/recovery.yaml", RECOVERY)
    write(tmp_path, "policies/forms/care.yaml", FORM)
    settings = settings_of(
        tmp_path, webhook_secrets={"billing": (SecretStr(SECRET),)}, call_private=True, **through(LOOPBACK, 9)
    )
    with Stack(settings, say=lambda line: None) as stack, opened(stack) as company:
        yield company


def rapport(company: Company, *words: str) -> Any:
    """Type a command; return its document."""
    environment = child_environment(company.settings, own_cluster=False, environ={})
    command = [sys.executable, "-c", "from starter.cli import main; main()", *words, "--json"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def remedies(company: Company) -> list[CaseRemedy]:
    return company.main.read_now(lambda session: list(session.exec(select(CaseRemedy)).all()))


def test_a_refund_whose_worker_dies_is_told_again_under_its_id_and_paid_once(
    company: Company, billing: OtherSystem
) -> None:
    company.submit("care", ANN)
    company.drained()
    case = str(rapport(company, "case", "open", "--contact", ANN, "--title", "It broke", "--by", "ada")["number"])
    rapport(company, "case", "propose", case, "--kind", "refund", "--amount", "40", "--by", "ada")
    until(lambda: billing.heard, "the first instruction")

    company.stack.kill("worker")
    company.stack.wait_until_ready("worker", within=PATIENCE)
    until(lambda: len(billing.heard) > 1, "the second instruction", NOTICED_WITHIN)
    billing.awake.set()
    until(lambda: [each.state for each in remedies(company)] == ["delivered"], "the delivery", NOTICED_WITHIN)

    [remedy] = remedies(company)
    assert {headers["webhook-id"] for headers, _ in billing.heard} == {remedy.id}
    assert len({body for _, body in billing.heard}) == 1
    for headers, body in billing.heard:
        sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        expected = signed(headers["webhook-id"], sent_at, body, [SECRET])
        assert headers["webhook-signature"] == expected["webhook-signature"]
        assert json.loads(body)["data"]["amount"] == "40.00"
    letters = select(CaseLetter.letter).where(col(CaseLetter.case_id) == remedy.case_id).order_by(col(CaseLetter.id))
    assert company.main.read_now(lambda session: session.exec(letters).all()) == ["acknowledged", "offer"]
