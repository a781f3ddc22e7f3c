"""A drawing as SVG: complete in itself, readable in light and dark, and as part of a page.

The way somebody took can be marked. How wide a text is can only be estimated here, so boxes are a little wide.
"""

from collections.abc import Collection, Iterator

from domain.drawing import Arrow, Box, Drawing
from domain.drawing_text import as_markup, width_of, wrapped
from domain.layout import Placed, Point, Route, Size, Spot, placed

SIZE, LINE = 13.0, 18.0
ACROSS, DOWN = 14.0, 9.0
BOX_WIDTH, LABEL_WIDTH = 230.0, 170.0
MARGIN = 16.0
HEAD_WIDTH = 420.0

STYLE = """
.drawing { --ink: #23272e; --soft: #5b6470; --line: #8a93a0; --paper: #ffffff; --edge: #c3c8d0; --way: #c2410c;
  --deliver: #1f6f54; --sleep: #64748b; --listen: #1d5fa8; --decide: #6a4fb3; --other: #8a6d1a; }
@media (prefers-color-scheme: dark) { .drawing { --ink: #e8e8e6; --soft: #a3abb6; --line: #7c8694; --paper: #22262b;
  --edge: #434a54; --way: #fb923c; --deliver: #7fd1b2; --sleep: #94a3b8; --listen: #7db4f0; --decide: #b6a3ee;
  --other: #d6b85a; } }
.drawing text { fill: var(--ink); font: 13px/18px system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
.drawing .title { font-weight: 600; font-size: 16px; }
.drawing .soft { fill: var(--soft); }
.drawing .label { font-size: 12px; fill: var(--soft); }
.drawing rect { fill: var(--paper); stroke: var(--edge); stroke-width: 1.25; }
.drawing .mark { stroke: none; fill: var(--other); }
.drawing .deliver .mark { fill: var(--deliver); } .drawing .sleep .mark { fill: var(--sleep); }
.drawing .listen .mark { fill: var(--listen); } .drawing .decide .mark { fill: var(--decide); }
.drawing path { fill: none; stroke: var(--line); stroke-width: 1.5; }
.drawing .aside path { stroke-dasharray: 5 4; }
.drawing .tip { fill: var(--line); stroke: none; }
.drawing .walked rect { stroke: var(--way); stroke-width: 2.25; }
.drawing .walked .mark { stroke: none; }
.drawing .walked path { stroke: var(--way); stroke-width: 2.5; stroke-dasharray: none; }
.drawing .walked .tip { fill: var(--way); stroke: none; }
.drawing .walked .label { fill: var(--way); font-weight: 600; }
"""


def svg(drawing: Drawing, walked: Collection[tuple[str, str]] = ()) -> str:
    """Return a drawing as an SVG document; the arrows (source, target) of `walked` are marked, and what they join."""
    said = {box.id: _lines_of(box) for box in drawing.boxes}
    labels = {(each.source, each.target): wrapped(each.label, LABEL_WIDTH, SIZE - 1) for each in drawing.arrows}
    sizes = {box.id: _size(box, said[box.id]) for box in drawing.boxes}
    picture = placed(sizes, {edge: _label_size(lines) for edge, lines in labels.items()}, drawing.back())
    head = list(_head(drawing, max(picture.width, HEAD_WIDTH)))
    top = MARGIN + len(head) * LINE + (LINE if head else 0)
    width, height = max(picture.width, HEAD_WIDTH if head else 0) + 2 * MARGIN, picture.height + top + MARGIN
    across = MARGIN + max(0.0, (width - 2 * MARGIN - picture.width) / 2)
    on_way = {place for edge in walked for place in edge}
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{as_markup(drawing.title)}">',
        f"<style>{STYLE}</style>",
        *(_text(line, MARGIN, MARGIN + place * LINE, kind) for place, (line, kind) in enumerate(head)),
        f'<g transform="translate({across:.1f} {top:.1f})">',
        *(_arrow(each, picture, labels[each.source, each.target], walked) for each in _walked_last(drawing, walked)),
        *(_box(box, picture.spots[box.id], said[box.id], walked=box.id in on_way) for box in drawing.boxes),
        "</g>",
        "</svg>",
    ]
    return "\n".join(body) + "\n"


def _walked_last(drawing: Drawing, walked: Collection[tuple[str, str]]) -> list[Arrow]:
    return sorted(drawing.arrows, key=lambda arrow: (arrow.source, arrow.target) in walked)


def _head(drawing: Drawing, width: float) -> Iterator[tuple[str, str]]:
    yield drawing.title, "title"
    yield from ((line, "soft") for line in wrapped(drawing.about, width, SIZE))
    for number, each in enumerate(drawing.any_time):
        yield from (
            (line, "soft") for line in wrapped(f"{'and' if number else 'Ends it at any time:'} {each}", width, SIZE)
        )


# --- boxes -----------------------------------------------------------------------------------------------------------


def _lines_of(box: Box) -> list[tuple[str, str]]:
    """Return the lines in a box, each with its class."""
    said = [(line, "") for line in wrapped(box.says, BOX_WIDTH, SIZE)] or [("", "")]
    return said + [(line, "soft") for line in wrapped(box.note, BOX_WIDTH, SIZE)]


