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

from domain.cases import CLOSED, OPENED
from domain.holds import PAUSE, RESUME
from domain.imagining import CALLED
from domain.simulation import Scripted
from tests.domain.kit import MONDAY, POLICIES

SEQUENCE, OTHER = "story", "other"
# Where `call` steps lead; whoever lives the corpus puts a real address here.
HOOK = "http://127.0.0.1:9/hook"
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
OUTCOMES = ("booked", "no_answer")
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
    files = {**POLICIES, **MORE_POLICIES, **TEMPLATE_FILES, f"sequences/{OTHER}.yaml": OTHER_SEQUENCE}
    files[f"sequences/{SEQUENCE}.yaml"] = as_yaml(sequence)
    return Case(
        files, _contact(random), [*_events(random, author.sends, author.tasks), *_answers(random, author.calls)]
    )


def template(class_: str, words: str) -> str:
    """Return a template's file."""
    blocks = f"{{% block subject %}}{words}{{% endblock %}}\n{{% block html %}}<p>{words}</p>{{% endblock %}}\n"
    return f"---\nclass: {class_}\n---\n{blocks}"


TEMPLATE_FILES = {
    "templates/email/mail/one.html": template("marketing", "The first thing"),
    "templates/email/mail/two.html": template("marketing", "The second thing"),
    "templates/email/mail/three.html": template("service", "The third thing"),
    "templates/staff/keen.html": template("transactional", "{{ contact.first_name }} is keen"),
    "templates/email/mail/about-vip.html": template("marketing", "For {{ contact.vip }}"),
}


MORE_POLICIES = {
    "policies/teams.yaml": "teams: {sales: {label: Sales, email: sales@acme.example}}\n",
    "policies/segments.yaml": """
segments:
  keen: {when: contact.score >= 20}
  cold: {when: "'cold' in contact.tags"}
""",
}
OTHER_SEQUENCE = "enter: {again: always}\nsteps: [{wait: 300 days}]\n"


