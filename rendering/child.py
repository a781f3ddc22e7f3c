"""The rendering process: reads jobs on stdin, answers on stdout, ends when its owner does.

Whatever a template does ends here: a timer that no code can postpone kills the process (the signal's default action
works inside C code, where an exception would wait), memory and processor time are bounded, files cannot be written.
Start with `python -m rendering.child LIMITS`, LIMITS as JSON; its owner is `process.py`.
"""

import json
import resource
import signal
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO

from jinja2.exceptions import TemplateSyntaxError

from rendering.bundle import TemplateProblem
from rendering.formats import warm_up
from rendering.parts import NotThere, Press
from rendering.sandbox import HoleFound
from rendering.wire import LENGTH, pack, unpack


def main(limits: dict[str, Any], source: BinaryIO, sink: BinaryIO) -> None:
    """Answer every job until the owner closes the pipe. `limits`: seconds, memory (bytes), output (characters)."""
    _confine(limits["memory"])
    _say(sink, {"ready": True})
    warm_up()
    presses: dict[str, Press] = {}
    for message in _heard(source):
        match message:
            case {"publish": str(bundle), "sources": dict(sources)}:
                presses[bundle] = Press(sources, limits["output"])
            case {"forget": str(bundle)}:
                presses.pop(bundle, None)
            case {"render": str(bundle), **job}:
                _say(sink, _answer(presses[bundle], job, limits["seconds"]))


def _confine(memory: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner, who then closes the pipe
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _heard(source: BinaryIO) -> Iterator[dict[str, Any]]:
    while len(head := source.read(LENGTH.size)) == LENGTH.size:
        body = source.read(*LENGTH.unpack(head))
        yield unpack(body)


def _say(sink: BinaryIO, message: dict[str, Any]) -> None:
    sink.write(pack(message))
    sink.flush()


def _answer(press: Press, job: dict[str, Any], seconds: float) -> dict[str, Any]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + seconds) + 2  # the limit counts the process's whole life
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        parts = press.render(job["channel"], job["name"], job["locale"], job["context"], job["phrases"])
        return {"rendered": parts}
    except HoleFound as hole:
        return {"missing": _path(job["context"], hole), "place": _place(hole)}
    except NotThere as error:
        return {"fault": str(error)}
    except Exception as error:
        place = _place(error) or f"{job['channel']}/{job['name']}"
        return {"fault": f"{place}: {_what(error)}"}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _what(error: Exception) -> str:
    match error:
        case MemoryError():
            return "needs more memory than a message may; make it smaller"
        case RecursionError():
            return "includes or calls itself without end; break the circle"
        case TemplateProblem():
            return error.what
    said = (str(error) or type(error).__name__).rstrip(".")
    return said if ";" in said else f"{said}; correct the template"


def _place(error: Exception) -> str:
    """Return `path:line` of the innermost line of a template that the error passed through, or nothing."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.name}:{error.lineno}"
    place = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            place = f"{template.name}:{template.get_corresponding_lineno(trace.tb_lineno)}"
        trace = trace.tb_next
    return place


def _path(context: dict[str, Any], hole: HoleFound) -> str:
    """Return the dotted path of what was missing; the record it was looked for in is found by identity."""
    waiting: list[tuple[str, Any]] = [("", context)]
    while waiting and hole.owner is not None:
        path, value = waiting.pop()
        if value is hole.owner:
            return f"{path}.{hole.name}".lstrip(".")
        if isinstance(value, dict):
            waiting += [(f"{path}.{key}", below) for key, below in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}[{number}]", below) for number, below in enumerate(value)]
    return hole.name


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)
