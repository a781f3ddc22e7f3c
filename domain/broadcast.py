"""A broadcast: one message to everybody in a segment, as a program that people enter like any other.

So everything that is true of a sequence is true of it: the gate, the ledger, `why`, pauses, reports. The program has
one `send`, or two arms where two messages are compared; who gets which is drawn by lot when the audience is taken down,
and travels with the contact as `run.event.arm`.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from domain.lots import drawn
from domain.standing import EMAIL

PREFIX = "broadcast-"
# The steps that send: of the one message, or of two that are compared.
STEP, ARMS = "message", ("a", "b")
# The step at which each waits for their own hour.
OWN_CLOCK = "own-clock"
# 09:00 comes to the first contacts, east of the date line, fourteen hours before it comes to UTC.
EASTERNMOST = timedelta(hours=14)
# A share is kept in millionths.
WHOLE = 1_000_000

# scheduled → snapshotting → sending (→ comparing → sending) → finishing → done; `stopping` → stopped from any of them.
State = Literal["scheduled", "snapshotting", "sending", "comparing", "finishing", "done", "stopping", "stopped"]
OVER = frozenset({"done", "stopped"})
# What became of a member; `waiting` has not been let in yet.
Fate = Literal["waiting", "entered", "refused", "gone", "left_out"]


class Announcement(BaseModel):
    """What is sent to whom, as it was asked for. `own_clock` is a day and hour on each contact's own clock."""

    model_config = ConfigDict(frozen=True)

    name: str
    template: str
    channel: str = EMAIL
    other: str | None = None
    topic: str | None = None
    goal: str | None = None
    own_clock: datetime | None = None
    within: str | None = None
    again: Literal["never", "always"] = "never"

    @property
    def sequence(self) -> str:
        """The name of the program."""
        return PREFIX + self.name


def slug(words: str) -> str:
    """Return words as a name of small letters, digits and `-`.

    >>> slug("Spring sale, 2026!"), slug("news/march")
    ('spring-sale-2026', 'news-march')
    """
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:48].strip("-")


def as_file(announced: Announcement) -> str:
    """Return the program as the file of a sequence, which the loader compiles and checks like any other.

    >>> json.loads(as_file(Announcement(name="sale", template="news/sale")))["steps"]
    [{'send': 'news/sale', 'id': 'message'}]
    """
    return json.dumps(_tree(announced), indent=1)


def _tree(announced: Announcement) -> Mapping[str, Any]:
    tree: dict[str, Any] = {"description": f"Broadcast {announced.name}", "enter": {"again": announced.again}}
    if announced.topic is not None:
        tree["topic"] = announced.topic
    if announced.goal is not None:
        tree["goal"] = {"event": announced.goal} | ({"within": announced.within} if announced.within else {})
    steps: list[dict[str, Any]] = []
    if announced.own_clock is not None:
        at = announced.own_clock
        steps.append({"wait": f"until {at:%Y-%m-%d} at {at:%H:%M}", "if_past": "continue", "id": OWN_CLOCK})
    return tree | {"steps": [*steps, _sends(announced)]}


def _sends(announced: Announcement) -> dict[str, Any]:
    about = {"topic": announced.topic} if announced.topic is not None else {}
    about |= {"channel": announced.channel} if announced.channel != EMAIL else {}
    if announced.other is None:
        return {"send": announced.template, "id": STEP, **about}
    first, second = ARMS
    return {
        "id": "arms",
        "branch": [
            {"when": f"run.event.arm == '{second}'", "steps": [{"send": announced.other, "id": second, **about}]},
            {"otherwise": [{"send": announced.template, "id": first, **about}]},
        ],
    }


def begins_at(at: datetime | None, own_clock: datetime | None) -> datetime | None:
    """Return when the audience is taken down and the first are let in; None: at once.

    On the contacts' own clocks that is early enough for the easternmost; each waits for their own hour then.
    """
    return own_clock - EASTERNMOST if own_clock is not None else at


def arm_of(name: str, contact: str, share: float) -> str | None:
    """Return the arm that a contact draws when `share` of all compare two messages; None for the rest.

    >>> {arm_of("sale", str(number), 1.0) for number in range(50)} == {"a", "b"}
    True
    """
    compared = round(share * WHOLE)
    lot = drawn(f"{PREFIX}{name}", contact, [compared, compared, 2 * (WHOLE - compared)])
    return ARMS[lot] if lot < len(ARMS) else None


def read_share(words: str) -> float:
    """Return a percentage as a number above 0 and up to 1. Raises ValueError.

    >>> read_share("20%")
    0.2
    """
    found = re.fullmatch(r"\s*(\d{1,3}(?:\.\d{1,4})?)\s*%\s*", words)
    share = float(found[1]) / 100 if found else 0.0
    if not 0 < share <= 1:
        raise ValueError(f"'{words[:60]}' is no share; write a percentage above 0% and up to 100%, such as 20%")
    return share
