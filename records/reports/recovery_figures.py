"""The figures of a report on service recovery, as they are counted. docs/reports.md defines each of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.aftermath import FEWEST_OF_A_SIDE, WITHIN, Repurchase, together
from domain.case_tallies import AGE_NAMES, FEWEST_ANSWERS, Answers, CaseTally, Kept
from domain.goodwill import Approvals, Given
from domain.statistics import Share
from domain.tallies import Lengths
from records.corrective_lists import Action
from records.reports.figures import share_as_json
from records.reports.follow_up_figures import Span


@dataclass(frozen=True)
class CauseCount:
    """How many cases of a cause were opened in the span, and in as long a one just before."""

    now: int
    before: int


@dataclass
class RecoveryFigures:
    """Everything counted about cases at `asked_at`."""

    span: Span
    asked_at: datetime
    every: CaseTally = field(default_factory=CaseTally)
    teams: dict[str, CaseTally] = field(default_factory=dict)
    months: dict[str, CaseTally] = field(default_factory=dict)
    months_of_teams: dict[str, dict[str, CaseTally]] = field(default_factory=dict)
    open_now: Counter[str] = field(default_factory=Counter)
    open_by_team: dict[str, Counter[str]] = field(default_factory=dict)
    approvals: dict[str, Approvals] = field(default_factory=dict)
    given: dict[str, dict[str, Given]] = field(default_factory=dict)
    causes: dict[str, CauseCount] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    """How causes are called, as the policy says."""
    again: dict[str, Share] = field(default_factory=dict)
    repurchase: Repurchase = field(default_factory=lambda: Repurchase(Share(0, 0), Share(0, 0)))
    actions: list[Action] = field(default_factory=list)
    """Those that were opened in the span, and those that are open now; the newest first."""

    def as_json(self) -> dict[str, Any]:
        """Return the document that `rapport report recovery --json` prints."""
        return {
            "report": "recovery",
            "asked_at": self.asked_at,
            "since": self.span.since,
            "until": self.span.until,
            "team": self.span.team,
            "all": case_tally_as_json(self.every),
            "teams": _each(self.teams),
            "months": {
                month: case_tally_as_json(tally) | {"teams": _each(self.months_of_teams.get(month, {}))}
                for month, tally in self.months.items()
            },
            "open_now": _ages(self.open_now)
            | {"teams": {name: _ages(each) for name, each in self.open_by_team.items()}},
            "approvals": {level: _approvals(each) for level, each in self.approvals.items()},
            "goodwill": {cause: _given(kinds) for cause, kinds in self.given.items()},
            "causes": {name: _cause(name, each, self) for name, each in self.causes.items()},
            "repeat_cause": share_as_json(together(self.again)) | {"days": WITHIN.days},
            "repurchase": _repurchase(self.repurchase),
            "actions": [action_as_json(each) for each in self.actions],
            "fewest_answers": FEWEST_ANSWERS,
        }


def case_tally_as_json(tally: CaseTally) -> dict[str, Any]:
    """Return what became of some cases. Lengths are in seconds."""
    return {
        "opened": tally.opened,
        "open": tally.open,
        "joined": tally.joined,
        "severities": dict(sorted(tally.severities.items())),
        "sources": dict(tally.sources.most_common()),
        "promises": {name: _kept(each) for name, each in tally.promises.items()},
        "took": {name: _lengths(each) for name, each in tally.lengths.items()},
        "paused_share": tally.paused,
        "hops": tally.hops,
        "hopped": tally.hopped,
        "reopened": share_as_json(tally.reopened) | {"times": tally.reopenings},
        "satisfaction": _answers(tally.answers, tally.answered),
    }


def action_as_json(action: Action) -> dict[str, Any]:
    """Return a corrective action as programs read it."""
    return dict(vars(action))


def _each(tallies: Mapping[str, CaseTally]) -> dict[str, Any]:
    return {name: case_tally_as_json(each) for name, each in tallies.items()}


def _kept(kept: Kept) -> dict[str, Any]:
    return {"in_time": share_as_json(kept.in_time), "in_time_without_pauses": share_as_json(kept.in_plain_time)}


def _lengths(lengths: Lengths) -> dict[str, Any]:
    return {
        "count": len(lengths.elapsed),
        "working_seconds": {"median": lengths.working_half, "p90": lengths.working_most},
        "elapsed_seconds": {"median": lengths.elapsed_half, "p90": lengths.elapsed_most},
    }


def _answers(answers: Answers | None, answered: int) -> dict[str, Any]:
    if answers is None:
        return {"count": answered, "too_few": True}
    mean = {"count": answers.count, "too_few": False, "mean": answers.mean}
    return mean | {"satisfied": share_as_json(answers.satisfied)}


def _ages(ages: Counter[str]) -> dict[str, Any]:
    return {"open": ages.total(), "ages": {age: ages[age] for age in AGE_NAMES}}


def _approvals(told: Approvals) -> dict[str, Any]:
    counts = {"asked": told.asked, "granted": told.granted, "refused": told.refused}
    counts |= {"withdrawn": told.withdrawn, "waiting": told.waiting}
    return counts | {"answer_seconds": {"median": told.half, "p90": told.most}}


def _given(kinds: Mapping[str, Given]) -> dict[str, Any]:
    return {kind: {"times": each.times, "hundredths": dict(each.hundredths)} for kind, each in kinds.items()}


def _cause(name: str, count: CauseCount, figures: RecoveryFigures) -> dict[str, Any]:
    told = {"label": figures.labels.get(name, name), "count": count.now, "before": count.before}
    return told | {"again": share_as_json(figures.again.get(name, Share(0, 0)))}


def _repurchase(told: Repurchase) -> dict[str, Any]:
    first = {"days": WITHIN.days, "too_few": told.too_few, "fewest": FEWEST_OF_A_SIDE, "left_out": told.left_out}
    if told.too_few:
        return first | {"recovered": {"of": told.recovered.of}, "others": {"of": told.others.of}}
    interval = [told.interval.low, told.interval.high]
    sides = {"recovered": share_as_json(told.recovered), "others": share_as_json(told.others)}
    return first | sides | {"interval": interval}
