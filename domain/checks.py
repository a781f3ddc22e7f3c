"""Everything a sequence can get wrong that a single line does not show.

Names that have to exist elsewhere, conditions, steps nobody can reach, marketing without a topic. Steps say what they
refer to; which kind a step is does not matter here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from domain.conditions import Names, check
from domain.definition import Header, nearest
from domain.events import OF_A_SEND, WRITABLE_FIELDS
from domain.needs import Deliver, Listen
from domain.policies import Policies
from domain.program import Trigger
from domain.steps.base import Refers, Step
from domain.tree import Keys, Problem, line_of

MISSING = {
    "step": "there is no step '{}'",
    "send": "'{}' is not a step that sends",
    "event": "event '{}' is not declared in policies/events.yaml",
    "event of a message": "'{}' does not belong to a message, so it cannot be 'of' one",
    "form": "form '{}' has no file in policies/forms/",
    "topic": "topic '{}' is not in policies/messaging.yaml",
    "calendar": "calendar '{}' is not in policies/calendars.yaml",
    "sender": "sender '{}' is not in policies/messaging.yaml",
    "template": "template '{}' does not exist",
    "field": "a contact has no field '{}'",
    "own field": "'{}' is no field that can be updated",
    "number": "'{}' is no number, so nothing can be added to it (write '{{set: …}}')",
}


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
    problems: list[Problem] = field(default_factory=list)

    def check(self) -> list[Problem]:
        """Return everything that is wrong."""
        self._check_header()
        for step in self.flat.values():
            self._check_step(step)
        self._check_reach()
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
        self.problems.append(Problem(self.path, line_of(place, key), what, warning))

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
        known = self._known[refers.to]
        if refers.name in known:
            return
        found = nearest(refers.name, known)
        if refers.to == "template":
            found = self._beside(refers.name, known) or found
        self._say(place, refers.key, MISSING[refers.to].format(refers.name) + found)

    def _beside(self, name: str, known: frozenset[str]) -> str | None:
        folder = name.rpartition("/")[0]
        beside = sorted(each.rpartition("/")[2] for each in known if each.rpartition("/")[0] == folder)
        return f"; templates/email/{folder}/ has {', '.join(beside[:12])}" if beside else None

    def _check_header(self) -> None:
        header = self.header
        for key, to, name in (("calendar", "calendar", header.calendar), ("topic", "topic", header.topic)):
            if name is not None:
                self._check_refers(self.tree, Refers(key, to, name))  # type: ignore[arg-type]
        if header.window is not None:
            self._check_refers(self.tree, Refers("window", "calendar", header.window))
        for key, triggers in (("enter", header.enter.on), ("goal", header.goal), ("exit", header.exit)):
            for trigger in triggers:
                self._check_trigger(key, trigger)
        if header.enter.when is not None:
            self._check_condition(self.tree, "enter", header.enter.when, ())
        both = {trigger.name for trigger in header.enter.on} & {trigger.name for trigger in header.goal}
        if both:
            what = f"'{both.pop()}' starts the sequence and is its goal; check that this is meant"
            self._say(self.tree, "goal", what, warning=True)

    def _check_trigger(self, key: str, trigger: Trigger) -> None:
        if trigger.form is not None:
            self._check_refers(self.tree, Refers(key, "form", trigger.form))
        if trigger.event is not None:
            self._check_refers(self.tree, Refers(key, "event", trigger.event))
        if trigger.where is not None:
            self._check_condition(self.tree, key, trigger.where, (trigger.name or "",))
        if trigger.when is not None:
            self._check_condition(self.tree, key, trigger.when, ())

    def _check_step(self, step: Step) -> None:
        place, need = self.lines[step.id], step.need()
        for refers in step.refers():
            self._check_refers(place, refers)
        for key, source, with_event in step.conditions():
            events = need.events if isinstance(need, Listen) and with_event else ()
            self._check_condition(place, key, source, events)
            if "opened(" in source:
                what = "this hangs on 'opened', which machines do too; prefer 'clicked'"
                self._say(place, key, what, warning=True)
        if isinstance(need, Deliver):
            self._check_message(place, step, need)

    def _check_message(self, place: Keys, step: Step, need: Deliver) -> None:
        class_ = self._class_of(need)
        if class_ is None:
            return  # the missing template is said already
        sender = need.sender or self.templates.sender_of(need.channel, need.template) or "default"
        if need.sender is None:
            self._check_refers(place, Refers(step.kind, "sender", sender))
        topic = need.topic or self.templates.topic_of(need.channel, need.template) or self.header.topic
        if class_ == "marketing" and topic is None:
            what = f"'{need.template}' is marketing and has no topic; add 'topic:' to the sequence or the template"
            self._say(place, step.kind, what)

    def _check_condition(self, place: Keys, key: str, source: str, events: tuple[str, ...]) -> None:
        fields = self.policies.event_fields()
        names = Names(
            contact_fields=self.policies.contact_fields(),
            event_fields={name: fields.get(name, frozenset()) for name in events},
            steps=frozenset(self.flat),
            events=frozenset(fields),
            segments=frozenset(),
            topics=self._known["topic"],
            allow_event=bool(events),
            any_event_fields=True,
        )
        for what in check(source, names):
            self._say(place, key, what)

    def _check_reach(self) -> None:
        reached: set[str] = set()
        waiting = [self.first]
        while waiting:
            name = waiting.pop()
            if name is None or name in reached:
                continue
            reached.add(name)
            step = self.flat[name]
            waiting += [*step.ways(), step.next if step.when is not None else None]
        for name in self.flat:
            if name not in reached:
                self._say(self.lines[name], "", f"step '{name}' can never be reached; move it or delete it")