class _Author:
    """Writes one sequence, remembering all sends, which of them some have had who are here, tasks and calls."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.sends: list[str] = []
        self.here: list[str] = []
        self.tasks: list[str] = []
        self.calls: list[str] = []
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
        kinds += [self.case, self.notify, self.call, self.elsewhere]
        if depth < DEEPEST:
            kinds += [lambda: self.wait_for(depth), lambda: self.branch(depth)] * 2
            kinds += [lambda: self.task(depth), lambda: self.split(depth), lambda: self.repeat(depth)]
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

    def case(self) -> dict[str, Any]:
        # What a case is about must be the same on both sides; numbers of events are not.
        severity = self.random.choice(["S2", "S4"])
        return {"case": "{{ contact.first_name }} is not happy", "severity": severity, "incident": "run.event.plan"}

    def notify(self) -> dict[str, Any]:
        window = {"window": self.random.choice(["none", "daytime"])} if self.random.random() < 0.5 else {}
        return {"notify": "sales", "template": "staff/keen", **window}

    def call(self) -> dict[str, Any]:
        made = {"call": HOOK, "id": f"call-{self.steps}", "body": {"who": "{{ contact.email }}"}}
        if self.random.random() < 0.3:
            made["on_error"] = "exit"
        self.calls.append(str(made["id"]))
        return made | {"save_as": "credit", "up_to": "20 seconds"}

    def elsewhere(self) -> dict[str, Any]:
        return {self.random.choice(["start", "stop"]): OTHER}

    def task(self, depth: int) -> dict[str, Any]:
        random = self.random
        made: dict[str, Any] = {"task": "Call {{ contact.first_name }}", "team": "sales", "id": f"task-{self.steps}"}
        if random.random() < 0.2:
            return made | {"blocking": False}
        self.tasks.append(made["id"])
        made["up_to"] = random.choice([*SPANS, "3 days"])
        outcomes = random.sample(["booked", "timed_out", "otherwise"], random.randint(0, 3))
        blocks = self.blocks(depth + 1, *[each == "booked" for each in outcomes])
        return made | ({"outcomes": dict(zip(outcomes, blocks, strict=True))} if outcomes else {})

    def split(self, depth: int) -> dict[str, Any]:
        shares = [self.random.randint(1, 4) for _ in range(self.random.randint(2, 3))]
        blocks = self.blocks(depth + 1, *[False for _ in shares])
        pairs = enumerate(zip(shares, blocks, strict=True))
        arms = [{"name": f"arm-{number}", "share": share, "steps": steps} for number, (share, steps) in pairs]
        return {"split": {"arms": arms}}

    def repeat(self, depth: int) -> dict[str, Any]:
        (steps,) = self.blocks(depth + 1, False)
        until = {"until": self.random.choice(CONDITIONS)} if self.random.random() < 0.6 else {}
        return {"repeat": {"times": self.random.randint(2, 3), **until, "steps": steps or [self.wait()]}}

    def wait_for(self, depth: int) -> dict[str, Any]:
        random = self.random
        made: dict[str, Any] = {"up_to": random.choice(LIMITS)}
        choice = random.random()
        if self.here and choice < 0.6:
            made |= {"wait_for": random.choice(["clicked", ["clicked", "replied"]]), "of": random.choice(self.here)}
        elif choice < 0.7:
            made |= {"wait_for": "purchased", "where": "event.amount > 50"}
        elif choice < 0.85:
            # Only what the record says: what passes with time is looked at by nobody while nothing happens.
            lasting = {
                "when": self.random.choice(["contact.score >= 20", "contact.stage == 'trial'", "has(contact.vip)"])
            }
            made["wait_for"] = self.random.choice([lasting, {"segment": "keen"}, {"segment": "cold"}])
        else:
            made |= {"wait_for": {"form": "demo-request"}}
        if random.random() < 0.4 and not isinstance(made["wait_for"], dict):
            made["since"] = random.choice(["now", "entry", "2 days", *self.here])
        made["then"], made["otherwise"] = self.blocks(depth + 1, made["up_to"] != "forever", False)
        return made

    def branch(self, depth: int) -> dict[str, Any]:
        random = self.random
        asked = [f"{function}('{send}')" for send in self.here for function in ("clicked", "sent")]
        asked += ["calls.credit.points > 2", "has(calls.credit)"] if self.calls else []
        chosen = random.sample([*CONDITIONS, "in_segment('keen')", *asked], random.randint(1, 3))
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


def _answers(random: Random, calls: Sequence[str]) -> Iterator[Scripted]:
    """Yield what another system answers to each call, as a script says it."""
    for each in calls:
        data = {"failed": "404: answered no"} if random.random() < 0.3 else {"points": random.randint(0, 5)}
        yield Scripted(at=MONDAY, event=CALLED, of=each, data=data)


def _events(random: Random, sends: Sequence[str], tasks: Sequence[str]) -> list[Scripted]:
    made = []
    for _ in range(random.randint(0, 14)):
        # Days are more likely to be early ones: that is when a sequence still runs.
        minutes = int(60 * 24 * 45 * random.random() ** 4)
        name, of, data = _happening(random, sends, tasks)
        made.append(Scripted(at=MONDAY + timedelta(minutes=minutes, seconds=17), event=name, of=of, data=data))
    return sorted([*made, *_pauses(random), *_cases(random)], key=lambda event: event.at)


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


def _cases(random: Random) -> Iterator[Scripted]:
    """Yield a case now and then, told by another system; it is closed some time, or it is not, or it comes back."""
    if random.random() < 0.35:
        opened = MONDAY + timedelta(minutes=int(60 * 24 * 10 * random.random() ** 2), seconds=41)
        closed = opened + timedelta(minutes=random.randint(1, 60 * 24 * 20))
        told = {"case": "c-9", "severity": random.choice(["S1", "S3"])}
        yield Scripted(opened, OPENED, data=told)
        if random.random() < 0.85:
            yield Scripted(closed, CLOSED, data={"case": "c-9", "outcome": "refunded"})
        if random.random() < 0.3:
            yield Scripted(closed + timedelta(minutes=random.randint(1, 60 * 24)), OPENED, data={"case": "c-10"})


def _happening(random: Random, sends: Sequence[str], tasks: Sequence[str]) -> tuple[str, str | None, dict[str, Any]]:
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
    if tasks:
        outcome = {"outcome": random.choice(OUTCOMES)}
        choices += [("task_completed", random.choice(tasks), outcome)] * 6
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