def _size(box: Box, lines: list[tuple[str, str]]) -> Size:
    widest = max(width_of(line, SIZE) for line, _ in lines)
    return widest + 2 * ACROSS + (8 if _is_round(box) else 4), len(lines) * LINE + 2 * DOWN


def _is_round(box: Box) -> bool:
    return box.sort in ("start", "end", "again")


def _box(box: Box, spot: Spot, lines: list[tuple[str, str]], *, walked: bool) -> str:
    left, round_ = spot.x - spot.width / 2, min(spot.height / 2, 19.0) if _is_round(box) else 7.0
    rect = f'x="{left:.1f}" y="{spot.top:.1f}" width="{spot.width:.1f}" height="{spot.height:.1f}" rx="{round_:.1f}"'
    mark = (
        f'<rect class="mark" x="{left:.1f}" y="{spot.top + 6:.1f}" width="4" height="{spot.height - 12:.1f}" rx="2"/>'
    )
    texts = "".join(
        _text(line, spot.x, spot.top + DOWN + number * LINE, f"{kind}", middle=True)
        for number, (line, kind) in enumerate(lines)
    )
    told = as_markup("\n".join(filter(None, (box.id if not _is_round(box) else "", box.says, box.note))))
    classes = as_markup(f"{box.sort} walked" if walked else box.sort)
    return f'<g class="{classes}"><title>{told}</title><rect {rect}/>{"" if _is_round(box) else mark}{texts}</g>'


def _text(line: str, x: float, top: float, kind: str, *, middle: bool = False) -> str:
    classes = f' class="{kind}"' if kind else ""
    anchor = ' text-anchor="middle"' if middle else ""
    return f'<text x="{x:.1f}" y="{top + 13:.1f}"{classes}{anchor}>{as_markup(line)}</text>'


# --- arrows ----------------------------------------------------------------------------------------------------------


def _label_size(lines: list[str]) -> Size | None:
    if not lines:
        return None
    return max(width_of(line, SIZE - 1) for line in lines) + 12, len(lines) * (LINE - 2) + 4


def _arrow(arrow: Arrow, picture: Placed, label: list[str], walked: Collection[tuple[str, str]]) -> str:
    edge = (arrow.source, arrow.target)
    source, target = picture.spots[arrow.source], picture.spots[arrow.target]
    classes = " ".join(filter(None, ("arrow", "aside" if arrow.aside else "", "walked" if edge in walked else "")))
    route = picture.routes[edge]
    if route.back:
        lines, tip = _upwards(route, source, target, picture.layers[arrow.target])
    else:
        lines, tip = _downwards(route, source, target, picture.layers[arrow.source])
    written = ""
    if route.label is not None:
        top = route.label.top + 2
        written = "".join(
            _text(line, route.label.x, top + number * (LINE - 2), "label", middle=True)
            for number, line in enumerate(label)
        )
    paths = "".join(f'<path d="{line}"/>' for line in lines)
    return f'<g class="{classes}">{paths}<path class="tip" d="{tip}"/>{written}</g>'


def _downwards(route: Route, source: Spot, target: Spot, floor: float) -> tuple[list[str], str]:
    """Return the lines of an arrow, broken where its label stands, and its tip."""
    lines, line = [], f"M{_at((source.x, source.bottom))} L{_at((source.x, floor))}"
    here = (source.x, floor)
    for number, (x, top, bottom) in enumerate(route.passes):
        line += f" {_bend(here, (x, top))}"
        if number == 0 and route.label is not None:
            lines.append(line)
            line, here = f"M{_at((x, route.label.bottom))} L{_at((x, bottom))}", (x, bottom)
        else:
            line, here = f"{line} L{_at((x, bottom))}", (x, bottom)
    lines.append(f"{line} {_bend(here, (target.x, target.top - 6))}")
    x, y = target.x, target.top - 1
    return lines, f"M{_at((x, y))} L{_at((x - 4.5, y - 8))} L{_at((x + 4.5, y - 8))} Z"


def _upwards(route: Route, source: Spot, target: Spot, floor: float) -> tuple[list[str], str]:
    """Return an arrow that leads back: out of the side of its source, up beside it, into the side of its target."""
    side = -1 if route.passes[-1][0] < source.x else 1
    edge = target.x + side * target.width / 2
    middle, end = source.top + source.height / 2, target.top + target.height / 2
    x = route.passes[-1][0]
    line = f"M{_at((source.x + side * source.width / 2, middle))} Q{_at((x, middle))} {_at((x, source.top - 8))}"
    here = (x, source.top - 8)
    for x, top, bottom in reversed(route.passes):
        line += f" {_bend(here, (x, bottom))} L{_at((x, top))}"
        here = (x, top)
    line += f" L{_at((here[0], floor))} Q{_at((here[0], end))} {_at((edge + side * 6, end))}"
    tip = f"M{_at((edge + side, end))} L{_at((edge + side * 9, end - 4.5))} L{_at((edge + side * 9, end + 4.5))} Z"
    return [line], tip


def _bend(start: Point, end: Point) -> str:
    if abs(start[0] - end[0]) < 1:
        return f"L{_at(end)}"
    middle = (start[1] + end[1]) / 2
    return f"C{_at((start[0], middle))} {_at((end[0], middle))} {_at(end)}"


def _at(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
