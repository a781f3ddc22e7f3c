"""What is wrong with policies/teams.yaml and policies/follow-ups.yaml, beside what their own shapes say."""

import re
from collections.abc import Collection, Iterator, Mapping
from email.utils import parseaddr

from domain.blanks import names_in
from domain.conditions import Names, check, paths
from domain.definition import nearest
from domain.follow_up_policy import FollowUpsPolicy, Rule, Terms
from domain.policies import Policies
from domain.teams import Person

Place = tuple[str | int, ...]
Found = tuple[str, Place, str]
TEAMS, FOLLOW_UPS, MESSAGING = "teams", "follow-ups", "messaging"
LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
OF_A_RUN = ("run", "matched", "calls", "outcome")


def staff_problems(policies: Policies, broken: Collection[str]) -> Iterator[Found]:
    """Yield the file, the place in it, and "what; what to do". What a `broken` file declares, nobody can know."""
    yield from _of_teams(policies, broken)
    yield from ((FOLLOW_UPS, place, what) for place, what in _of_follow_ups(policies, broken))
    task = policies.messaging.replies.task
    if task is not None and TEAMS not in broken and task.team not in policies.teams.teams:
        yield MESSAGING, ("replies", "task", "team"), no_team(task.team, policies)
    if task is not None and FOLLOW_UPS not in broken and task.policy is not None:
        yield from ((MESSAGING, ("replies", "task", "policy"), what) for what in _no_policy(task.policy, policies))


def _of_teams(policies: Policies, broken: Collection[str]) -> Iterator[Found]:
    people, calendars = set(policies.teams.people), set(policies.calendars.calendars)
    for place, key in policies.teams.strangers():
        yield TEAMS, place, f"person '{key}' is not in `people`{nearest(key, people)}"
    yield from ((TEAMS, place, what) for place, what in _of_people(policies.teams.people))
    for place, name in policies.teams.calendars():
        if "calendars" not in broken and name not in calendars:
            yield TEAMS, place, f"calendar '{name}' is not in policies/calendars.yaml{nearest(name, calendars)}"


def _of_people(people: Mapping[str, Person]) -> Iterator[tuple[Place, str]]:
    first: dict[str, str] = {}
    for key, person in people.items():
        if person.deputy == key:
            yield ("people", key, "deputy"), f"'{key}' cannot stand in for themselves; name somebody else"
        # Whose answer it is, and who acts, is found by address.
        other = first.setdefault(parseaddr(person.email)[1].casefold(), key)
        if other != key:
            yield ("people", key, "email"), f"'{other}' has this address, too; give each their own"
        for number, language in enumerate(person.languages):
            if not LANGUAGE.fullmatch(language):
                what = f"'{language}' is no language as contacts have them; write de, en or fr"
                yield ("people", key, "languages", number), what


def _of_follow_ups(policies: Policies, broken: Collection[str]) -> Iterator[tuple[Place, str]]:
    known: FollowUpsPolicy = policies.follow_ups
    if known.default not in known.known():
        yield from ((("default",), what) for what in _no_policy(known.default, policies))
    for name, terms in known.policies.items():
        yield from ((("policies", name, *place), what) for place, what in _of_terms(terms, policies, broken))
    for name, rule in known.open.items():
        yield from ((("open", name, *place), what) for place, what in _of_rule(rule, policies, broken))


def _of_terms(terms: Terms, policies: Policies, broken: Collection[str]) -> Iterator[tuple[Place, str]]:
    for event, move in terms.on.items():
        if "events" not in broken:
            yield from ((("on", event), what) for what in no_event(event, policies))
        if move.outcome is not None and move.do != "complete":
            yield ("on", event, "outcome"), "what is not completed has no outcome; delete it, or write 'do: complete'"
    skills = {skill for person in policies.teams.people.values() for skill in person.skills}
    for number, skill in enumerate(terms.skills):
        if TEAMS not in broken and skill not in skills:
            yield ("skills", number), f"nobody in policies/teams.yaml has the skill '{skill}'{nearest(skill, skills)}"


def _of_rule(rule: Rule, policies: Policies, broken: Collection[str]) -> Iterator[tuple[Place, str]]:
    if "events" not in broken:
        yield from ((("on",), what) for what in no_event(rule.on, policies))
    if rule.on.startswith("task_"):
        yield (
            ("on",),
            f"'{rule.on}' is about a follow-up itself; name another event, lest one opens the next",
        )
    if TEAMS not in broken and rule.team not in policies.teams.teams:
        yield ("team",), no_team(rule.team, policies)
    if TEAMS not in broken and rule.owner is not None and policies.teams.key_of(rule.owner) is None:
        people = set(policies.teams.people)
        yield ("owner",), f"person '{rule.owner}' is not in policies/teams.yaml{nearest(rule.owner, people)}"
    if rule.policy is not None:
        yield from ((("policy",), what) for what in _no_policy(rule.policy, policies))
    if rule.when is not None:
        yield from ((("when",), what) for what in of_condition(rule.when, rule.on, policies))
    for path in names_in(rule.title) if not {"events", "contact"} & set(broken) else ():
        yield from ((("title",), what) for what in of_condition(f"has({path})", rule.on, policies))


def of_condition(condition: str, event: str | None, policies: Policies) -> Iterator[str]:
    """Yield what is wrong with a condition that is asked outside of any run; `event` None is any event."""
    for path in paths(condition):
        if path.partition(".")[0] in OF_A_RUN:
            yield f"a rule knows no run, so there is no {path}; ask the contact, or the event"
    fields = policies.event_fields().get(event) if event is not None else None
    names = Names(
        contact_fields=policies.contact_fields(),
        event_fields=None if event is None or fields is None else {event: fields},
        events=frozenset(policies.event_fields()),
        segments=frozenset(policies.segments.segments),
        topics=frozenset(policies.messaging.topics),
        allow_event=True,
        # A form's answers are fields of its event, and stand in its mapping.
        any_event_fields=event in (None, "form_submitted"),
    )
    yield from check(condition, names)


def no_event(event: str, policies: Policies) -> Iterator[str]:
    """Yield what is wrong with the name of an event."""
    known = set(policies.event_fields())
    if event not in known:
        yield f"event '{event}' is not declared in policies/events.yaml{nearest(event, known)}"


def _no_policy(name: str, policies: Policies) -> Iterator[str]:
    known = set(policies.follow_ups.known())
    if name not in known:
        yield f"there is no policy '{name}' in policies/follow-ups.yaml{nearest(name, known)}"


def no_team(team: str, policies: Policies) -> str:
    """Return what is said of a team that nobody knows."""
    return f"team '{team}' is not in policies/teams.yaml{nearest(team, set(policies.teams.teams))}"
