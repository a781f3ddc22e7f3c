"""A sequence as boxes and arrows, and as a Mermaid flowchart.

No kind of step is named here: a step says itself in a sentence (`says`) and labels its ways out (`exits`), so a new
kind is drawn as soon as it exists.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from domain.paths import past
from domain.program import Program
from domain.steps.base import Destination, Ends, Rounds, Skips, Step

START, COMPLETED, AGAIN = "(enters)", "(completed)", "(again)"
ELSE = "else"


@dataclass(frozen=True)
class Box:
    """A step, the entry, an end, or where a round is over.

    `sort` is `start`, `end`, `again`, or the need of its step (`step` where it needs nothing).

    `note` says when the step is done at all; without one, always.
    """

    id: str
    sort: str
    says: str
    note: str = ""


@dataclass(frozen=True)
class Arrow:
    """A way from box to box. `aside`: only taken when the step's own `when` is not true; `back`: it leads upwards."""

    source: str
    target: str
    label: str = ""
    aside: bool = False
    back: bool = False


@dataclass(frozen=True)
class Drawing:
    """A sequence to be looked at. What can end it at any time stands in words, everything else in boxes."""

    title: str
    about: str
    any_time: tuple[str, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

    def back(self) -> frozenset[tuple[str, str]]:
        """Return the arrows (source, target) that lead upwards; without them there is no circle."""
        return frozenset((arrow.source, arrow.target) for arrow in self.arrows if arrow.back)

    def walked(self, steps: Iterable[str], end: str | None = None) -> frozenset[tuple[str, str]]:
        """Return the arrows (source, target) that lead along these steps, from the entry to the end of this reason."""
        here, found = START, set[tuple[str, str]]()
        for step in steps:
            found.update(self.way(here, {step}))
            here = step
        return frozenset(found | set(self.way(here, self.ends(end))))

    def way(self, start: str, goals: Collection[str]) -> list[tuple[str, str]]:
        """Return the arrows of the shortest way, one at least, to one of `goals`; [] where none leads there.

        Between two steps of a timeline lie only those that nothing is told of, so the shortest way is the one taken.
        """
        ways, came, coming = _ways(self.arrows), dict[str, str](), deque([start])
        while coming and goals:
            here = coming.popleft()
            for target in ways.get(here, ()):
                if target in goals:
                    found = [(here, target)]
                    while here != start:
                        found.insert(0, (came[here], here))
                        here = came[here]
                    return found
                if target not in came:
                    came[target] = here
                    coming.append(target)
        return []

    def ends(self, reason: str | None) -> frozenset[str]:
        """Return the boxes at which a run ends with this reason; none for an end that can come at any time."""
        if reason is None:
            return frozenset()
        said = {_ended(Ends(reason)), f"exit {reason.removeprefix('exited:')}"}
        return frozenset(box.id for box in self.boxes if box.sort == "end" and box.says in said)


def drawn(program: Program) -> Drawing:
    """Return the drawing of a program: its boxes in the order of the steps, as far as one can get to them."""
    first = program.first or COMPLETED
    boxes, arrows = [Box(START, "start", _enters(program))], [Arrow(START, first)]
    seen, coming = {START}, [first]
    while coming:
        here = coming.pop()
        if here in seen:
            continue
        seen.add(here)
        if here == COMPLETED:
            boxes.append(Box(COMPLETED, "end", "completed"))
            continue
        step = program.step(here)
        exits = list(_exits(program, step))
        boxes += _boxes(step, exits)
        ways = list(_arrows(step, exits))
        arrows += ways
        coming += [way.target for way in reversed(ways) if way.target in program.steps or way.target == COMPLETED]
    _turn(boxes, arrows)
    return Drawing(program.sequence, program.description, tuple(_any_time(program)), tuple(boxes), tuple(arrows))


def _turn(boxes: list[Box], arrows: list[Arrow]) -> None:
    """Lead everything that goes back to one step through one box: a round has one end."""
    back = _circles(arrows)
    for head in dict.fromkeys(target for _, target in sorted(back)):
        boxes.append(Box(f"{head}{AGAIN}", "again", "again"))
        arrows.append(Arrow(f"{head}{AGAIN}", head, back=True))
    for place, arrow in enumerate(arrows):
        if (arrow.source, arrow.target) in back:
            arrows[place] = replace(arrow, target=f"{arrow.target}{AGAIN}")


def _circles(arrows: Sequence[Arrow]) -> frozenset[tuple[str, str]]:
    """Return the arrows that lead back to where one has come from, on a walk that begins at the entry."""
    ways = _ways(arrows)
    found, done, on_way = set[tuple[str, str]](), set[str](), {START}
    stack = [(START, iter(ways.get(START, ())))]
    while stack:
        here, left = stack[-1]
        for target in left:
            if target in on_way:
                found.add((here, target))
            elif target not in done:
                on_way.add(target)
                stack.append((target, iter(ways.get(target, ()))))
                break
        else:
            stack.pop()
            on_way.discard(here)
            done.add(here)
    return frozenset(found)


def _ways(arrows: Iterable[Arrow]) -> dict[str, list[str]]:
    ways: dict[str, list[str]] = {}
    for arrow in arrows:
        ways.setdefault(arrow.source, []).append(arrow.target)
    return ways


def _exits(program: Program, step: Step) -> Iterator[tuple[str, str | Ends]]:
    """Yield (label, where to) of every way out, also past a step whose `when` is not true."""
    for label, where in step.exits():
        yield label, _place(program, step, where)
    if step.when is not None:
        yield ELSE, _place(program, step, step.next)


def _place(program: Program, step: Step, where: Destination) -> str | Ends:
    if isinstance(where, Skips):
        where = past(program.steps, step)
    if isinstance(where, Rounds):
        where = where.to
    return COMPLETED if where is None else where


def _boxes(step: Step, exits: Sequence[tuple[str, str | Ends]]) -> Iterator[Box]:
    need = step.need()
    note = f"only when {step.when}" if step.when is not None else ""
    over = _is_end(exits)
    yield Box(step.id, "end" if over else need.need if need is not None else "step", step.says(), note)
    if not over:
        ends = dict.fromkeys(where for _, where in exits if isinstance(where, Ends))
        yield from (Box(_end_id(step, end), "end", _ended(end)) for end in ends)


def _is_end(exits: Sequence[tuple[str, str | Ends]]) -> bool:
    """Whether a step does nothing but end the run: then it is the end itself."""
    return all(isinstance(where, Ends) for label, where in exits if label != ELSE)


def _arrows(step: Step, exits: Sequence[tuple[str, str | Ends]]) -> Iterator[Arrow]:
    ways = [(label, where) for label, where in exits if label == ELSE or not _is_end(exits)]
    labels: dict[str, list[str]] = {}
    for label, where in ways:
        target = _end_id(step, where) if isinstance(where, Ends) else where
        labels.setdefault(target, []).append(label)
    for target, said in labels.items():
        label = " or ".join(filter(None, said)) if len(labels) > 1 or said == [ELSE] else ""
        yield Arrow(step.id, target, label, aside=said == [ELSE])


def _end_id(step: Step, end: Ends) -> str:
    return f"{step.id}({end.reason})"


def _ended(end: Ends) -> str:
    kind, _, detail = end.reason.partition(":")
    return f"ends: {detail or kind}" if end.reason != "completed" else "completed"


def _enters(program: Program) -> str:
    """Return who enters: every trigger, and the condition that holds for all of them."""
    triggers = " or ".join(trigger.says() for trigger in program.enter) or "enrolled by hand"
    return triggers + (f", when {program.when}" if program.when else "")


def _any_time(program: Program) -> Iterator[str]:
    yield from (f"goal: {trigger.says()}" for trigger in program.goal)
    yield from (f"exit: {trigger.says()}" for trigger in program.exit)
