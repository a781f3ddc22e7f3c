"""`python -m benchmarks.run [NAME…] [--json] [--runs N] [--quick]`: every figure beside a reference of the same run.

A figure is the median of its runs. Everything happens on this machine, on the loopback, in folders that are gone
afterwards. docs/performance.md says how to read the figures.
"""

import argparse
import asyncio
import json
import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NoReturn

from benchmarks import at_once, checking, events, inbox, intake, messages, simulation, waves
from benchmarks.measures import Report, Scale

Benchmark = Callable[[Scale], Coroutine[Any, Any, Report]]

BENCHMARKS: dict[str, Benchmark] = {
    "waves": waves.measure,
    "messages": messages.measure,
    "intake": intake.measure,
    "inbox": inbox.measure,
    "at-once": at_once.measure,
    "events": events.measure,
    "simulation": simulation.measure,
    "check": checking.measure,
}


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        "processors": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "load_before": [round(each, 2) for each in os.getloadavg()],
    }


async def measure(names: Sequence[str], scale: Scale, say: Callable[[str], Any]) -> dict[str, Report]:
    """Run the benchmarks of these names, one after the other; `say` gets each table as it is ready."""
    reports = {}
    for name in names:
        began = time.monotonic()
        reports[name] = report = await BENCHMARKS[name](scale)
        for line in report.lines():
            say(line)
        say(f"  measured in {time.monotonic() - began:.0f} s\n")
    return reports


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Figures beside their references.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(BENCHMARKS)}; all of them"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout; the tables go to stderr")
    parser.add_argument("--runs", type=int, help="samples of each figure (3; 1 with --quick)")
    parser.add_argument(
        "--quick", action="store_true", help="less work in each sample, one sample: to see that it works"
    )
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark '{unknown[0]}'; there are {', '.join(BENCHMARKS)}")
    signal.signal(signal.SIGTERM, _stopped)  # as Ctrl-C: what was started is ended, what was written is removed
    scale = Scale(max(1, chosen.runs or (1 if chosen.quick else 3)), "quick" if chosen.quick else "full")
    here = machine()
    tables = sys.stderr if chosen.json else sys.stdout
    reports = asyncio.run(
        measure(chosen.names or list(BENCHMARKS), scale, lambda line: print(line, file=tables, flush=True))
    )
    if chosen.json:
        figures = {name: report.as_json() for name, report in reports.items()}
        print(json.dumps({"machine": here, "runs": scale.runs, "size": scale.size, "benchmarks": figures}, indent=1))
    return 0


def _stopped(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
