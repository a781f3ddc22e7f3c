"""What a sequence may name: its own steps, and what policies and templates declare.

Of a name that is nowhere it is said what is there. What hangs on a file that could not be read cannot be known, and
nothing is said of it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from domain.blanks import problems
from domain.conditions import Names, check, paths
from domain.definition import Header, nearest
from domain.events import OF_A_SEND, WRITABLE_FIELDS
from domain.needs import Call, Deliver
from domain.policies import Policies
from domain.program import Trigger
from domain.steps.base import Refers, Step

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
    "segment": "segment '{}' is not in policies/segments.yaml",
    "sequence": "there is no sequence '{}'",
    "team": "team '{}' is not in policies/teams.yaml",
    "person": "person '{}' is not in policies/teams.yaml",
    "follow-up policy": "there is no policy '{}' in policies/follow-ups.yaml",
    "staff template": "template '{}' does not exist for staff",
    "text template": "there is no text message '{}' in templates/sms/",
    "webhook template": "there is no webhook '{}' in templates/webhook/",
    "blank": "'{}' cannot be filled in",
    "name": "there is no name '{}'",
    "date": "'{}' is no date, so no time can be counted from it",
    "number": "'{}' is no number, so nothing can be added to it (write '{{set: …}}')",
}
DATES = frozenset({"created_at"})  # built in; one's own are fields of the type date
QUOTED = re.compile("['\"]([^'\"]*)['\"]")
SAID_ALREADY = {"number": "own field", "event of a message": "event"}
"""Of a name that is not even one of the second, that has been said."""
DECLARED_IN = {
    "event": "events", "form": "forms", "topic": "messaging", "sender": "messaging", "calendar": "calendars",
    "field": "contact", "date": "contact", "own field": "contact", "number": "contact", "team": "teams",
    "person": "teams", "follow-up policy": "follow-ups",
    "segment": "segments",
}  # fmt: skip
"""The policy file (or folder) that declares things of this sort."""


class TemplatesKnown(Protocol):
    """What a check has to know of the templates."""

    def names(self, channel: str) -> frozenset[str]: ...

    def class_of(self, channel: str, name: str) -> str: ...

    def topic_of(self, channel: str, name: str) -> str | None: ...

    def sender_of(self, channel: str, name: str) -> str | None: ...

    def survey_of(self, channel: str, name: str) -> str | None: ...

    def aim_of(self, channel: str, name: str) -> tuple[str | None, str | None]: ...

    def shows(self, channel: str, name: str, value: str) -> bool: ...

    def leads(self, channel: str, name: str) -> bool: ...


@dataclass(frozen=True)
class Declared:
    """Everything that can be named in one sequence; `whole` and `doubtful` as in `domain.checks.Checking`."""

    header: Header
    flat: Mapping[str, Step]
    policies: Policies
    templates: TemplatesKnown
    whole: bool = True
    doubtful: frozenset[str] = frozenset()
    sequences: frozenset[str] | None = None
    """The names of all sequences; None where they are not known."""

    def sends(self) -> Iterator[tuple[Step, Deliver]]:
        """Yield every step that sends, and what it sends."""
        for step in self.flat.values():
            need = step.need()
            if isinstance(need, Deliver):
                yield step, need

    def class_of(self, need: Deliver) -> str | None:
        """Return the class of the template that is sent; None where there is no such template."""
        known = need.template in self.templates.names(need.channel)
        return self.templates.class_of(need.channel, need.template) if known else None

    @cached_property
    def _known(self) -> dict[str, frozenset[str]]:
        policies, own = self.policies, self.policies.contact.fields
        return {
            "step": frozenset(self.flat),
            "send": frozenset(step.id for step, _ in self.sends()),
            "event": frozenset(policies.event_fields()),
            "event of a message": OF_A_SEND,
            "form": frozenset(policies.forms),
            "topic": frozenset(policies.messaging.topics),
            "calendar": frozenset(policies.calendars.calendars),
            "sender": frozenset(policies.messaging.senders),
            "template": frozenset(self.templates.names("email")),
            "staff template": frozenset(self.templates.names("staff")),
            "text template": frozenset(self.templates.names("sms")),
            "webhook template": frozenset(self.templates.names("webhook")),
            "team": frozenset(policies.teams.teams),
            "person": frozenset(policies.teams.people),
            "follow-up policy": policies.follow_ups.known(),
            "segment": frozenset(policies.segments.segments),
            "sequence": self.sequences or frozenset(),
            "field": policies.contact_fields(),
            "date": DATES | {name for name, each in own.items() if each.type == "date"},
            "own field": WRITABLE_FIELDS | frozenset(own),
            "number": frozenset({"score"} | {name for name, each in own.items() if each.type == "number"}),
        }

    def missing(self, refers: Refers) -> str | None:
        """Return "what; what to do" where the name is nowhere; None where it is there, or nobody can know."""
        if refers.to == "business calendar":
            return self._uncounted(refers)
        if refers.to == "blank":
            return next(problems(refers.name), None)
        if refers.to == "name":
            return self._no_name(refers.name)
        if refers.to == "date" and refers.name not in self._known["field"]:
            return self.missing(replace(refers, to="field"))
        known = self._known[refers.to]
        whole = SAID_ALREADY.get(refers.to)
        if whole is not None and refers.name not in self._known[whole]:
            return None
        if refers.name in known or self._cannot_know(refers.to):
            return None
        found = nearest(refers.name, known)
        if refers.to == "template":
            meant = _meant(refers.name, known) or self._elsewhere(refers.name)
            found = meant or self._beside(refers.name, known) or found
        return MISSING[refers.to].format(refers.name) + found

    def _no_name(self, path: str) -> str | None:
        """Return what is wrong with a path outside of a condition: the same as in one."""
        if self.doubtful & {"contact", "events", "forms"}:
            return None
        return next(iter(check(f"has({path})", self.names_for(path, (), strict=True))), None)

    def _uncounted(self, refers: Refers) -> str | None:
        counted_on = self.header.calendar or self.policies.calendars.default
        if counted_on is not None or "calendars" in self.doubtful:
            return None
        remedy = "; add 'calendar:' to the sequence, or 'default:' to policies/calendars.yaml"
        return MISSING[refers.to].format(refers.name) + remedy

    def _cannot_know(self, sort: str) -> bool:
        if sort in ("step", "send"):
            return not self.whole
        if sort == "sequence":
            return self.sequences is None
        return DECLARED_IN.get(sort) in self.doubtful

    def _elsewhere(self, name: str) -> str | None:
        if name in self._known["text template"]:
            return "; there is a text message of this name, so write 'channel: sms', too"
        there = name in self._known["webhook template"]
        return "; there is a webhook of this name, so write 'channel: webhook', too" if there else None

    def _beside(self, name: str, known: frozenset[str]) -> str | None:
        folder = name.rpartition("/")[0]
        beside = sorted(each.rpartition("/")[2] for each in known if each.rpartition("/")[0] == folder)
        return f"; templates/email/{folder}/ has {', '.join(beside[:12])}" if beside else None

    def names_for(self, source: str, events: tuple[Trigger, ...], *, strict: bool) -> Names:
        """Return what a condition may name, when it is asked about one of `events`, or about none.

        Not `strict`, as in a simulation, it may name events that are declared nowhere.
        """
        fields, quoted = self._fields_for(source, events), frozenset(QUOTED.findall(source))
        return Names(
            contact_fields=self.policies.contact_fields(),
            event_fields=fields,
            steps=frozenset(self.flat) | (frozenset() if self.whole else quoted),
            sends=self._known["send"] | (frozenset() if self.whole else quoted),
            events=frozenset(self.policies.event_fields()) | (frozenset() if strict else quoted),
            segments=self._known["segment"],
            topics=self._known["topic"],
            allow_event=bool(events),
            any_event_fields=fields is None,
            calls=frozenset(need.save_as for step in self.flat.values() if isinstance(need := step.need(), Call)),
        )

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
        found = {called(trigger): self._fields_of(trigger) for trigger in looked_at}
        known = {name: fields for name, fields in found.items() if fields is not None}
        return known if len(known) == len(found) else None

    def _fields_of(self, trigger: Trigger) -> frozenset[str] | None:
        if trigger.form is not None:
            mapping = self.policies.forms.get(trigger.form)
            return frozenset({"form", "source", *mapping.event, *mapping.fields}) if mapping else None
        if trigger.segment is not None or trigger.date is not None:
            return frozenset({"segment" if trigger.segment is not None else "date"})
        own = self.policies.events.events.get(trigger.event or "")
        if own is None or not own.fields:
            return None
        return self.policies.event_fields()[trigger.event or ""]


def _meant(name: str, known: frozenset[str]) -> str | None:
    """Return which template was meant by one that is written as its file is called, or without its folder.

    >>> known = frozenset({"welcome/tips", "trial/hello", "guide/hello"})
    >>> _meant("welcome/tips.html", known), _meant("tips", known), _meant("nope", known)
    ("; did you mean 'welcome/tips'?", "; did you mean 'welcome/tips'?", None)
    >>> _meant("hello", known)
    "; did you mean 'guide/hello' or 'trial/hello'?"
    """
    bare = name.removeprefix("templates/").removeprefix("email/").removesuffix(".html")
    found = [each for each in sorted(known) if bare in (each, each.rpartition("/")[2])]
    return f"; did you mean {' or '.join(repr(each) for each in found[:3])}?" if found else None


def called(trigger: Trigger) -> str:
    """Return the name of the event, form or segment that a trigger waits for, or its date."""
    return trigger.form or trigger.event or trigger.segment or trigger.date or ""
