"""Where boxes go: never over one another, always below what leads to them, all of it inside the picture."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.layout import Edge, Placed, Size, Spot, placed

sizes = st.tuples(st.floats(10, 300), st.floats(10, 120))


@st.composite
def charts(draw: st.DrawFn) -> tuple[dict[str, Size], dict[Edge, Size | None]]:
    """Boxes, each led to by one or more of those before it."""
    count = draw(st.integers(1, 14))
    boxes = {f"b{number}": draw(sizes) for number in range(count)}
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges = {(f"b{draw(st.integers(0, number - 1))}", f"b{number}") for number in range(1, count)}
    edges |= {(f"b{min(pair)}", f"b{max(pair)}") for pair in draw(st.lists(pairs, max_size=12)) if pair[0] != pair[1]}
    return boxes, {edge: draw(st.none() | sizes) for edge in sorted(edges)}


def everything(picture: Placed) -> list[Spot]:
    return [*picture.spots.values(), *(route.label for route in picture.routes.values() if route.label)]


def apart(one: Spot, other: Spot) -> bool:
    beside = abs(one.x - other.x) >= (one.width + other.width) / 2
    return beside or one.bottom <= other.top or other.bottom <= one.top


@given(charts())
def test_nothing_lies_over_anything_else(chart: tuple[dict[str, Size], dict[Edge, Size | None]]) -> None:
    picture = placed(*chart)

    assert all(apart(one, other) for one, other in combinations(everything(picture), 2))


@given(charts())
def test_arrows_lead_down_and_every_label_has_its_place(chart: tuple[dict[str, Size], dict[Edge, Size | None]]) -> None:
    picture = placed(*chart)

    for (source, target), label in chart[1].items():
        heights = [picture.layers[source]]
        heights += [height for _, top, bottom in picture.routes[source, target].passes for height in (top, bottom)]
        heights += [picture.spots[target].top]
        assert heights == sorted(heights)
        assert (picture.routes[source, target].label is None) == (label is None)


@given(charts())
def test_all_of_it_is_inside_the_picture(chart: tuple[dict[str, Size], dict[Edge, Size | None]]) -> None:
    picture = placed(*chart)

    for spot in everything(picture):
        assert -0.01 <= spot.x - spot.width / 2 <= spot.x + spot.width / 2 <= picture.width + 0.01
        assert 0 <= spot.top <= spot.bottom <= picture.height + 0.01


def test_what_leads_back_goes_beside_what_leads_on() -> None:
    boxes = dict.fromkeys(("head", "round", "again", "behind"), (100.0, 40.0))
    edges: dict[Edge, Size | None] = {
        ("head", "round"): None, ("round", "again"): None, ("again", "head"): None, ("head", "behind"): None,
    }  # fmt: skip

    picture = placed(boxes, edges, frozenset({("again", "head")}))

    route = picture.routes["again", "head"]
    assert route.back
    assert all(x < picture.spots["round"].x - 50 for x, _, _ in route.passes[:1])


def test_the_arms_of_a_choice_stand_side_by_side_in_their_order_below_its_middle() -> None:
    arms = [f"arm{number}" for number in range(3)]
    edges: dict[Edge, Size | None] = {("choice", arm): (50.0, 16.0) for arm in arms} | {
        (arm, "end"): None for arm in arms
    }

    picture = placed(dict.fromkeys(("choice", *arms, "end"), (100.0, 40.0)), edges)

    across = [picture.spots[arm].x for arm in arms]
    assert across == sorted(across)
    assert across[1] == pytest.approx(picture.spots["choice"].x)
    assert picture.spots["end"].x == pytest.approx(picture.spots["choice"].x)


def test_a_thousand_steps_are_placed_in_a_moment() -> None:
    names = [f"b{number}" for number in range(1000)]
    picture = placed(dict.fromkeys(names, (100.0, 40.0)), dict.fromkeys(pairwise(names)))

    assert len(picture.spots) == 1000
