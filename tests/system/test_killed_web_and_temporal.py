"""The web process and the Temporal server die, or are not there yet: what was answered with 202 is never lost."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest

from settings import LOOPBACK
from starter.parts import PROJECT, child_environment, with_free_ports
from starter.up import Stack, prepare
from tests.system.audit import audit
from tests.system.authored import write_home
from tests.system.company import Company, settings_of
from tests.system.waiting import PATIENCE, until

pytestmark = pytest.mark.system

Address = Callable[[str], str]


def test_a_form_is_kept_when_the_web_process_is_killed_right_after_its_answer(
    company: Company, address: Address
) -> None:
    ann = address("ann")

    assert company.submit("news", ann).status == 202
    company.stack.kill("web")

    company.in_state(ann, "news", "accepted")
    company.stack.wait_until_ready("web", within=PATIENCE)
    assert len(company.letters_to(ann)) == 1
    audit(company)


def test_of_a_burst_cut_off_by_a_kill_everything_that_was_answered_is_there(company: Company, address: Address) -> None:
    emails = [address(f"visitor-{number}") for number in range(40)]

    def submit(email: str) -> bool:
        try:
            return company.submit("news", email).status == 202
        except (OSError, HTTPException):  # nobody answered, or half an answer: the sender will try again
            return False

    with ThreadPoolExecutor(8) as people:
        answers = [people.submit(submit, email) for email in emails]
        until(lambda: sum(answer.done() for answer in answers) >= 10, "ten answers", every=0.002)
        company.stack.kill("web")
        kept = [email for email, answer in zip(emails, answers, strict=True) if answer.result()]

    company.stack.wait_until_ready("web", within=PATIENCE)
    for email in kept:
        company.in_state(email, "news", "accepted")
    assert len(kept) >= 10
    company.drained()
    audit(company)


def test_forms_are_taken_while_temporal_is_away_and_everything_goes_on_when_it_is_back(
    company: Company, address: Address
) -> None:
    before = [address(f"before-{number}") for number in range(5)]
    during = [address(f"during-{number}") for number in range(10)]
    company.submit_all("tour", before)
    for email in before:
        company.in_state(email, "first", "accepted")

    company.stack.kill("temporal", signal.SIGSTOP)
    hanging = company.submit_all("tour", during[:5])
    company.stack.kill("temporal")
    refusing = company.submit_all("tour", during[5:])
    company.stack.wait_until_ready("temporal", within=PATIENCE)

    assert {answer.status for answer in hanging + refusing} == {202}
    for email in before + during:
        assert company.ended(email).end_reason == "completed"
        assert len(company.letters_to(email)) == 2
    audit(company)


def test_a_worker_that_is_there_before_temporal_waits_for_it(tmp_path: Path) -> None:
    write_home(tmp_path)
    settings = with_free_ports(settings_of(tmp_path))
    settings.state.mkdir()
    prepare(settings)
    log = tmp_path / "early-worker.log"
    environment = child_environment(settings, own_cluster=False, environ=os.environ)
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, str(PROJECT / "worker.py")], env=environment, stdout=output, stderr=output, cwd=PROJECT
        ) as worker,
    ):
        try:
            until(lambda: "Temporal does not answer" in log.read_text(), "the worker's complaint")
            with Stack(settings, only=["temporal"]) as stack:
                assert stack.addresses["temporal"] == f"{LOOPBACK}:{settings.temporal_port}"
                until(lambda: "worker ready" in log.read_text(), "a worker that is ready")
                worker.terminate()
                assert worker.wait(30) == 0
        finally:
            worker.kill()
