"""Random companies' days: sequences, contacts and what they do, as authors and people might have made them.

Everything comes from one `random.Random`, so that a seed is a corpus: the same on every machine, for the suite that
simulates it and for the one that runs it on Temporal and compares. Instants of events have 17 odd seconds, so that
they do not fall on those of waits, where the order of two things at one instant would decide.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple

from domain.holds import PAUSE, RESUME
from domain.simulation import Scripted
from tests.domain.kit import MONDAY, POLICIES

SEQUENCE = "story"
DEEPEST = 3
MAILS = ("one", "two", "three", "about-vip")
SPANS = ("20 minutes", "3 hours", "1 day", "1 week", "4 business hours", "2 business days")
LIMITS = (*SPANS * 3, "forever")
HOURS = ("2 days at 09:00", "3 business days at 11:00", "3 weeks at 07:15", "until 18:30", "until monday at 08:00")
WAITS = (*SPANS, *HOURS, "1 month", "PT90M", "P1DT2H")
CONDITIONS = (
    "contact.score >= 20",
    "'engaged' in contact.tags",
    "has(contact.vip)",
    "contact.country in ['DE', 'AT']",
    "did('purchased')",
    "did('purchased', 3)",
    "count('clicked', 30) > 1",
    "run.event.plan == 'pro'",
    "contact.score < 15 || contact.stage == 'trial'",
)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Auckland", "Atlantis/Sea")


class Case(NamedTuple):
    """One contact in one sequence: all files of the home, the contact, and what happens after the entry at MONDAY."""

    files: dict[str, str]
    contact: dict[str, Any]
    events: list[Scripted]


def corpus(seed: int, n: int) -> list[Case]:
    """Return `n` cases, the same for the same seed. Each enters at `kit.MONDAY` by the form `demo-request`."""
    random = Random(seed)
    return [a_case(Random(random.getrandbits(64))) for _ in range(n)]


def a_case(random: Random) -> Case:
    """Return one case made of `random`'s choices."""
    author = _Author(random)
    sequence = author.sequence()
    files = {**POLICIES, **TEMPLATE_FILES, f"sequences/{SEQUENCE}.yaml": as_yaml(sequence)}
    return Case(files, _contact(random), _events(random, author.sends))


def template(class_: str, words: str) -> str:
    """Return a template's file."""
    blocks = f"{{% block subject %}}{words}{{% endblock %}}\n{{% block html %}}<p>{words}</p>{{% endblock %}}\n"
    return f"---\nclass: {class_}\n---\n{blocks}"


TEMPLATE_FILES = {
    "templates/email/mail/one.html": template("marketing", "The first thing"),
    "templates/email/mail/two.html": template("marketing", "The second thing"),
    "templates/email/mail/three.html": template("service", "The third thing"),
    "templates/email/mail/about-vip.html": template("marketing", "For {{ contact.vip }}"),
}


