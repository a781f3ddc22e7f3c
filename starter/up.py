"""`rapport up`: runs the parts, brings back those that die, and takes everything down again in order.

Nothing is started unless everything can be: the state is locked and all ports are looked at first. `Stack` is the same
for tests and the demo, which may also kill and restart parts.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from settings import PREFIX, Settings, SettingsError, load, signing_key, temporal_config
from starter.cli_streams import OF_PLACES
from starter.going_live import warnings
from starter.guardian import Guardian
from starter.keeper import Keeper, Patience, Say
from starter.lock import locked
from starter.parts import (
    Part,
    UpError,
    child_environment,
    parts_of,
    taken_ports,
    with_free_ports,
)

OUT_OF_REACH = 3


def say_to_operator(line: str) -> None:
    """Write a line on stderr."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def prepare(settings: Settings) -> list[str]:
    """Bring the databases up to date and publish what changed in the home; return what there is to say about it."""
    # Here, not above: the parts that need neither must start without them, and `up --help` at once.
    from sqlalchemy.exc import SQLAlchemyError

    from records.migrate import migrate_inbox, migrate_main
    from starter.publish import publish_home

    signing_key(settings)  # made now, or missed now, rather than by each part
    try:
        migrate_main(settings.database_url)
        migrate_inbox(settings.inbox_url)
        return publish_home(settings)
    except (SQLAlchemyError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise UpError(f"database: cannot be used ({reason}); look at {PREFIX}DATABASE_URL") from error


def _made(folder: Path) -> None:
    """Make a folder of the state, where mail, contacts and keys lie. Raises `UpError` where that cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        what = f"{folder} cannot be made ({error.strerror}); give a folder that can be written to"
        raise UpError(f"{PREFIX}STATE: {what}") from None


class Stack:
    """The running parts, as a context: ready inside, gone outside.

    `only` names parts (default: all that the settings do not replace); `parts` gives others in their place, and then
    nothing is prepared. `own_cluster` says that TEMPORAL_… names a cluster to use. Ports of 0 become free ones:
    `stack.settings` has them. Entering raises `UpError` or `SettingsError`, with nothing left running.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        only: Collection[str] = (),
        parts: Sequence[Part] | None = None,
        own_cluster: bool = False,
        environ: Mapping[str, str] | None = None,
        say: Say = say_to_operator,
        patience: Patience | None = None,
    ) -> None:
        self.settings = with_free_ports(settings)
        self._prepares = parts is None
        self.parts = parts_of(self.settings, own_cluster=own_cluster, only=only) if parts is None else tuple(parts)
        self._environment = child_environment(
            self.settings, own_cluster=own_cluster, environ=os.environ if environ is None else environ
        )
        self._say = say
        self._patience = patience or Patience()
        self._keepers: dict[str, Keeper] = {}
        self._asked_to_stop = False
        self._undo = contextlib.ExitStack()

    @property
    def addresses(self) -> dict[str, str]:
        """Where people and programs find the parts: `web`, `temporal`, `temporal ui`, `mail`, `mail smtp`,
        `inbound smtp`, `inbound lmtp`."""
        return {name: address for part in self.parts for name, address in part.addresses.items()}

    def __enter__(self) -> Self:
        with self._undo:
            self._start()
            # Reached only when all is well; otherwise what was begun is undone here.
            self._undo = self._undo.pop_all()
        return self

    def _start(self) -> None:
        for folder in (self.settings.state, self.settings.state / "logs", self.settings.state / "locks"):
            _made(folder)
        locks = [self._undo.enter_context(locked(self.settings.state, part.name)) for part in self.parts]
        if problems := taken_ports(self.parts):
            raise UpError("\n".join(problems))
        if self._prepares and {"worker", "web", "inbound"} & {part.name for part in self.parts}:
            for line in prepare(self.settings):
                self._say(line)
        guardian = Guardian(inherited=locks)
        self._undo.callback(guardian.dismiss)
        for part in self.parts:
            if not self._asked_to_stop:
                self._run(part, guardian)

    def _run(self, part: Part, guardian: Guardian) -> None:
        log = self.settings.state / "logs" / f"{part.name}.log"
        keeper = Keeper(part, self._environment, log, guardian, self._say, self._patience)
        self._keepers[part.name] = keeper
        self._undo.callback(keeper.stop)
        keeper.start()
        keeper.wait_until_ready(unless=lambda: self._asked_to_stop)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def wait(self) -> None:
        """Return when `ask_to_stop` was called. Raises `UpError` when a part had to be given up."""
        while not self._asked_to_stop:
            for keeper in self._keepers.values():
                if keeper.failure:
                    raise UpError(keeper.failure)
            time.sleep(0.1)

    def ask_to_stop(self) -> None:
        """Make `wait`, or the start, return soon. Sets one flag and no more, so a signal handler may call it."""
        self._asked_to_stop = True

    def pid(self, part: str) -> int:
        """Return the process id of a part."""
        return self._keepers[part].pid

    def kill(self, part: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a part, by default the one that it cannot catch. It comes back: `wait_until_ready`."""
        self._keepers[part].kill(number)

    def restart(self, part: str) -> None:
        """Stop a part as at the end, start it again, and return when it is ready."""
        self._keepers[part].restart()
        self.wait_until_ready(part)

    def wait_until_ready(self, part: str, within: float | None = None) -> None:
        """Return when a part is ready (again). Raises `UpError` when it is not `within` seconds."""
        self._keepers[part].wait_until_ready(within)


def up(settings: Settings, *, only: Collection[str] = (), own_cluster: bool = False) -> int:
    """Run the parts until SIGINT, SIGTERM or SIGHUP, and return the exit status: 0, or 3 when they cannot run.

    Addresses go to stdout, everything that happens to stderr.
    """
    try:
        stack = Stack(settings, only=only, own_cluster=own_cluster)
        with _stopped_by_signals(stack.ask_to_stop), stack:
            for name, address in stack.addresses.items():
                sys.stdout.write(f"{name:12} {address}\n")
            sys.stdout.write(f"{'state':12} {stack.settings.state}\n")
            sys.stdout.flush()
            stack.wait()
            say_to_operator("stopping")
    except (UpError, SettingsError) as error:
        say_to_operator(str(error))
        return OUT_OF_REACH
    except OSError as error:
        if error.errno not in OF_PLACES:
            raise
        what = f"{error.filename or settings.state} cannot be written ({error.strerror}); give it room or another place"
        say_to_operator(f"{PREFIX}STATE: {what}")
        return OUT_OF_REACH
    return 0


@contextlib.contextmanager
def _stopped_by_signals(ask_to_stop: Callable[[], None]) -> Iterator[None]:
    def asked(number: int, frame: FrameType | None) -> None:
        ask_to_stop()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # it is ignored under nohup, and stays so
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, asked) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def up_from_environment(only: Collection[str] = ()) -> int:
    """`up` with the settings of the environment; what is wrong there is said, and the status is 3."""
    try:
        settings = load()
        for line in warnings(settings):
            say_to_operator(line)
        return up(settings, only=only, own_cluster=temporal_config() is not None)
    except SettingsError as error:
        say_to_operator(str(error))
        return OUT_OF_REACH
