"""A minute of `kill -9` at random while forms, goals and unsubscribes come in; afterwards the books must balance."""

import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlmodel import col

from records.models import Drained, Enrolment, Inbox, Message
from tests.scripted_smtp import DROP, FINE, HANG, At, Slow
from tests.system.audit import audit
from tests.system.company import Company
from tests.system.conftest import Moody
from tests.system.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.large, pytest.mark.timeout(400)]

SECONDS = 60
MOODS = [FINE, FINE, FINE, At("dot", DROP), At("dot", HANG), At("rcpt", DROP), At("rcpt", "450 4.2.1 later"),
         At("dot", "451 4.3.0 later"), At("dot", Slow(1, "250 2.0.0 Ok")), At("rcpt", "550 5.1.1 nobody")]  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_dies_every_message_is_accepted_once_or_its_row_says_why_not(
    moody: Moody, address: Callable[[str], str], seed: int
) -> None:
    company, chance = moody.company, random.Random(seed)
    kept: list[tuple[str, str]] = []
    until_then = time.monotonic() + SECONDS
    while time.monotonic() < until_then:
        kept += _visitors(moody, address, chance, len(kept))
        _deed(company, chance, kept)
        with suppress(Exception):
            company.stack.kill(chance.choices(["worker", "web", "temporal"], [4, 2, 1])[0], signal.SIGKILL)
        time.sleep(chance.uniform(0.2, 5))  # the storm's own rhythm; nothing is waited for

    for part in ("temporal", "worker", "web"):
        company.stack.wait_until_ready(part, within=60)
    company.drained(within=60)
    open_runs = col(Enrolment.ended_at).is_(None)
    until(lambda: company.count(Enrolment, open_runs) == 0, "everybody at the end", within=200, every=0.5)
    on_the_way = Message.state == "handing_over"
    until(lambda: company.count(Message, on_the_way) == 0, "every fate known or given up", within=60, every=0.5)
    for sequence, email in kept:
        assert len(company.enrolments(email, sequence)) == 1, f"{email} was answered 202"
    assert company.count(Drained) == company.count(Inbox, col(Inbox.drained_at).is_not(None))
    states = audit(company)
    assert {"accepted", "refused", "unknown"} <= set(states), "the storm has hit"
    assert not {"claimed", "handing_over"} & set(states), "nobody was left on the way"


def _visitors(moody: Moody, address: Callable[[str], str], chance: random.Random, number: int) -> list[tuple[str, str]]:
    kept = []
    for place in range(chance.randint(1, 12)):
        email, sequence = address(f"storm-{number}-{place}"), chance.choice(["news", "tour", "receipt"])
        moody.mail.towards(email, *chance.choices(MOODS, k=3))
        with suppress(OSError):  # nobody answered: the sender would try again
            if moody.company.submit(sequence, email).status == 202:
                kept.append((sequence, email))
    return kept


def _deed(company: Company, chance: random.Random, kept: list[tuple[str, str]]) -> None:
    if not kept:
        return
    _, email = chance.choice(kept)
    with suppress(OSError):
        if chance.random() < 0.5:
            company.tell("meeting_booked", email)
        elif letters := company.letters_to(email):
            company.post(letters[0].one_click, b"List-Unsubscribe=One-Click")
