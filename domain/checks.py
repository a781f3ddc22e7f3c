"""Everything a sequence can get wrong that a single line does not show.

Names that have to exist elsewhere, conditions, steps nobody can reach, marketing without a topic. Steps say what they
refer to; which kind a step is does not matter here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from domain.conditions import Names, check, functions_used, paths
from domain.definition import Header, nearest, read_again
from domain.events import OF_A_SEND, WRITABLE_FIELDS
from domain.field_values import unfit
from domain.needs import Change, Deliver, Listen, Sleep
from domain.paths import A_YEAR, longest, onward, sends_before_a_wait
from domain.policies import Policies
from domain.program import Trigger
from domain.spans import Span
from domain.steps.base import Refers, Step, of_time
from domain.tree import Items, Keys, Problem, locate

MISSING = {
    "step": "there is no step '{}'",
    "send": "'{}' is not a step that sends",
    "event": "event '{}' is not declared in policies/events.yaml",
    "event of a message": "'{}' does not belong to a message, so it cannot be 'of' one",
    "form": "form '{}' has no file in policies/forms/",
    "topic": "topic '{}' is not in policies/messaging.yaml",
    "calendar": "calendar '{}' is not in policies/calendars.yaml",
    "sender": "sender '{}' is not in policies/messaging.yaml",
    "business calendar": "'{}' has no calendar to be counted on",
    "template": "template '{}' does not exist",
    "field": "a contact has no field '{}'",
    "own field": "'{}' is no field that can be updated",
    "number": "'{}' is no number, so nothing can be added to it (write '{{set: …}}')",
}


QUOTED = re.compile("['\"]([^'\"]*)['\"]")
DECLARED_IN = {
    "event": "events", "form": "forms", "topic": "messaging", "sender": "messaging", "calendar": "calendars",
    "field": "contact", "own field": "contact", "number": "contact",
}  # fmt: skip
"""The policy file (or folder) that declares things of this sort."""


class TemplatesKnown(Protocol):
    """What a check has to know of the templates."""

    def names(self, channel: str) -> frozenset[str]: ...

    def class_of(self, channel: str, name: str) -> str: ...

    def topic_of(self, channel: str, name: str) -> str | None: ...

    def sender_of(self, channel: str, name: str) -> str | None: ...


@dataclass
class Checking:
    """One sequence, looked at as a whole."""

    path: str
    tree: Keys
    header: Header
    flat: dict[str, Step]
    first: str | None
    lines: dict[str, Keys]
    policies: Policies
    templates: TemplatesKnown
    whole: bool = True
    """False where a step could not be read: what is said of it, or hangs on it, cannot be known."""
    doubtful: frozenset[str] = frozenset()
    """Policy files that could not be read: what they declare is not missed elsewhere, too."""
    strict: bool = True
    """False in a simulation: an event or form that is declared nowhere is a warning."""
    problems: list[Problem] = field(default_factory=list)

    def check(self) -> list[Problem]:
        """Return everything that is wrong."""
        self._check_header()
        for step in self.flat.values():
            self._check_step(step)
        if self.whole:
            self._check_reach()
            self._warn_of_time()
        return self.problems

    def is_marketing(self) -> bool:
        """A sequence is marketing if any of its templates is."""
        return any(self._class_of(need) == "marketing" for _, need in self._sends())

    def _sends(self) -> Iterator[tuple[Step, Deliver]]:
        for step in self.flat.values():
            need = step.need()
            if isinstance(need, Deliver):
                yield step, need

    def _class_of(self, need: Deliver) -> str | None:
        known = need.template in self.templates.names(need.channel)
        return self.templates.class_of(need.channel, need.template) if known else None

    def _say(self, place: Keys, key: str, what: str, *, warning: bool = False) -> None:
        where = tuple(int(part) if part.isdigit() else part for part in key.split("."))
        self.problems.append(Problem(self.path, locate(place, where), what, warning))

    @cached_property
    def _known(self) -> dict[str, frozenset[str]]:
        policies, own = self.policies, self.policies.contact.fields
        return {
            "step": frozenset(self.flat),
            "send": frozenset(step.id for step, _ in self._sends()),
            "event": frozenset(policies.event_fields()),
            "event of a message": OF_A_SEND,
            "form": frozenset(policies.forms),
            "topic": frozenset(policies.messaging.topics),
            "calendar": frozenset(policies.calendars.calendars),
            "sender": frozenset(policies.messaging.senders),
            "template": frozenset(self.templates.names("email")),
            "field": policies.contact_fields(),
            "own field": WRITABLE_FIELDS | frozenset(own),
            "number": frozenset({"score"} | {name for name, each in own.items() if each.type == "number"}),
        }

    def _check_refers(self, place: Keys, refers: Refers) -> None:
        if refers.to == "business calendar":
            self._check_counted(place, refers)
            return
        known = self._known[refers.to]
        if refers.to == "number" and refers.name not in self._known["own field"]:
            return  # that there is no such field is said already
        if refers.name in known or self._cannot_know(refers.to):
            return
        found = nearest(refers.name, known)
        if refers.to == "template":
            found = self._beside(refers.name, known) or found
        warning = not self.strict and refers.to in ("event", "form")
        self._say(place, refers.key, MISSING[refers.to].format(refers.name) + found, warning=warning)

    def _check_counted(self, place: Keys, refers: Refers) -> None:
        counted_on = self.header.calendar or self.policies.calendars.default
        if counted_on is None and "calendars" not in self.doubtful:
            remedy = "; add 'calendar:' to the sequence, or 'default:' to policies/calendars.yaml"
            self._say(place, refers.key, MISSING[refers.to].format(refers.name) + remedy)

    def _cannot_know(self, sort: str) -> bool:
        if sort in ("step", "send"):
            return not self.whole
        return DECLARED_IN.get(sort) in self.doubtful

    def _beside(self, name: str, known: frozenset[str]) -> str | None:
        folder = name.rpartition("/")[0]
        beside = sorted(each.rpartition("/")[2] for each in known if each.rpartition("/")[0] == folder)
        return f"; templates/email/{folder}/ has {', '.join(beside[:12])}" if beside else None

    def _check_header(self) -> None:
        header = self.header
        named = {"topic": header.topic, "calendar": header.calendar, "window": header.window}
        for key, name in named.items():
            if name is not None:
                self._check_refers(self.tree, Refers(key, "topic" if key == "topic" else "calendar", name))
        for key, triggers in (("enter.on", header.enter.on), ("goal", header.goal), ("exit", header.exit)):
            for number, trigger in enumerate(triggers):
                self._check_trigger(key if self._is_one(key) else f"{key}.{number}", trigger)
        if header.enter.when is not None:
            self._check_condition(self.tree, "enter.when", header.enter.when, ())
        after = read_again(header.enter.again).after
        for refers in of_time("enter.again", Span.parse(after) if after else None):
            self._check_refers(self.tree, refers)
        self._check_ends_apart()

    def _is_one(self, key: str) -> bool:
        """Whether the author wrote one trigger, not a list of them."""
        node: object = self.tree
        for part in key.split("."):
            node = node.get(part) if isinstance(node, Keys) else None
        return not isinstance(node, Items)

    def _check_ends_apart(self) -> None:
        header = self.header
        for trigger in header.exit:
            if any(_same(trigger, goal) for goal in header.goal):
                self._say(self.tree, "exit", f"'{_called(trigger)}' is both goal and exit; keep one of them")
        for trigger in header.enter.on:
            if any(_same(trigger, goal) for goal in header.goal):
                what = f"'{_called(trigger)}' starts the sequence and is its goal; check that this is meant"
                self._say(self.tree, "goal", what, warning=True)

    def _check_trigger(self, place: str, trigger: Trigger) -> None:
        if trigger.form is not None:
            self._check_refers(self.tree, Refers(f"{place}.form", "form", trigger.form))
        if trigger.event is not None:
            self._check_refers(self.tree, Refers(f"{place}.event", "event", trigger.event))
        if trigger.where is not None:
            self._check_condition(self.tree, f"{place}.where", trigger.where, (trigger,))
        if trigger.when is not None:
            self._check_condition(self.tree, f"{place}.when", trigger.when, ())

    def _check_step(self, step: Step) -> None:
        place, need = self.lines[step.id], step.need()
        for refers in step.refers():
            self._check_refers(place, refers)
        for key, source, with_event in step.conditions():
            events = _listened(need) if isinstance(need, Listen) and with_event else ()
            self._check_condition(place, key, source, events)
            if "opened" in functions_used(source):
                what = "this hangs on 'opened', which machines do too; prefer 'clicked'"
                self._say(place, key, what, warning=True)
        if isinstance(need, Deliver):
            self._check_message(place, step, need)
        if isinstance(need, Change):
            self._check_change(place, step, need)

    def _check_change(self, place: Keys, step: Step, need: Change) -> None:
        for name, value in need.set.items():
            own = self.policies.contact.fields.get(name)
            what = unfit(name, "number" if name == "score" else own.type if own else "text", value)
            if what is not None:
                self._say(place, f"{step.kind}.{name}", what)

    def _check_message(self, place: Keys, step: Step, need: Deliver) -> None:
        class_ = self._class_of(need)
        if class_ is None:
            return  # the missing template is said already
        sender = need.sender or self.templates.sender_of(need.channel, need.template) or "default"
        if need.sender is None:
            self._check_refers(place, Refers(step.kind, "sender", sender))
        topic = need.topic or self.templates.topic_of(need.channel, need.template) or self.header.topic
        if class_ == "marketing" and topic is None and "topic" not in self.tree:
            what = f"'{need.template}' is marketing and has no topic; add 'topic:' to the sequence or the template"
            self._say(place, step.kind, what)

    def _check_condition(self, place: Keys, key: str, source: str, events: tuple[Trigger, ...]) -> None:
        if self.doubtful & {"contact", "events", "messaging", "forms"}:
            return  # what it names may stand in a file that could not be read
        fields, quoted = self._fields_for(source, events), frozenset(QUOTED.findall(source))
        names = Names(
            contact_fields=self.policies.contact_fields(),
            event_fields=fields,
            steps=frozenset(self.flat) | (frozenset() if self.whole else quoted),
            sends=self._known["send"] | (frozenset() if self.whole else quoted),
            events=frozenset(self.policies.event_fields()) | (frozenset() if self.strict else quoted),
            segments=frozenset(),
            topics=self._known["topic"],
            allow_event=bool(events),
            any_event_fields=fields is None,
        )
        for what in check(source, names):
            self._say(place, key, what)

    def _fields_for(self, source: str, events: tuple[Trigger, ...]) -> dict[str, frozenset[str]] | None:
        """Return the fields of every event a condition may look at; None where one of them has unknown fields.

        Providers add fields of their own to the built-in events; an event of ours, or a form, has what its file says.
        """
        looked_at = list(events)
        read = paths(source)
        if any(path.startswith("matched.") for path in read):
            return None
        if any(path.startswith("run.event.") for path in read):
            if not self.header.enter.on:
                return None
            looked_at += self.header.enter.on
        found = {_called(trigger): self._fields_of(trigger) for trigger in looked_at}
        known = {name: fields for name, fields in found.items() if fields is not None}
        return known if len(known) == len(found) else None

    def _fields_of(self, trigger: Trigger) -> frozenset[str] | None:
        if trigger.form is not None:
            mapping = self.policies.forms.get(trigger.form)
            return frozenset({"form", "source", *mapping.event, *mapping.fields}) if mapping else None
        own = self.policies.events.events.get(trigger.event or "")
        return frozenset({"name", "at", *own.fields}) if own is not None and own.fields else None

    def _check_reach(self) -> None:
        reached: set[str] = set()
        waiting = [self.first]
        while waiting:
            name = waiting.pop()
            if name is None or name in reached:
                continue
            reached.add(name)
            waiting += onward(self.flat, self.flat[name])
        for name in self.flat:
            if name not in reached:
                self._say(self.lines[name], "", f"step '{name}' can never be reached; move it or delete it")

    def _warn_of_time(self) -> None:
        for step in self.flat.values():
            need = step.need()
            if isinstance(need, Sleep) and need.words.moment is not None:
                for send in sends_before_a_wait(self.flat, step):
                    what = "this follows a wait until a date and has no 'expires'; say until when it is of use"
                    self._say(self.lines[send.id], send.kind, what, warning=True)
        if longest(self.flat, self.first) > A_YEAR:
            what = "a path through these steps may last over a year; check that this is meant"
            self._say(self.tree, "steps", what, warning=True)


def _called(trigger: Trigger) -> str:
    return trigger.form or trigger.event or ""


def _same(one: Trigger, other: Trigger) -> bool:
    """Whether whatever is the one is the other, too."""
    return bool(one.name) and (one.event, one.form) == (other.event, other.form) and not one.where and not other.where


def _listened(need: Listen) -> tuple[Trigger, ...]:
    if need.form is not None:
        return (Trigger(form=need.form),)
    return tuple(Trigger(event=name) for name in need.events)
