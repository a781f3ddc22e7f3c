"""Sequences that start each other for ever are refused; those in which somebody waits in between are not."""

import pytest

from domain.loader import load
from tests.domain.kit import POLICIES, TEMPLATES

ROUND = "enter: {again: AGAIN}\nsteps:\n  - update: {score: +1}\nMORE  - start: NEXT\n"


def check(again: str = "always", more: str = "") -> list[str]:
    """Return what is said of `a`, which starts `b`, and of `b`, which starts `a` again."""
    first = ROUND.replace("AGAIN", again).replace("MORE", more)
    files = {"sequences/a.yaml": first.replace("NEXT", "b"), "sequences/b.yaml": ROUND.replace("NEXT", "a")}
    files["sequences/b.yaml"] = files["sequences/b.yaml"].replace("AGAIN", "after_exit").replace("MORE", "")
    return [str(problem) for problem in load(POLICIES | files, TEMPLATES).problems]


def test_a_circle_is_refused_at_every_start_that_closes_it() -> None:
    assert check() == [
        "sequences/a.yaml:4: nobody waits on the way a → b → a, so it would go round for ever; "
        "put a wait in, or write 'again: never'",
        "sequences/b.yaml:4: nobody waits on the way b → a → b, so it would go round for ever; "
        "put a wait in, or write 'again: never'",
    ]


@pytest.mark.parametrize(
    ("again", "more"),
    [
        ("never", ""),
        ("after_exit 30 days", ""),
        ("always", "  - wait: 30 days\n"),
        ("always", "  - wait_for: purchased\n    up_to: 30 days\n"),
    ],
)
def test_who_waits_or_does_not_come_again_goes_round_no_circle(again: str, more: str) -> None:
    assert check(again, more) == []
