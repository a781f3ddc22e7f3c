"""Sequences that start each other in a circle, and in which nobody ever waits: they would go round for ever."""

from collections.abc import Iterator, Mapping

from domain.needs import Begin, Listen, Open, Sleep
from domain.program import Program


def circles(programs: Mapping[str, Program]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield sequence, step and the way round, for every `start` that leads back to its own sequence without a wait.

    Who has been in a sequence with `again: never` does not enter it again, or not so soon with `after_exit SPAN`: no
    circle leads through it.
    """
    open_ended = {name: one for name, one in programs.items() if _may_go_round(one)}
    for name, program in open_ended.items():
        for step, target in _starts(program):
            way = _way(target, name, open_ended)
            if way is not None:
                yield name, step, [name, *way]


def _may_go_round(program: Program) -> bool:
    waits = any(isinstance(program.step(id).need(), Sleep | Listen | Open) for id in program.steps)
    return program.again.rule != "never" and program.again.after is None and not waits


def _starts(program: Program) -> Iterator[tuple[str, str]]:
    for id in program.steps:
        need = program.step(id).need()
        if isinstance(need, Begin):
            yield id, need.sequence


def _way(start: str, goal: str, programs: Mapping[str, Program]) -> list[str] | None:
    """Return the sequences from `start` to `goal`, each started by the one before; None where there is no way."""
    ways = [[start]] if start in programs else []
    seen = {start}
    while ways:
        way = ways.pop(0)
        if way[-1] == goal:
            return way
        for _, target in _starts(programs[way[-1]]):
            if target in programs and target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return None
