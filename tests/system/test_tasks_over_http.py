"""Our own systems open a task and act on it over HTTP, while the worker is killed under them."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from records.models import Interaction
from tests.system.authored import FORM
from tests.system.company import EVENTS_KEY, Answer, Company, founded
from tests.system.waiting import until

pytestmark = pytest.mark.system

TEAMS = """
    people:
      ada: {name: Ada, email: ada@acme.example}
    teams:
      sales: {email: sales@acme.example, members: [ada], lead: ada}
"""
ANN = "ann@customer.example"


def ask(company: Company, path: str, key: str, **told: Any) -> Answer:
    headers = {"Authorization": f"Bearer {EVENTS_KEY}", "Idempotency-Key": key}
    return company.post(path, json.dumps(told).encode(), **headers)


@pytest.mark.timeout(180)
def test_what_is_asked_while_the_worker_dies_is_done_once_under_its_key(tmp_path: Path) -> None:
    with founded(tmp_path) as company:
        company.edit_all({"policies/teams.yaml": TEAMS, "policies/forms/call.yaml": FORM})
        until(lambda: company.submit("call", ANN).status == 202 or None, "the form")
        company.drained()
        opened = ask(company, "/tasks", "o-1", contact={"email": ANN}, title="Call Ann", team="sales")
        again = ask(company, "/tasks", "o-1", contact={"email": ANN}, title="Call Ann", team="sales")
        task = json.loads(opened.text)["id"]
        accepted = ask(company, f"/tasks/{task}/accept", "a-1", by="ada")

        company.stack.kill("worker")

        def complete() -> Answer | None:
            said = ask(company, f"/tasks/{task}/complete", "c-1", outcome="booked", note="Friday", by="ada")
            assert said.status in (200, 503), said.text
            return said if said.status == 200 else None

        done = until(complete, "an answer", within=90)
        once_more = ask(company, f"/tasks/{task}/complete", "c-1", outcome="booked", note="Friday", by="ada")
        refused = ask(company, f"/tasks/{task}/complete", "c-2", outcome="lost", by="ada")
        events = company.main.read_now(lambda session: [row.name for row in session.exec(select(Interaction)).all()])

    assert (opened.status, again.status, json.loads(again.text)["id"]) == (201, 200, task)
    assert (accepted.status, json.loads(accepted.text)["assignee"]) == (200, "ada")
    assert (json.loads(done.text)["outcome"], once_more.status, refused.status) == ("booked", 200, 409)
    assert events.count("task_completed") == 1
