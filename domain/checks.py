"""Everything a sequence can get wrong that a single line does not show.

Names that have to exist elsewhere (`domain/references.py`), conditions, steps nobody can reach, marketing without a
topic. Steps say what they refer to; which kind a step is does not matter here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from domain.anniversaries import DateWords
from domain.changing import SCORE
from domain.conditions import check
from domain.definition import Header
from domain.entrance import read_again
from domain.events import SCORE_REACHED
from domain.field_values import as_value, holds, unfit
from domain.needs import Begin, Change, Deliver, Listen, Sleep
from domain.paths import A_YEAR, longest, onward, reached, sends_before_a_wait
from domain.policies import Policies
from domain.policy_files import stem
from domain.program import Trigger
from domain.reaction_checks import never_known
from domain.references import Declared, TemplatesKnown, called
from domain.scoring_checks import threshold_problems
from domain.spans import Span
from domain.standing import SMS, WEBHOOK
from domain.steps.base import Refers, Step, of_time
from domain.tree import Items, Keys, Problem, locate


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
    sequences: frozenset[str] | None = None
    """The names of all sequences; None where they are not known."""
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
        return any(self.declared.class_of(need) == "marketing" for _, need in self.declared.sends())

    @cached_property
    def declared(self) -> Declared:
        """What may be named in this sequence."""
        return Declared(
            self.header, self.flat, self.policies, self.templates, self.whole, self.doubtful, self.sequences
        )

    def _say(self, place: Keys, key: str, what: str, *, warning: bool = False) -> None:
        where = tuple(int(part) if part.isdigit() else part for part in key.split("."))
        self.problems.append(Problem(self.path, locate(place, where), what, warning))

    def _check_refers(self, place: Keys, refers: Refers) -> None:
        what = self.declared.missing(refers)
        if what is not None:
            self._say(place, refers.key, what, warning=not self.strict and refers.to in ("event", "form"))

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
        self._check_time("enter.again", [], Span.parse(after) if after else None)
        self._check_ends_apart()
        self._warn_of_entry()

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
                self._say(self.tree, "exit", f"'{called(trigger)}' is both goal and exit; keep one of them")
        for starting in header.enter.on:
            if any(_same(starting, goal) for goal in header.goal):
                what = f"'{called(starting)}' starts the sequence and is its goal; check that this is meant"
                self._say(self.tree, "goal", what, warning=True)

    def _check_trigger(self, place: str, trigger: Trigger) -> None:
        if trigger.form is not None:
            self._check_refers(self.tree, Refers(f"{place}.form", "form", trigger.form))
        if trigger.event is not None:
            self._check_refers(self.tree, Refers(f"{place}.event", "event", trigger.event))
        if trigger.segment is not None:
            self._check_refers(self.tree, Refers(f"{place}.segment", "segment", trigger.segment))
        if trigger.date is not None:
            words = DateWords.parse(trigger.date)
            self._check_time(f"{place}.date", words.moment.sources(), words.moment.span)
        if trigger.within is not None:
            self._check_time(f"{place}.within", [], Span.parse(trigger.within))
        self._check_thresholds(self.tree, f"{place}.", "event", (trigger.event,), trigger.where)
        if trigger.where is not None:
            self._check_condition(self.tree, f"{place}.where", trigger.where, (trigger,))
        if trigger.when is not None:
            self._check_condition(self.tree, f"{place}.when", trigger.when, ())

    def _check_thresholds(
        self, place: Keys, before: str, key: str, events: Iterable[str | None], where: str | None
    ) -> None:
        """Refuse to wait for a threshold of the score that there is not."""
        if SCORE_REACHED in events and "scoring" not in self.doubtful:
            for there, what in threshold_problems(where, self.policies):
                self._say(place, f"{before}{there or key}", what)

    def _check_time(self, key: str, sources: list[str], span: Span | None) -> None:
        """Check the fields of the contact that a time in the head is counted from, and the calendar of its span."""
        for source in sources:
            self._check_refers(self.tree, Refers(key, "date", source.partition(".")[2]))
        for refers in of_time(key, span):
            self._check_refers(self.tree, refers)

    def _warn_of_entry(self) -> None:
        enter = self.header.enter
        for number, trigger in enumerate(enter.on):
            comes_again = trigger.date is not None and "." in DateWords.parse(trigger.date).source
            if comes_again and enter.again == "never":
                key = "enter.on" if self._is_one("enter.on") else f"enter.on.{number}"
                what = (
                    "a date comes once for each contact, because 'again' is never; say 'again: after_exit' or 'always'"
                )
                self._say(self.tree, f"{key}.date", what, warning=True)
        if enter.per is not None and not self.doubtful & {"events", "forms"}:
            path = f"has({enter.per})"
            for what in check(path, self.declared.names_for(path, (), strict=self.strict)):
                self._say(self.tree, "enter.per", what, warning=True)
        if enter.holdout is not None and not self.header.goal:
            what = "'holdout' compares who reaches the goal, and there is none; add 'goal:'"
            self._say(self.tree, "enter.holdout", what, warning=True)

    def _check_step(self, step: Step) -> None:
        place, need = self.lines[step.id], step.need()
        for refers in step.refers():
            self._check_refers(place, refers)
            if refers.to == "sequence" and refers.name == stem(self.path):
                instead = "write 'repeat' around its steps" if isinstance(need, Begin) else "write 'exit: REASON'"
                self._say(place, refers.key, f"a sequence cannot {step.kind} itself; {instead}")
        for key, source, with_event in step.conditions():
            events = _listened(need) if isinstance(need, Listen) and with_event else ()
            self._check_condition(place, key, source, events)
        for key, what in never_known(step, self.declared):
            self._say(place, key, what, warning=True)
        if isinstance(need, Listen):
            self._check_thresholds(place, "", step.kind, need.events, need.where)
        if isinstance(need, Deliver):
            self._check_message(place, step, need)
        if isinstance(need, Change):
            self._check_change(place, step, need)

    def _check_change(self, place: Keys, step: Step, need: Change) -> None:
        if self.policies.scoring is not None and SCORE in {*need.set, *need.copied, *need.add}:
            computed = "'score' is computed by policies/scoring.yaml; delete it here, and give points there"
            self._say(place, f"{step.kind}.{SCORE}", computed)
        for name, value in need.set.items():
            what = unfit(name, self.policies.field_type(name), value)
            if what is None and not holds(name, as_value(self.policies.field_type(name), value)):
                what = f"'{name}' has no room for '{value[:60]}'; write something shorter"
            if what is not None:
                self._say(place, f"{step.kind}.{name}", what)

    def _check_message(self, place: Keys, step: Step, need: Deliver) -> None:
        class_ = self.declared.class_of(need)
        if class_ is None:
            return  # the missing template is said already
        if need.channel == WEBHOOK:
            self._check_webhook(place, need)
            return
        sender = need.sender or self.templates.sender_of(need.channel, need.template) or "default"
        if need.sender is None:
            self._check_refers(place, Refers(step.kind, "sender", sender))
        topic = need.topic or self.templates.topic_of(need.channel, need.template) or self.header.topic
        known = self.policies.messaging.senders.get(sender)
        if need.channel == SMS and known is not None and known.sms is None:
            what = f"sender '{sender}' of policies/messaging.yaml writes no texts; add 'sms:' to it, a number or a name"
            self._say(place, step.kind, what)
        if class_ == "marketing" and topic is None and "topic" not in self.tree:
            what = f"'{need.template}' is marketing and has no topic; add 'topic:' to the sequence or the template"
            self._say(place, step.kind, what)

    def _check_webhook(self, place: Keys, need: Deliver) -> None:
        """Refuse what only a message to a person has: nobody here answers, and caps count what people get."""
        for key, said in (("thread", need.thread), ("on_cap", need.on_cap), ("sender", need.sender)):
            if said is not None:
                self._say(place, key, f"a webhook has no '{key}'; delete it")
        self._check_refers(place, Refers("send", "sender", "default"))

    def _check_condition(self, place: Keys, key: str, source: str, events: tuple[Trigger, ...]) -> None:
        if self.doubtful & {"contact", "events", "messaging", "forms", "segments"}:
            return  # what it names may stand in a file that could not be read
        names = self.declared.names_for(source, events, strict=self.strict)
        for what in check(source, names):
            self._say(place, key, what)

    def _check_reach(self) -> None:
        can_be_reached = reached(self.flat, self.first)
        for name in self.flat:
            if name not in can_be_reached:
                self._say(self.lines[name], "", f"step '{name}' can never be reached; move it or delete it")
            else:
                self._check_chance(self.flat[name])

    def _check_chance(self, step: Step) -> None:
        """Refuse to wait for an answer to a message, or to add to one, that nobody here has been sent."""
        need = step.need()
        named = need.of if isinstance(need, Listen) else (getattr(need, "thread", None),)
        for name in named:
            sent = self.flat.get(name or "")
            if sent is not None and step.id not in reached(self.flat, *onward(self.flat, sent)):
                what = f"nothing can belong to '{sent.id}' here, because it is sent on no way that leads here"
                key = "of" if isinstance(need, Listen) else "thread"
                self._say(self.lines[step.id], key, f"{what}; move it up, or name a send before this")

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


def _same(one: Trigger, other: Trigger) -> bool:
    """Whether whatever is the one is the other, too."""
    named = (one.event, one.form, one.segment) == (other.event, other.form, other.segment)
    return bool(one.name) and named and not one.where and not other.where


def _listened(need: Listen) -> tuple[Trigger, ...]:
    if need.form is not None:
        return (Trigger(form=need.form),)
    return tuple(Trigger(event=name) for name in need.events)
