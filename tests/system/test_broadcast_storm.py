"""A broadcast while its worker dies by `kill -9`, again and again: everybody accounted for, nobody twice."""

import random
import time
from pathlib import Path

import pytest
from sqlmodel import col

from records.models import Message
from tests.system.company import Company, founded
from tests.system.mailing import accounted, broadcast, gather, members, row_of
from tests.system.waiting import until

pytestmark = pytest.mark.system

# Temporal believes in a worker for some seconds after its last sign of life, and messages have leases.
NOTICED_WITHIN = 300
# More messages than a worker has between its claim and what it writes down of the answer, when it dies.
ON_THE_WIRE = 20


@pytest.mark.timeout(900)
@pytest.mark.parametrize("contacts", [600, pytest.param(2_000, marks=pytest.mark.large)])
def test_everybody_gets_it_once_though_the_worker_is_killed_again_and_again(tmp_path: Path, contacts: int) -> None:
    with founded(tmp_path) as company:
        id = _begun(company, contacts)
        shares = (0.0, 0.25, 0.5, 0.75)
        for share in shares:
            _until_accepted(company, share * contacts)
            _kill(company)
        _until_done(company, id, within=NOTICED_WITHIN)

        _all_accounted_for(company, id, contacts, kills=len(shares))


@pytest.mark.large
@pytest.mark.timeout(3600)
def test_twenty_thousand_get_it_once_while_the_worker_dies_every_half_minute(tmp_path: Path) -> None:
    chance = random.Random(2026)
    with founded(tmp_path) as company:
        id = _begun(company, 20_000)
        kills, rest = 0, chance.uniform(20, 40)
        while not _is_done_after(company, id, rest):
            _kill(company)
            kills, rest = kills + 1, chance.uniform(20, 40)

        assert kills >= 5
        _all_accounted_for(company, id, 20_000, kills)


def _begun(company: Company, contacts: int) -> str:
    """Begin a broadcast to so many; return it while its audience is taken down."""
    gather(company, contacts)
    id = broadcast(company)
    until(lambda: row_of(company, id).state != "scheduled", "the broadcast to begin", within=60, every=0.01)
    return id


def _kill(company: Company) -> None:
    company.stack.kill("worker")
    company.stack.wait_until_ready("worker", within=60)


def _until_accepted(company: Company, messages: float) -> None:
    accepted = col(Message.state) == "accepted"
    until(lambda: company.count(Message, accepted) >= messages, f"{messages:.0f} messages accepted", NOTICED_WITHIN)


def _until_done(company: Company, id: str, within: float) -> None:
    until(lambda: row_of(company, id).state == "done", "everybody's message to have a fate", within, every=0.5)


def _is_done_after(company: Company, id: str, seconds: float) -> bool:
    time.sleep(seconds)  # the storm's own rhythm; nothing is waited for
    return row_of(company, id).state == "done"


def _all_accounted_for(company: Company, id: str, contacts: int, kills: int) -> None:
    """Everybody was let in, everybody's message has a fate, and no more are unknown than kills can explain."""
    states = accounted(company, id)
    assert members(company, id) == {"entered": contacts}
    assert states.total() == contacts
    assert set(states) <= {"accepted", "unknown"}
    assert states["unknown"] <= ON_THE_WIRE * kills
