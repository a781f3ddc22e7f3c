"""`make demo`: the main job, live, on embedded parts, in a minute. `--exit` stops at the end: 0 iff all was seen.

Everything is real (Temporal's server, SQLite, SMTP, HTTP) and on free ports of this machine; its state lies in a
folder of its own that goes with it. However it ends, nothing goes on running.
"""

import argparse
import contextlib
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from types import FrameType

from pydantic import SecretStr

from records.session import Database
from settings import Settings, SettingsError
from starter.cli_result import OutOfReach, ProblemsFound
from starter.demo_cast import cast
from starter.demo_show import Stage
from starter.demo_story import play
from starter.demo_world import Unseen, World
from starter.parts import PROJECT, UpError
from starter.up import Stack

SEEN, MISSED, OUT_OF_REACH = 0, 1, 3
LINES_OF_A_LOG = 15


class Stopped(BaseException):
    """A signal asked the demo to stop. Not an error: nothing may catch it on the way out."""


def demo_settings(state: Path, secret: str) -> Settings:
    """Return settings that take nothing from the environment: this checkout's files, free ports, a state of its own."""
    return Settings(
        home=PROJECT,
        state=state,
        web_port=0,
        temporal_port=0,
        temporal_ui_port=0,
        mailbox_smtp_port=0,
        mailbox_http_port=0,
        inbound_smtp_port=0,
        events_key=SecretStr(secrets.token_hex(16)),
        form_secrets={"typeform": (SecretStr(secret),), "json": (SecretStr(secret),)},
    )


def run(stage: Stage, *, stay: bool) -> int:
    """Run the stack, show everything, stay if asked; return the exit status."""
    secret = secrets.token_hex(16)
    with own_folder() as state:
        began = time.monotonic()
        stage.chapter("Rapport, live: nothing leaves this machine")
        stage.say("Starting Temporal's server, a mail server, the worker and the web process …")
        lines: list[str] = []
        with Stack(demo_settings(state, secret), say=lines.append) as stack:
            for line in lines:
                stage.say(line, "dim")
            stage.seen(f"ready in {time.monotonic() - began:.0f} s, with an empty database; state in {state}")
            status = _show(stage, stack, secret)
            if stay:
                with contextlib.suppress(Stopped):  # from the moment that it is said
                    stage.say("It stays up for you to look around. Ctrl-C ends it, and removes its state.")
                    stack.wait()
                stage.say("Stopping …")
        return status


def _show(stage: Stage, stack: Stack, secret: str) -> int:
    database = Database(stack.settings.database_url)
    world = World(stack.settings, stack.addresses, database)
    people = cast(datetime.now(UTC), secret)
    try:
        return verdict(stage, stack.settings.state / "logs", lambda: play(stage, world, people))
    finally:
        database.close()


def verdict(stage: Stage, logs: Path, show: Callable[[], None]) -> int:
    """Show everything, and return the status: 0 when all was seen, else 1, with what was not and the logs' ends."""
    began = time.monotonic()
    try:
        show()
    except (Unseen, ProblemsFound, OutOfReach) as problem:
        stage.console.print()
        stage.missed(f"not seen: {problem}")
        _say_logs(stage, logs)
        return MISSED
    stage.chapter("Done")
    took = f"{time.monotonic() - began:.0f} s"
    stage.say(f"All {stage.seen_so_far} things this demo asserts were seen, in {took}.", "bold green")
    return SEEN


def _say_logs(stage: Stage, logs: Path) -> None:
    """Show the last lines of the logs: they go with the state."""
    for part in ("worker", "web"):
        log = logs / f"{part}.log"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
        stage.say(f"the end of {log.name}:", "dim")
        for line in lines[-LINES_OF_A_LOG:]:
            stage.say(line, "dim")


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """Yield a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rapport-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raise `Stopped` at the first SIGINT, SIGTERM or SIGHUP; further ones are ignored, lest they break the way out."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # it is ignored under nohup, and stays so
        numbers.append(signal.SIGHUP)

    def stop(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return 0 when all was seen, 1 when not, 3 when the parts cannot run, 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="make demo", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--exit", action="store_true", help="stop at the end, instead of staying up until Ctrl-C")
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows ASCII only shows the rest all the same
    stage = Stage()
    status = 130
    try:
        with stopped_by_signals():
            status = run(stage, stay=not options.exit)
    except Stopped:
        stage.say("Stopped; nothing goes on running, and its state is removed.")
    except (UpError, SettingsError) as error:
        stage.missed(str(error))
        status = OUT_OF_REACH
    return status


if __name__ == "__main__":
    sys.exit(main())
