"""Is what was simulated what happened? Two timelines of one contact, compared.

Real time passes between an ask and its answer, so instants may differ by a few seconds; everything else is equal.
"""

import heapq
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.loader import load
from domain.simulation import Script, simulate
from rendering.catalogue import Catalogue
from tests.home import Pen
from tests.workflows.world import Someone

TOLERANCE = timedelta(seconds=20)
INSTANTS = ("at", "until")
# How many steps of a run may take a moment each, how long one may, and how many ways are tried.
STEPS, LONGEST_STEP, MOST_TRIED = 48, 3, 1_500
MANY = 1_000_000


class Simulator:
    """Simulates the sequences of a home."""

    def __init__(self, files: Mapping[str, str]) -> None:
        sources = {path.removeprefix("templates/"): text for path, text in files.items() if "templates/" in path}
        self.catalogue, self.pen = Catalogue(sources), Pen(sources)
        self.loaded = load(files, self.catalogue)

    def told_apart(self, sequence: str, someone: Someone, at: datetime, happened: dict[str, Any]) -> list[str]:
        """Return in what a timeline that happened differs from the simulated one.

        On the real clock a step takes a moment, and at an edge (eight open hours from 09:00:01 are not over at 17:00)
        that moment decides. So it may also be the timeline of somebody whose steps take a second or two each: those are
        looked for that make the two timelines agree furthest.
        """
        none = (0,) * STEPS
        first = found = differences(self.simulated(sequence, someone, at, none), happened)
        tried, best = {none}, [(-_agree(found), 0, none)]
        while found and best and len(tried) < MOST_TRIED:
            _, total, takes = heapq.heappop(best)
            for step in range(STEPS):
                more = tuple(each + (number == step) for number, each in enumerate(takes))
                if more in tried or more[step] > LONGEST_STEP:
                    continue
                tried.add(more)
                found = differences(self.simulated(sequence, someone, at, more), happened)
                if not found:
                    break
                heapq.heappush(best, (-_agree(found), total + 1, more))
        return first if found else []

    def simulated(
        self, sequence: str, someone: Someone, at: datetime, steps_take: Sequence[int] = ()
    ) -> dict[str, Any]:
        """Return the simulated timeline of somebody who enters at this instant and whose steps take so many seconds."""
        contact = {"score": 0, "tags": [], **someone.contact}
        takes = [timedelta(seconds=each) for each in steps_take]
        script = Script(contact=contact, at=at, events=someone.script(at), run_event=someone.event, steps_take=takes)
        program, policies = self.loaded.programs[sequence], self.loaded.policies
        return simulate(program, policies, self.catalogue, self.pen, script).as_json()


def _agree(found: list[str]) -> int:
    """Return how many rows two timelines agree in, before the first they do not."""
    rows = [int(each.split(":")[0].removeprefix("row ")) for each in found if each.startswith("row ")]
    return min(rows, default=0 if found else MANY)


def differences(expected: dict[str, Any], happened: dict[str, Any]) -> list[str]:
    """Return everything in which two timelines differ."""
    rows, others = expected["timeline"], happened["timeline"]
    found = [] if len(rows) == len(others) else [f"{len(rows)} rows were simulated, {len(others)} happened"]
    for number, (row, other) in enumerate(zip(rows, others, strict=False)):
        found += [f"row {number}: {each}" for each in _row(row, other)]
    end, other_end = expected["end"] or {}, happened["end"] or {}
    if end.get("reason") != other_end.get("reason"):
        found.append(f"it was simulated to end as {end.get('reason')}, it ended as {other_end.get('reason')}")
    return found + _instants(end, other_end)


def _row(row: dict[str, Any], other: dict[str, Any]) -> list[str]:
    keys = dict.fromkeys([*row, *other])
    plain = [key for key in keys if key not in INSTANTS and key not in ("subject", "why")]
    # An incident that nobody named is the number of its event: in the records other things have numbers, too.
    if all(str(each.get("incident")).isdigit() for each in (row, other)):
        plain.remove("incident")
    found = [f"{key}: {row.get(key)!r} ≠ {other.get(key)!r}" for key in plain if row.get(key) != other.get(key)]
    # Whether another sequence let the contact in, a simulation of this one cannot know.
    if len(row["why"]) != len(other["why"]) and row["did"] != "started":
        found.append(f"why: {row['why']} ≠ {other['why']}")
    return found + _instants(row, other)


def _instants(row: dict[str, Any], other: dict[str, Any]) -> list[str]:
    found = []
    for key in INSTANTS:
        if (key in row) != (key in other):
            found.append(f"{key}: {row.get(key)} ≠ {other.get(key)}")
        elif (
            key in row
            and row[key]
            and abs(datetime.fromisoformat(row[key]) - datetime.fromisoformat(other[key])) > TOLERANCE
        ):
            found.append(f"{key}: {row[key]} ≠ {other[key]}")
    return found
