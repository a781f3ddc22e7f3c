"""Where boxes and arrows of a flowchart go: layers from top to bottom, what belongs together side by side.

Boxes are known by name and size only. An arrow's label takes part as a box of its own, so nothing is written over
anything. Lengths are in pixels, y grows downwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Point = tuple[float, float]
Size = tuple[float, float]
Edge = tuple[str, str]

BESIDE, BETWEEN = 28.0, 30.0
SWEEPS, FIXED = 16, 100.0


@dataclass
class _Node:
    """A box, a label, or the place where an arrow passes a layer. `name` is empty for what is not a box."""

    name: str
    width: float = 0
    height: float = 0
    rank: int = 0
    x: float = 0
    top: float = 0
    above: list["_Node"] = field(default_factory=list)
    below: list["_Node"] = field(default_factory=list)
    back: bool = False


@dataclass(frozen=True)
class Spot:
    """A box or a label in the picture: the middle of its upper edge, and its size."""

    x: float
    top: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        return self.top + self.height


@dataclass(frozen=True)
class Route:
    """How an arrow goes: `passes` are (x, top, bottom) of each layer on its way, downwards. `back`: it goes upwards.

    Its label, if it has one, stands in the first layer it passes.
    """

    passes: tuple[tuple[float, float, float], ...]
    label: Spot | None = None
    back: bool = False


@dataclass(frozen=True)
class Placed:
    """A whole picture. `layers` maps each box to the lower edge of its layer, from where arrows may turn."""

    spots: Mapping[str, Spot]
    routes: Mapping[Edge, Route]
    layers: Mapping[str, float]
    width: float
    height: float


def placed(boxes: Mapping[str, Size], edges: Mapping[Edge, Size | None], back: frozenset[Edge] = frozenset()) -> Placed:
    """Place boxes (the first is where everything begins) and edges, each with the size of its label if it has one.

    `back` are the edges that lead upwards; without them there must be no circle.

    >>> picture = placed({"a": (100, 40), "b": (100, 40), "c": (60, 40)}, {("a", "b"): None, ("a", "c"): None})
    >>> picture.spots["b"].top == picture.spots["c"].top > picture.spots["a"].bottom
    True
    >>> picture.spots["b"].x + 50 < picture.spots["c"].x - 30
    True
    """
    nodes = {name: _Node(name, width, height) for name, (width, height) in boxes.items()}
    _rank(nodes, edges, back)
    chains = {edge: _chain(nodes, edge, label, edge in back) for edge, label in edges.items()}
    layers = _layers(nodes, chains)
    _put_across(layers)
    _put_down(layers)
    return _picture(nodes, edges, chains, back, layers)


def _downwards(edge: Edge, back: frozenset[Edge]) -> Edge:
    return (edge[1], edge[0]) if edge in back else edge


def _rank(nodes: Mapping[str, _Node], edges: Mapping[Edge, Size | None], back: frozenset[Edge]) -> None:
    """Give each box its layer: below everything that leads to it, with a layer between for a label."""
    below: dict[str, list[tuple[str, int]]] = {name: [] for name in nodes}
    waits = dict.fromkeys(nodes, 0)
    for edge, label in edges.items():
        source, target = _downwards(edge, back)
        below[source].append((target, 2 if label or edge in back else 1))
        waits[target] += 1
    ready = [name for name, count in waits.items() if count == 0]
    while ready:
        here = ready.pop()
        for target, layers in below[here]:
            nodes[target].rank = max(nodes[target].rank, nodes[here].rank + layers)
            waits[target] -= 1
            if waits[target] == 0:
                ready.append(target)


def _chain(nodes: Mapping[str, _Node], edge: Edge, label: Size | None, back: bool) -> list[_Node]:
    """Join the two ends of an edge by a node in each layer between; the first bears the label."""
    source, target = nodes[edge[1] if back else edge[0]], nodes[edge[0] if back else edge[1]]
    between = [_Node("", rank=rank, back=back) for rank in range(source.rank + 1, target.rank)]
    if label and between:
        between[0].width, between[0].height = label
    line = [source, *between, target]
    for upper, lower in pairwise(line):
        # What leads back is put left of what leads on.
        upper.below.insert(0, lower) if back else upper.below.append(lower)
        lower.above.append(upper)
    return between


def _layers(nodes: Mapping[str, _Node], chains: Mapping[Edge, list[_Node]]) -> list[list[_Node]]:
    """Return the nodes of each layer from left to right: those under an earlier way out stand left."""
    every = [*nodes.values(), *(node for chain in chains.values() for node in chain)]
    layers: list[list[_Node]] = [[] for _ in range(max((node.rank for node in every), default=-1) + 1)]
    seen = set[int]()
    for start in nodes.values():
        stack = [start]
        while stack:
            here = stack.pop()
            if id(here) not in seen:
                seen.add(id(here))
                layers[here.rank].append(here)
                stack += reversed(here.below)
    return layers


def _put_across(layers: Sequence[Sequence[_Node]]) -> None:
    """Put each node as near to the middle of its neighbours as the order in its layer allows."""
    for layer in layers:
        _settle(layer, [0.0] * len(layer), [1.0] * len(layer))
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            near = [_pull(node, node.above if sweep % 2 == 0 else node.below) for node in layer]
            _settle(layer, [wish for wish, _ in near], [weight for _, weight in near])
    for sweep in range(SWEEPS):  # then boxes stay, and arrows become straight
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            near = [(node.x, FIXED) if node.name else _pull(node, [*node.above, *node.below]) for node in layer]
            _settle(layer, [wish for wish, _ in near], [weight for _, weight in near])
    for layer in reversed(layers):
        # Last of all labels go above what they lead to.
        near = [_pull(node, node.below) if node.width and not node.name else (node.x, FIXED) for node in layer]
        _settle(layer, [wish for wish, _ in near], [weight for _, weight in near])


def _pull(node: _Node, neighbours: Sequence[_Node]) -> tuple[float, float]:
    """Return where a node wants to be, and how much: a long arrow wants to be straight more than a box centred."""
    if not neighbours:
        return node.x, 0.1
    weights = [_bond(node, each) for each in neighbours]
    wish = sum(each.x * weight for each, weight in zip(neighbours, weights, strict=True)) / sum(weights)
    return wish, sum(weights)


def _bond(one: _Node, other: _Node) -> float:
    if one.back != other.back:
        return 0.1  # a way back keeps out of the middle
    # A bend in the middle of an arrow is worse than one at its end, and that is worse than a box out of the middle.
    return (1.0, 2.0, 12.0)[(not one.name) + (not other.name)]


def _settle(layer: Sequence[_Node], wishes: Sequence[float], weights: Sequence[float]) -> None:
    """Give a layer the places nearest to the wishes (least squares) that keep its order and the distances in it."""
    offsets, offset = [], 0.0
    for number, node in enumerate(layer):
        if number:
            offset += (layer[number - 1].width + node.width) / 2 + BESIDE
        offsets.append(offset)
    pools: list[tuple[float, float, int]] = []  # where the first of them stands, their weight, how many
    for wish, weight, offset in zip(wishes, weights, offsets, strict=True):
        pool = (wish - offset, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            before = pools.pop()
            together = before[1] + pool[1]
            pool = ((before[0] * before[1] + pool[0] * pool[1]) / together, together, before[2] + pool[2])
        pools.append(pool)
    places = [place for place, _, count in pools for _ in range(count)]
    for node, place, offset in zip(layer, places, offsets, strict=True):
        node.x = place + offset


def _put_down(layers: Sequence[Sequence[_Node]]) -> None:
    top = 0.0
    for layer in layers:
        for node in layer:
            node.top = top
        labels_only = all(not node.name for node in layer)
        top += max(node.height for node in layer) + (BETWEEN / 2 if labels_only else BETWEEN)


def _picture(
    nodes: Mapping[str, _Node],
    edges: Mapping[Edge, Size | None],
    chains: Mapping[Edge, list[_Node]],
    back: frozenset[Edge],
    layers: Sequence[Sequence[_Node]],
) -> Placed:
    left = min((node.x - node.width / 2 for layer in layers for node in layer), default=0)
    right = max((node.x + node.width / 2 for layer in layers for node in layer), default=0)
    floors = [max(node.top + node.height for node in layer) for layer in layers]
    spots = {name: Spot(node.x - left, node.top, node.width, node.height) for name, node in nodes.items()}
    routes = {}
    for edge, chain in chains.items():
        passes = tuple((node.x - left, node.top, floors[node.rank]) for node in chain)
        labelled = chain and edges[edge]
        label = Spot(chain[0].x - left, chain[0].top, chain[0].width, chain[0].height) if labelled else None
        routes[edge] = Route(passes, label, edge in back)
    floor_of = {name: floors[node.rank] for name, node in nodes.items()}
    return Placed(spots, routes, floor_of, right - left, max(floors, default=0))
