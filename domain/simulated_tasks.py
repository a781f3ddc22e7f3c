"""The tasks of a simulated contact: what the contact does may end them, as the policy of each says.

Nobody accepts, is reminded or hops here: a simulation shows the contact's way, and only a task's end is part of that.
"""

from domain.asking import Asked
from domain.facts import Event
from domain.follow_up_policy import FollowUpsPolicy, Terms
from domain.needs import Open
from domain.script import Scripted

COMPLETED, CANCELLED = "task_completed", "task_cancelled"


class SimulatedTasks:
    """What is open, by step and visit."""

    def __init__(self, policy: FollowUpsPolicy) -> None:
        self.policy = policy
        self._open: dict[tuple[str, int], Terms] = {}

    def opened(self, need: Open, asked: Asked) -> None:
        """Remember a task that was opened."""
        self._open[asked.step, asked.visit] = self.policy.terms(need.policy)

    def told(self, event: Event | None) -> list[Scripted]:
        """Return the ends of tasks that follow from an event. What the script ends is not open any more."""
        if event is None:
            return []
        if event.name in (COMPLETED, CANCELLED):
            self._open.pop((event.step or "", event.visit or 0), None)
            return []
        ends = [end for place, terms in self._open.items() if (end := _end(place, terms, event)) is not None]
        for end in ends:
            del self._open[end.of or "", end.visit or 0]
        return ends


def _end(place: tuple[str, int], terms: Terms, event: Event) -> Scripted | None:
    move, (step, visit) = terms.on.get(event.name), place
    if move is None or move.do == "tell":
        return None
    if move.do == "cancel":
        return Scripted(event.at, CANCELLED, of=step, visit=visit)
    return Scripted(event.at, COMPLETED, of=step, data={"outcome": move.outcome or event.name}, visit=visit)