class _Author:
    """Writes one sequence, remembering all sends, and which of them some have had who are here."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.sends: list[str] = []
        self.here: list[str] = []
        self.steps = 0

    def sequence(self) -> dict[str, Any]:
        random = self.random
        made: dict[str, Any] = {
            "topic": "product-news",
            "calendar": "office-hours",
            "enter": {"on": [{"form": "demo-request"}], "again": "always"},
        }
        if random.random() < 0.4:
            made["window"] = random.choice(["office-hours", "daytime"])
        if random.random() < 0.5:
            made["time_zone"] = random.choice(ZONES[:5])
        if random.random() < 0.5:
            where = {"where": "event.email == contact.email"} if random.random() < 0.5 else {}
            made["goal"] = {"event": "meeting_booked", **where}
        if random.random() < 0.5:
            made["exit"] = [{"event": "trial_cancelled"}, {"when": "contact.stage == 'customer'"}]
        if random.random() < 0.2:
            made["on_unsubscribe"] = "stay"
        return made | {"steps": self.block(1)}

    def block(self, depth: int, *, may_end: bool = False) -> list[dict[str, Any]]:
        """Return steps; only where others lead past them may they end the run."""
        most = 6 if depth == 1 else 3
        steps = [self.step(depth) for _ in range(self.random.randint(1 if depth == 1 else 0, most))]
        if may_end and self.random.random() < 0.25:
            steps.append({"exit": self.random.choice(["met", "not-now"])})
        return steps

    def blocks(self, depth: int, *may_end: bool) -> list[list[dict[str, Any]]]:
        """Return blocks side by side: what is sent in one, nobody in another has had."""
        before, behind, made = list(self.here), list(self.here), []
        for each in may_end:
            self.here = list(before)
            made.append(self.block(depth, may_end=each))
            if not made[-1] or "exit" not in made[-1][-1] or "when" in made[-1][-1]:
                behind += self.here[len(before) :]
        self.here = behind
        return made

    def step(self, depth: int) -> dict[str, Any]:
        self.steps += 1
        kinds = [self.send, self.send, self.wait, self.wait, self.update, self.leave]
        if depth < DEEPEST:
            kinds += [lambda: self.wait_for(depth), lambda: self.branch(depth)] * 2
        made = self.random.choice(kinds)()
        if self.random.random() < 0.15:
            made.setdefault("when", self.random.choice(CONDITIONS))
        return made

    def send(self) -> dict[str, Any]:
        random = self.random
        made = {"send": f"mail/{random.choice(MAILS)}", "id": f"mail-{self.steps}"}
        if random.random() < 0.3:
            made["window"] = random.choice(["none", "daytime", "office-hours"])
        if random.random() < 0.3:
            made["expires"] = random.choice(["90 minutes", "1 day", "2 days"])
        self.sends.append(made["id"])
        self.here.append(made["id"])
        return made

    def wait(self) -> dict[str, Any]:
        if self.random.random() < 0.15:
            moment = f"until contact.renewal_date {self.random.choice(['- 3 days', '+ 1 week'])} at 09:00"
            # Only whom the date is known of waits for it: without one the run is parked.
            return {"wait": moment, "if_past": self.past(), "when": "has(contact.renewal_date)"}
        return {"wait": self.random.choice(WAITS)}

    def past(self) -> str:
        return self.random.choice(["continue", "skip", "exit"])

    def update(self) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        for name, value in (
            ("score", self.random.choice(["+5", "-5", "+30", {"set": "7"}])),
            ("tags", self.random.choice([["+engaged"], ["-engaged", "+cold"]])),
            ("stage", self.random.choice(["trial", "lead"])),
            ("vip", "yes"),
        ):
            if not changes or self.random.random() < 0.3:
                changes[name] = value
        return {"update": changes}

    def leave(self) -> dict[str, Any]:
        return {"exit": "not-now", "when": self.random.choice(CONDITIONS)}

    def wait_for(self, depth: int) -> dict[str, Any]:
        random = self.random
        made: dict[str, Any] = {"up_to": random.choice(LIMITS)}
        choice = random.random()
        if self.here and choice < 0.6:
            made |= {"wait_for": random.choice(["clicked", ["clicked", "replied"]]), "of": random.choice(self.here)}
        elif choice < 0.8:
            made |= {"wait_for": "purchased", "where": "event.amount > 50"}
        else:
            made |= {"wait_for": {"form": "demo-request"}}
        if random.random() < 0.4:
            made["since"] = random.choice(["now", "entry", "2 days", *self.here])
        made["then"], made["otherwise"] = self.blocks(depth + 1, made["up_to"] != "forever", False)
        return made

    def branch(self, depth: int) -> dict[str, Any]:
        random = self.random
        asked = [f"{function}('{send}')" for send in self.here for function in ("clicked", "sent")]
        chosen = random.sample([*CONDITIONS, *asked], random.randint(1, 3))
        last = [False] if random.random() < 0.5 else []
        blocks = self.blocks(depth + 1, *[True for _ in chosen], *last)
        arms = [{"when": when, "steps": steps} for when, steps in zip(chosen, blocks, strict=False)]
        return {"branch": [*arms, *({"otherwise": steps} for steps in blocks[len(chosen) :])]}


def _contact(random: Random) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": "c1",
        "email": "ada@joinery.example",
        "first_name": "Ada",
        "country": random.choice(["DE", "AT", "US", "GB"]),
        "time_zone": random.choice(ZONES),
        "score": random.choice([0, 12, 25]),
        "tags": random.choice([[], ["engaged"], ["cold", "vip"]]),
        "stage": "lead",
        "consents": {"product-news": "opted_in"},
    }
    if random.random() < 0.5:
        made["renewal_date"] = (date(2026, 2, 20) + timedelta(days=random.randint(0, 60))).isoformat()
    if random.random() < 0.3:
        made["vip"] = True
    return made


def _events(random: Random, sends: Sequence[str]) -> list[Scripted]:
    made = []
    for _ in range(random.randint(0, 14)):
        # Days are more likely to be early ones: that is when a sequence still runs.
        minutes = int(60 * 24 * 45 * random.random() ** 4)
        name, of, data = _happening(random, sends)
        made.append(Scripted(at=MONDAY + timedelta(minutes=minutes, seconds=17), event=name, of=of, data=data))
    return sorted([*made, *_pauses(random)], key=lambda event: event.at)


def _pauses(random: Random) -> Iterator[Scripted]:
    """Yield a pause now and then, with an end of its own or one that somebody makes."""
    if random.random() < 0.3:
        begins = MONDAY + timedelta(minutes=int(60 * 24 * 10 * random.random() ** 2), seconds=23)
        ends = begins + timedelta(minutes=random.randint(1, 60 * 24 * 6))
        if random.random() < 0.5:
            yield Scripted(begins, PAUSE, until=ends)
        else:
            yield Scripted(begins, PAUSE)
            yield Scripted(ends, RESUME)


def _happening(random: Random, sends: Sequence[str]) -> tuple[str, str | None, dict[str, Any]]:
    of = random.choice(sends) if sends else None
    choices: list[tuple[str, str | None, dict[str, Any]]] = [
        ("purchased", None, {"amount": random.choice([20, 80]), "order_id": f"o-{random.randint(1, 9)}"}),
        ("form_submitted", None, {"form": "demo-request", "plan": random.choice(["pro", "free"])}),
        ("meeting_booked", None, {"email": random.choice(["ada@joinery.example", "bob@other.example"])}),
        ("trial_cancelled", None, {}),
        ("set", None, {"score": random.choice([5, 40])}),
        ("set", None, {"stage": random.choice(["trial", "customer"])}),
        ("set", None, {"vip": True}),
        ("set", None, {"time_zone": random.choice(ZONES)}),
        ("unsubscribed", None, {"topic": random.choice(["product-news", "service", "*"])}),
        ("complained", of, {}),
    ]
    if of is not None:
        by = random.choice(["human", "human", "machine"])
        choices += [("clicked", of, {"by": by}), ("opened", of, {"by": by}), ("replied", of, {})] * 4
    return random.choice(choices)


def as_yaml(value: dict[str, Any], indent: int = 0) -> str:
    """Return a sequence as its author would have written it."""
    return "\n".join(_lines(value, indent)) + "\n"


def _lines(value: Any, indent: int) -> Iterator[str]:
    pad = " " * indent
    if isinstance(value, dict):
        for key, each in value.items():
            if isinstance(each, dict | list) and each:
                yield f"{pad}{key}:"
                yield from _lines(each, indent + 2)
            else:
                yield f"{pad}{key}: {_scalar(each)}"
    else:
        for each in value:
            if isinstance(each, dict | list):
                first, *others = _lines(each, indent + 2)
                yield f"{pad}- {first.lstrip()}"
                yield from others
            else:
                yield f"{pad}- {_scalar(each)}"


def _scalar(value: Any) -> str:
    return json.dumps(value)
