"""A thousand messages through a server that hangs up after every tenth body, before it has answered.

One in ten is a message of unknown fate, and nobody can do better: what counts is that no more than those are, that no
marketing is sent twice, that nothing which must arrive is missing, and that every repeat can be told from a second one.
"""

from collections import Counter as Count
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from pathlib import Path

import pytest

from channels.smtp import SmtpPool
from domain.needs import Later
from tests.channels.letters import relay
from tests.scripted_smtp import DROP, FINE, At, ScriptedSmtp
from tests.system.counter import Counter, counter

pytestmark = pytest.mark.system

EVERY_TENTH = [*[FINE] * 9, At("dot", DROP)]
WAVE = 250

sizes = pytest.mark.parametrize("many", [200, pytest.param(1_000, marks=pytest.mark.large)])


def waves(addresses: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(addresses), WAVE):
        yield addresses[first : first + WAVE]


async def everybody(desk: Counter, sequence: str, many: int) -> None:
    """Send until every message has its fate."""
    left = [f"contact{number}@customer.example" for number in range(many)]
    desk.arrive(sequence, *left)
    while left:
        later = []
        for wave in waves(left):
            told = await desk.send(sequence, *wave)
            later += [address for address, outcome in told.items() if isinstance(outcome, Later)]
            for outcome in told.values():
                desk.wait(outcome.due if isinstance(outcome, Later) else None)
        assert len(later) < len(left), "it comes to an end"
        left = later


def ids(server: ScriptedSmtp, recipient: str) -> list[str]:
    mine = [each for each in server.received if each.recipient == recipient]
    return [str(BytesHeaderParser().parsebytes(each.body)["Message-ID"]) for each in mine]


@sizes
async def test_marketing_is_sent_once_and_one_in_ten_is_of_unknown_fate(many: int, tmp_path: Path) -> None:
    server = ScriptedSmtp(EVERY_TENTH * (many // 10))
    async with server, SmtpPool(relay(server, size=8)) as pool, counter(tmp_path, pool) as desk:
        await everybody(desk, "news", many)

        assert Count(row.state for row in desk.messages()) == {"accepted": many * 9 // 10, "unknown": many // 10}
        assert len(server.bodies) == many
        assert len({each.recipient for each in server.received}) == many
        assert {row.attempts for row in desk.messages()} == {1}


@sizes
async def test_what_must_arrive_arrives_and_its_repeats_can_be_recognised(many: int, tmp_path: Path) -> None:
    server = ScriptedSmtp(EVERY_TENTH * many)
    async with server, SmtpPool(relay(server, size=8)) as pool, counter(tmp_path, pool) as desk:
        await everybody(desk, "receipt", many)

        assert Count(row.state for row in desk.messages()) == {"accepted": many}
        assert Count(each.recipient for each in server.accepted) == {
            f"contact{number}@customer.example": 1 for number in range(many)
        }
        # One message may be the tenth more than once.
        lost = {each.recipient for each in server.received if not each.accepted}
        assert sum(row.unknown_at is not None for row in desk.messages()) == len(lost) >= many // 11
        assert sum(row.attempts - 1 for row in desk.messages()) >= many // 10
        assert len(server.bodies) == sum(row.attempts for row in desk.messages())
        for row, recipient in ((desk.message(each.recipient), each.recipient) for each in server.accepted):
            assert ids(server, recipient) == [row.message_id] * row.attempts
