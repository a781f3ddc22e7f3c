"""What is wrong with policies/recovery.yaml, beside what its own shape says."""

from collections.abc import Collection, Iterator

from domain.blanks import names_in
from domain.definition import nearest
from domain.events import SAYS_WHETHER_TO_WRITE
from domain.policies import Policies
from domain.recovery_policy import Opens, Recovery
from domain.staff_checks import Found, Place, no_event, no_team, of_condition

RECOVERY, TEAMS, EVENTS, MESSAGING, CONTACT = "recovery", "teams", "events", "messaging", "contact"
# What our own cases do opens none, lest one opens the next.
OF_A_CASE = ("case_", "promise_")


def recovery_problems(policies: Policies, broken: Collection[str]) -> Iterator[Found]:
    """Yield the file, the place in it, and "what; what to do". What a `broken` file declares, nobody can know."""
    if policies.recovery is not None:
        yield from ((RECOVERY, place, what) for place, what in _problems(policies.recovery, policies, broken))


def _problems(policy: Recovery, policies: Policies, broken: Collection[str]) -> Iterator[tuple[Place, str]]:
    if TEAMS not in broken:
        yield from _of_people(policy, policies)
    if MESSAGING not in broken:
        yield from _of_messaging(policy, policies)
    for name, rule in policy.open.items():
        yield from ((("open", name, *place), what) for place, what in _of_rule(rule, policies, broken))
    if not {EVENTS, CONTACT} & set(broken):
        for number, graded in enumerate(policy.severity):
            yield from ((("severity", number, "when"), what) for what in of_condition(graded.when, None, policies))
    yield from _of_events(policy, policies, broken)
    yield from _of_remedies(policy)


def _of_people(policy: Recovery, policies: Policies) -> Iterator[tuple[Place, str]]:
    if policy.team not in policies.teams.teams:
        yield ("team",), no_team(policy.team, policies)
    owner = policy.learn.owner
    if owner is not None and policies.teams.key_of(owner) is None:
        people = set(policies.teams.people)
        yield ("learn", "owner"), f"person '{owner}' is not in policies/teams.yaml{nearest(owner, people)}"


def _of_messaging(policy: Recovery, policies: Policies) -> Iterator[tuple[Place, str]]:
    senders, endpoints = set(policies.messaging.senders), set(policies.messaging.webhooks)
    if policy.sender is not None and policy.sender not in senders:
        what = f"sender '{policy.sender}' is not in policies/messaging.yaml{nearest(policy.sender, senders)}"
        yield ("sender",), what
    for kind, remedied in policy.remedies.types.items():
        name = remedied.endpoint
        if name is not None and name not in endpoints:
            what = f"endpoint '{name}' is not in policies/messaging.yaml{nearest(name, endpoints)}"
            yield ("remedies", "types", kind, "endpoint"), what


def _of_rule(rule: Opens, policies: Policies, broken: Collection[str]) -> Iterator[tuple[Place, str]]:
    if EVENTS not in broken:
        yield from ((("on",), what) for what in no_event(rule.on, policies))
    if rule.on.startswith(OF_A_CASE):
        yield ("on",), f"'{rule.on}' is about a case itself; name another event, lest one opens the next"
    if TEAMS not in broken and rule.team is not None and rule.team not in policies.teams.teams:
        yield ("team",), no_team(rule.team, policies)
    if {EVENTS, CONTACT} & set(broken):
        return
    asked = [("when", rule.when)] if rule.when is not None else []
    asked += [("incident", f"has({rule.incident})")] if rule.incident is not None else []
    asked += [("title", f"has({path})") for path in names_in(rule.title)]
    for key, condition in asked:
        yield from (((key,), what) for what in of_condition(condition, rule.on, policies))


def _of_events(policy: Recovery, policies: Policies, broken: Collection[str]) -> Iterator[tuple[Place, str]]:
    if EVENTS in broken:
        return
    yield from ((("afterwards", "purchase"), what) for what in no_event(policy.afterwards.purchase, policies))
    for number, event in enumerate(policy.hold_events):
        yield from ((("hold_events", number), what) for what in no_event(event, policies))
        if event in SAYS_WHETHER_TO_WRITE or event.startswith(OF_A_CASE):
            yield ("hold_events", number), f"'{event}' counts at once, case or not; take it out"


def _of_remedies(policy: Recovery) -> Iterator[tuple[Place, str]]:
    known = set(policy.remedies.types)
    for number, band in enumerate(policy.remedies.bands):
        for each, kind in enumerate(band.offer):
            if kind not in known:
                what = f"'{kind}' is no remedy of `types`{nearest(kind, known)}"
                yield ("remedies", "bands", number, "offer", each), what
