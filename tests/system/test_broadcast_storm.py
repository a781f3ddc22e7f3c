"""A broadcast while its worker dies by `kill -9`, again and again: everybody accounted for, nobody twice."""

import random
import time
from pathlib import Path

import pytest

from tests.system.company import Company, founded
from tests.system.mailing import accounted, broadcast, gather, members, row_of
from tests.system.waiting import until

pytestmark = pytest.mark.system

# Temporal believes in a worker for half a minute after its last sign of life, and messages have leases.
NOTICED_WITHIN = 120


def test_a_broadcast_whose_worker_is_killed_again_and_again_reaches_everybody_once(tmp_path: Path) -> None:
    with founded(tmp_path) as company:
        id = _sent_in_a_storm(company, 400, kills=5, between=(0.3, 1.5))

        states = accounted(company, id)
        assert members(company, id) == {"entered": 400}
        assert set(states) <= {"accepted", "unknown"}
        assert states["accepted"] > 200


@pytest.mark.large
@pytest.mark.timeout(3600)
def test_twenty_thousand_get_it_once_while_the_worker_dies_every_half_minute(tmp_path: Path) -> None:
    with founded(tmp_path) as company:
        id = _sent_in_a_storm(company, 20_000, kills=6, between=(20, 40))

        states = accounted(company, id)
        assert members(company, id) == {"entered": 20_000}
        assert states.total() == 20_000
        assert set(states) <= {"accepted", "unknown"}


def _sent_in_a_storm(company: Company, contacts: int, *, kills: int, between: tuple[float, float]) -> str:
    """Kill the worker so often, from the taking down of the audience on; return the broadcast when it is done."""
    chance = random.Random(2026)
    gather(company, contacts)
    id = broadcast(company)
    until(lambda: row_of(company, id).state != "scheduled", "the broadcast to begin", within=60, every=0.01)
    for _ in range(kills):
        company.stack.kill("worker")
        company.stack.wait_until_ready("worker", within=60)
        time.sleep(chance.uniform(*between))  # the storm's own rhythm; nothing is waited for
    until(
        lambda: row_of(company, id).state == "done",
        "everybody's message to have a fate",
        within=NOTICED_WITHIN + contacts / 10,
        every=0.5,
    )
    return id
