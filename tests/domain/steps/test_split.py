"""`split`: arms by lot."""

import pytest

from domain.needs import Decided, Draw
from domain.run import advance, entered, need
from tests.domain.kit import MONDAY, lived, program, said

HALVES = """
    steps:
      - split:
          arms:
            - {name: story, share: 50%, steps: [{update: {tags: [+story]}}]}
            - {name: number, share: 50%, steps: []}
      - update: {score: +1}
    """


def test_it_draws_among_the_arms_by_their_shares() -> None:
    made = program(HALVES)

    assert need(made, entered(made, MONDAY)) == Draw(arms=("story", "number"), shares=(500_000, 500_000))


def test_the_arm_drawn_is_gone_through_and_all_come_together_behind_it() -> None:
    made = program(HALVES)
    run = entered(made, MONDAY)

    assert advance(made, run, Decided(0), MONDAY).position == "split-1.1.update-1"
    assert advance(made, run, Decided(1), MONDAY).position == "update-2"


def test_a_contact_always_draws_the_same_arm_and_the_timeline_says_which_and_why() -> None:
    arms = {lived(HALVES, id="c7").timeline[0]["arm"] for _ in range(3)}
    [row, *_] = lived(HALVES, id="c7").timeline

    assert len(arms) == 1
    assert row["why"] == [f"{row['arm']} has 50%, drawn by story/split-1"]


def test_a_salt_of_its_own_makes_two_splits_the_same_lot() -> None:
    split = "split: {salt: news, arms: [{name: a, share: 1, steps: []}, {name: b, share: 1, steps: []}]}"
    one, two = f"steps: [{{{split}}}]", f"steps: [{{id: other, {split}}}]"

    for number in range(50):
        drawn = [lived(text, id=f"c{number}").timeline[0]["arm"] for text in (one, two)]
        assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("arms", "expected"),
    [
        ("[{name: a, share: 50%, steps: []}, {name: b, share: 40%, steps: []}]",
         "the shares add up to 90%; make them 100%, or leave out the % to write weights"),
        ("[{name: a, share: 50%, steps: []}, {name: b, share: 50, steps: []}]",
         "some shares are percentages and some are weights; write all with %, or all without"),
        ("[{name: a, share: 50%, steps: []}, {name: a, share: 50%, steps: []}]",
         "two arms have the name 'a'; rename one"),
        ("[{name: a, share: half, steps: []}, {name: b, share: 1, steps: []}]",
         "'half' is no share; write a percentage such as 50%, or a weight such as 2"),
        ("[{name: a, share: 100%, steps: []}]", "a 'split' needs two 'arms' or more; "),
        ("[{name: a, share: 0, steps: []}, {name: b, share: 0, steps: []}]", "no arm has a share; "),
    ],
)  # fmt: skip
def test_shares_that_cannot_be_meant_are_refused(arms: str, expected: str) -> None:
    found = said(f"topic: product-news\nsteps:\n  - split: {{arms: {arms}}}\n")

    assert len(found) == 1, found
    assert found[0].startswith(f"3: {expected}")


def test_thirds_are_written_as_weights() -> None:
    arms = ", ".join(f"{{name: {name}, share: 1, steps: []}}" for name in "abc")

    assert program(f"steps: [{{split: {{arms: [{arms}]}}}}]").step("split-1").need() == Draw(
        arms=("a", "b", "c"), shares=(10_000, 10_000, 10_000)
    )
