"""Which contacts go through a sequence alike: those who agree in everything that a simulation can read of them.

A forecast of a hundred thousand people need not walk the same way a hundred thousand times. What may be read is found
in the sequence itself, rather too much than too little; where that cannot be told, nobody is like anybody else. Of a
field that only conditions read, not its value counts but what they make of it: 61 and 95 are alike under `>= 60`.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.events import CONTACT_FIELDS, SEGMENT_ENTERED
from domain.forecast import Outline
from domain.likeness_fields import Looked, looked_at
from domain.lots import PLACES, drawn, place, who
from domain.needs import Draw
from domain.policies import Policies
from domain.program import Program
from domain.zones import zone_of


class Likeness:
    """Tells who goes through a program alike, under these policies, as long as they do nothing.

    `happening` are the events that happen to everybody, `set_by_events` the fields that are changed for everybody;
    `rendered` the fields that messages name, None for any.
    """

    def __init__(
        self,
        program: Program,
        policies: Policies,
        happening: Iterable[str] = (),
        set_by_events: Iterable[str] = (),
        rendered: frozenset[str] | None = None,
    ) -> None:
        self.program, self.rendered = program, rendered
        self.organisation = policies.messaging.organisation.time_zone
        names = frozenset({*happening, SEGMENT_ENTERED, *(each.name or "" for each in program.enter)})
        self.looked: Looked | None = looked_at(program, policies, names, frozenset(set_by_events))
        self.lots = list(_lots(program))
        self.holdout = policies.messaging.holdout

    def key(self, contact: Mapping[str, Any]) -> Hashable | None:
        """Return what all who go the same way have in common; None where nobody can tell."""
        if self.looked is None:
            return None
        name = who(contact)
        return (
            zone_of(contact, self.program.time_zone, self.organisation).name,
            self.looked.found(contact),
            filled_in(contact, self.rendered),
            contact.get("language"),
            tuple(sorted((contact.get("consents") or {}).items())),
            tuple(drawn(salt, name, shares) for salt, shares in self.lots),
            self._held_out(name),
        )

    def _held_out(self, name: str) -> tuple[bool, bool]:
        """Return whether they are held out of the sequence, and of all marketing."""
        salt = self.program.holdout_salt or self.program.sequence
        everywhere = self.holdout is not None and place(self.holdout.salt, name) < self.holdout.part * PLACES
        return self.program.holdout > 0 and place(salt, name) < self.program.holdout * PLACES, everywhere


def filled_in(contact: Mapping[str, Any], fields: frozenset[str] | None) -> frozenset[str]:
    """Return which of these fields (None: of all) have a value, and whether there is an address to write to.

    >>> sorted(filled_in({"email": "a@b.example", "phone": None, "city": "Bonn"}, frozenset({"phone"})))
    ['email']
    """
    names = contact.keys() if fields is None else (*fields, "email")
    return frozenset([name for name in names if contact.get(name) not in (None, "")])


@dataclass
class Told:
    """The story of those who went the same way, and how many they are."""

    story: Outline
    times: int = 1


@dataclass
class Fork:
    """Here a message of this step is sent, and what follows depends on what a contact does with it."""

    step: str
    ways: dict[Hashable, "Fork | Told"] = field(default_factory=dict)


Draws = Callable[[str], Hashable]
"""What one contact does with the messages of a step."""


class Remembered:
    """The stories of those who are alike (by `Likeness.key`), and did the same with the messages they got."""

    def __init__(self) -> None:
        self.first: dict[Hashable, Fork | Told] = {}
        self.count = 0

    def find(self, key: Hashable, draws: Draws) -> Told | None:
        """Return the story of somebody who was alike and did the same; None if there was nobody."""
        place = self.first.get(key)
        while isinstance(place, Fork):
            place = place.ways.get(draws(place.step))
        return place

    def keep(self, key: Hashable, done: Iterable[tuple[str, Hashable]], story: Outline) -> None:
        """Keep the story of somebody new who got these messages, and did this with each."""
        ways, way = self.first, key
        for step, deed in done:
            place = ways.setdefault(way, Fork(step))
            assert isinstance(place, Fork), "who is alike and did the same gets the same messages"
            ways, way = place.ways, deed
        ways[way] = Told(story)
        self.count += 1

    def clear(self) -> Iterator[Told]:
        """Yield every story, and forget it."""
        places = list(self.first.values())
        self.first, self.count = {}, 0
        while places:
            place = places.pop()
            if isinstance(place, Told):
                yield place
            else:
                places += place.ways.values()


def _lots(program: Program) -> Iterator[tuple[str, tuple[int, ...]]]:
    for step in program.steps.values():
        need = step.need()
        if isinstance(need, Draw):
            yield need.salt or f"{program.sequence}/{step.id}", need.shares


def complete(contact: Mapping[str, Any]) -> dict[str, Any]:
    """Return a contact with every built-in field, in one order, so that two can be compared."""
    return {**dict.fromkeys(sorted(CONTACT_FIELDS)), **contact}
