"""`stop`: an end for another sequence of the same contact."""

from collections.abc import Iterator
from typing import ClassVar

from domain.needs import Halt
from domain.steps.base import Refers, Step


class Stop(Step):
    """The contact's runs in another sequence end as `exited:stopped`."""

    kind: ClassVar[str] = "stop"

    stop: str
    """The sequence whose runs end."""

    def need(self) -> Halt:
        return Halt(sequence=self.stop)

    def refers(self) -> Iterator[Refers]:
        yield Refers("stop", "sequence", self.stop)
