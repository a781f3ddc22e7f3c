"""What is wrong with policies/scoring.yaml, beside what its own shape says.

Who they are is asked of the contact alone, what they did of the event alone. So a score is the same whoever works it
out, and whenever: it can be worked out again from the timeline, and no event has to ask for everybody's past.
"""

import re
from collections.abc import Iterator

from domain.conditions import FUNCTIONS, Names, check, functions_used, paths
from domain.definition import nearest
from domain.events import SCORE_REACHED
from domain.policies import Policies
from domain.scoring_policy import EngagementTerm, FitTerm, Scoring

Place = tuple[str | int, ...]
# As conditions are written: event.threshold == 'hot'.
_THRESHOLD = re.compile(r"(?<![.\w])event\s*\.\s*threshold\s*[!=]=\s*(['\"])(.*?)\1")
# What does not ask for what they did.
_OF_FIELDS = frozenset({"days_since"})


def scoring_problems(policies: Policies) -> Iterator[tuple[Place, str]]:
    """Yield where in the file something is wrong, and "what; what to do"."""
    if policies.scoring is None:
        return
    for number, fit in enumerate(policies.scoring.fit):
        yield from ((("fit", number, "when"), what) for what in _of_fit(fit, policies))
    for number, term in enumerate(policies.scoring.engagement):
        yield from ((("engagement", number, key), what) for key, what in _of_engagement(term, policies))
    yield from _out_of_reach(policies.scoring)


def threshold_problems(where: str | None, policies: Policies) -> Iterator[tuple[str, str]]:
    """Yield "where", or an empty key, and what is wrong with waiting for a threshold: nobody would ever reach it."""
    known = set(policies.scoring.thresholds) if policies.scoring is not None else set()
    if not known:
        yield "", f"{SCORE_REACHED} never happens: policies/scoring.yaml has no thresholds; write some there"
        return
    for _, name in _THRESHOLD.findall(where or ""):
        if name not in known:
            yield "where", f"there is no threshold '{name}' in policies/scoring.yaml{nearest(name, known)}"


def _of_fit(term: FitTerm, policies: Policies) -> Iterator[str]:
    names = Names(
        contact_fields=policies.contact_fields(),
        events=frozenset(policies.event_fields()),
        segments=frozenset(policies.segments.segments),
        topics=frozenset(policies.messaging.topics),
    )
    for path in paths(term.when):
        if path == "contact.score":
            yield "a score cannot ask for itself; ask for another field of the contact"
        elif path.partition(".")[0] in ("run", "matched", "calls", "outcome"):
            yield f"a score knows no run, so there is no {path}; ask for a field of the contact"
    asked = [name for name in functions_used(term.when) if name in FUNCTIONS and name not in _OF_FIELDS]
    for name in asked:
        yield f"fit asks who they are, and {name}() what they did; ask for a field, or add a term to 'engagement'"
    yield from check(term.when, names)


def _of_engagement(term: EngagementTerm, policies: Policies) -> Iterator[tuple[str, str]]:
    known = policies.event_fields()
    if term.event == SCORE_REACHED:
        yield "event", f"a score cannot hang on {SCORE_REACHED}, which it makes itself; name another event"
    elif term.event not in known:
        yield "event", f"event '{term.event}' is not in policies/events.yaml{nearest(term.event, set(known))}"
    elif term.when is not None:
        yield from (("when", what) for what in _of_event(term.when, term.event, policies))


def _of_event(condition: str, event: str, policies: Policies) -> Iterator[str]:
    """Yield what is wrong with the condition of a term: it may ask what came along with the event, and nothing else."""
    own = policies.events.events.get(event)
    closed = own is not None and bool(own.fields)
    fields = {event: policies.event_fields()[event]} if closed else None
    names = Names(
        contact_fields=policies.contact_fields(),
        event_fields=fields,
        any_event_fields=not closed,
        allow_event=True,
        events=frozenset(policies.event_fields()),
    )
    strangers = [path for path in paths(condition) if path.partition(".")[0] != "event"]
    strangers += [f"{name}()" for name in functions_used(condition) if name in FUNCTIONS]
    for name in strangers:
        yield f"a term of 'engagement' asks the event alone, not {name}; ask event.FIELD, or put it below 'fit'"
    if not strangers:
        yield from check(condition, names)


def _out_of_reach(scoring: Scoring) -> Iterator[tuple[Place, str]]:
    """Yield the bars nobody can ever reach: they ask for more than all terms together give."""
    fit = sum(max(term.points, 0) for term in scoring.fit)
    parts = [term.most if term.points > 0 else 0 for term in scoring.engagement]
    most = None if any(each is None for each in parts) else sum(filter(None, parts))
    for name, bar in scoring.thresholds.items():
        if bar.fit is not None and bar.fit > fit:
            what = f"nobody has a fit of {bar.fit}: all terms together give {fit}; write at most that"
            yield ("thresholds", name, "fit"), what
        if most is not None and bar.engagement is not None and bar.engagement > most:
            what = f"nobody has an engagement of {bar.engagement}: all terms together give {most}; write at most that"
            yield ("thresholds", name, "engagement"), what
        if most is not None and bar.score > fit + most:
            what = f"nobody has a score of {bar.score}: all terms together give {fit + most}; write at most that"
            yield ("thresholds", name, "score"), what
