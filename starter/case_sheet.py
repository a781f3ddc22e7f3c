"""A case as its page shows it: where it stands, what was promised and given, and the forms of whoever looks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.case_links import OF_A_REMEDY, case_offers, remedies_for
from domain.follow_up_moves import BY_ITSELF
from domain.promise_words import promise_named
from domain.recovery import Case, Promise, due_of
from domain.remedies import Remedy, plain, shown
from domain.remedy_policy import SEVERITIES
from domain.remedy_rules import band_of, most_now
from domain.staff_links import is_theirs
from records.case_stories import CaseStory
from records.task_page import TaskPage
from starter.case_form import CHANNELS, ENTRIES, Entry
from starter.case_words import ring_in_words
from starter.staff_lines import moment
from starter.staff_words import staff_words

MOST_RINGS = 5


@dataclass(frozen=True)
class CaseSheet:
    """The case of a page, in front of whoever acts on it: `by` is their key, or the name of their team."""

    task: TaskPage
    story: CaseStory
    by: str
    now: datetime
    lang: str
    key: str
    asked: str | None = None
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def case(self) -> Case:
        """The case as it stands."""
        state = self.story.view.state
        assert state is not None, "a case that has a follow-up is ours"
        return state

    @property
    def offers(self) -> tuple[str, ...]:
        """What they can do about it."""
        return offers_of(self.task, self.by)

    def values(self) -> dict[str, Any]:
        """Return what the page is filled with beside what it says of any task."""
        return {
            "head": self._head(),
            "facts": list(self._facts()),
            "promises": [self._promise(each) for each in self.case.promises],
            "remedies": [self._remedy(each) for each in self.case.remedies],
            "rings": [(self._at(each.at), ring_in_words(each.key)) for each in self.story.rings[:MOST_RINGS]],
            "forms": [form for verb in self.offers for form in self._forms(verb)],
        }

    @property
    def _say(self) -> dict[str, str]:
        return staff_words(self.lang)

    def _at(self, instant: datetime) -> str:
        return moment(instant, self.task.staff.clock, self.lang, self.now)

    def _name(self, who: str | None) -> str:
        person = self.task.staff.policy.people.get(who or "")
        return person.name if person is not None else self._say["itself"] if who in (None, BY_ITSELF) else str(who)

    def _head(self) -> str:
        case = self.case
        since = case.closed_at or case.resolved_at or (case.waiting.since if case.waiting is not None else None)
        stage = self._say[f"stage_{case.stage}"].format(at=self._at(since) if since is not None else "")
        return self._say["case_stands"].format(number=case.number, severity=case.severity, stage=stage)

    def _facts(self) -> Iterator[tuple[str, str]]:
        say, case = self._say, self.case
        yield say["incident"], self.story.view.row.incident
        causes = self.story.view.ground.policy.causes
        yield say["cause"], causes.get(case.cause, case.cause) if case.cause is not None else say["no_cause"]
        if case.score is not None:
            yield say["satisfied"], say["of_five"].format(score=case.score)

    def _promise(self, promise: Promise) -> dict[str, Any]:
        say = self._say
        due = due_of(self.case, promise, self.task.staff)
        if promise.kept_at is not None:
            said = say["kept"].format(at=self._at(promise.kept_at), who=self._name(promise.by))
        elif promise.dropped_at is not None:
            said = say["dropped"]
        else:
            said = say["due_by"].format(at=self._at(due)) if due is not None else say["still"]
        late = due is not None and due < (promise.kept_at or self.now) and promise.dropped_at is None
        return {"called": promise_named(promise.name, self.lang), "said": said, "late": late}

    def _remedy(self, remedy: Remedy) -> dict[str, str]:
        say = self._say
        asked = ", ".join(map(self._name, remedy.asked[-1:])) or say["nobody_named"]
        state = say[f"state_{remedy.state}"].format(who=asked)
        said = say["remedy_line"].format(
            what=_called(remedy), state=state, who=self._name(remedy.proposed_by), at=self._at(remedy.proposed_at)
        )
        why = "; ".join(each for each in (remedy.why, remedy.alternative) if each)
        return {"said": said, "why": why, "rule": say["rule"].format(rule=remedy.rule) if remedy.rule else ""}

    def _forms(self, verb: str) -> Iterator[dict[str, Any]]:
        """Yield the form of a verb; of one that is about a remedy, one for each."""
        if verb not in OF_A_REMEDY:
            yield self._form(verb, None)
            return
        mine = is_theirs(self.task.state, self.by, self.task.staff)
        for remedy in remedies_for(self.case, verb, self.by, self.story.view.ground, mine=mine):
            yield self._form(verb, remedy)

    def _form(self, verb: str, remedy: Remedy | None) -> dict[str, Any]:
        say = self._say
        about = ""
        if remedy is not None:
            about = say["about_remedy"].format(what=_called(remedy), who=self._name(remedy.proposed_by))
        limits = self._limits() if verb == "propose" else ""
        # What moves money is the same posting whenever this many remedies were there.
        key = str(len(self.case.remedies)) if verb == "propose" else self.key
        return {
            "verb": verb,
            "id": verb if remedy is None else f"{verb}-{remedy.id}",
            "title": say[verb],
            "button": say[f"do_{verb}"],
            "remedy": remedy.id if remedy is not None else "",
            "about": [each for each in (about, remedy.rule if remedy is not None else "", limits) if each],
            "key": key,
            "open": self.asked == verb and self.typed.get("remedy", "") in ("", remedy.id if remedy else ""),
            "entries": [self._entry(verb, each) for each in ENTRIES[verb]],
        }

    def _entry(self, verb: str, entry: Entry) -> dict[str, Any]:
        label = self._say[entry.said]
        if entry.name == "amount":
            policy = self.story.view.ground.policy.remedies
            label = label.format(currency=policy.currency, most=plain(most_now(self.case, self.story.view.ground)))
        return {
            "name": entry.name,
            "kind": entry.kind,
            "label": label,
            "needed": entry.needed,
            "options": list(self._options(entry.name)) if entry.kind == "one_of" else [],
            "value": self.typed.get(entry.name, "") if self.asked == verb else "",
        }

    def _options(self, name: str) -> Iterator[tuple[str, str]]:
        say, policy = self._say, self.story.view.ground.policy
        if name == "channel":
            yield from ((each, say[f"by_{each}"]) for each in CHANNELS)
        elif name == "cause":
            yield from policy.causes.items()
        elif name == "severity":
            yield from ((each, each) for each in SEVERITIES if each != self.case.severity)
        elif name == "how":
            yield from ((each, say[f"how_{each}"]) for each in ("accepted", "final_answer"))
        elif name == "kind" and (band := band_of(self.case, policy.remedies)) is not None:
            known = policy.remedies.types
            yield from ((each, known[each].label) for each in band.offer if each in known)

    def _limits(self) -> str:
        policy = self.story.view.ground.policy.remedies
        limits = {name: shown(getattr(policy.approval, name), policy.currency) for name in ("agent", "lead", "manager")}
        return self._say["limits"].format(**limits)


def offers_of(task: TaskPage, by: str) -> tuple[str, ...]:
    """Return what somebody can do about the case of a page; nothing where it is about none."""
    if task.case is None or task.case.view.state is None:
        return ()
    view, state = task.case.view, task.case.view.state
    return case_offers(state, by, view.ground, mine=is_theirs(task.state, by, task.staff))


def _called(remedy: Remedy) -> str:
    what = remedy.label or remedy.kind
    return f"{what}, {shown(remedy.amount, remedy.currency)}" if remedy.amount else what
