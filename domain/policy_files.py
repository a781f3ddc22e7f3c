"""Files below policies/ become policies, or a list of everything that is wrong with them.

What is broken is left at its default and said; what one policy names and another does not have is said, too, unless the
other is broken.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from domain.business_time import NeverCloses, next_closing
from domain.calendars import Calendar, Calendars
from domain.definition import NAME, nearest
from domain.follow_up_policy import FollowUpsPolicy
from domain.forms import FormMapping
from domain.policies import ContactPolicy, EventsPolicy, Messaging, Policies, SegmentsPolicy
from domain.reading import Model, validate
from domain.recovery_checks import recovery_problems
from domain.recovery_policy import Recovery
from domain.scoring_checks import scoring_problems
from domain.scoring_policy import Scoring
from domain.segment_checks import segment_problems
from domain.staff_checks import staff_problems
from domain.standing import WEBHOOK
from domain.survey_policy import Surveys
from domain.teams import TeamsPolicy
from domain.throttles import ANY_WAY_OUT
from domain.tree import Problem, empties, line_of, locate, read_tree

POLICIES, FORMS = "policies/", "policies/forms/"
ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
POLICY_FILES: dict[str, type[BaseModel]] = {
    "messaging": Messaging,
    "calendars": Calendars,
    "contact": ContactPolicy,
    "events": EventsPolicy,
    "segments": SegmentsPolicy,
    "scoring": Scoring,
    "teams": TeamsPolicy,
    "follow-ups": FollowUpsPolicy,
    "recovery": Recovery,
    "surveys": Surveys,
}


def stem(path: str) -> str:
    """Return what a file is named, without folder and ending: that is the name of what it holds."""
    return path.rpartition("/")[2].rpartition(".")[0]


def sort_of(path: str) -> str:
    """Return which policy a path below policies/ belongs to; all forms are one."""
    return "forms" if path.startswith(FORMS) else stem(path)


def load_policies(files: Mapping[str, str], problems: list[Problem]) -> Policies:
    """Load the policy files; what is broken is left at its default and said."""
    found: dict[str, Any] = {}
    forms: dict[str, FormMapping] = {}
    trees: dict[str, Any] = {}
    for path in sorted(path for path in files if path.startswith(POLICIES)):
        name, model = stem(path), _policy_at(path, problems)
        if model is None:
            continue
        trees[path], read = _read_model(path, files[path], model, problems)
        if isinstance(read, FormMapping):
            forms[name] = read
        elif read is not None:
            found[name.replace("-", "_")] = read
    policies = Policies(forms=forms, **found)
    doubtful = {sort_of(problem.path) for problem in problems}
    sequences = frozenset(stem(path) for path in files if path.startswith("sequences/"))
    strangers = [*_strangers(policies, trees), *_strange_throttles(policies, trees, sequences)]
    problems += [problem for problem in strangers if sort_of(problem.path) not in doubtful]
    return policies


def _policy_at(path: str, problems: list[Problem]) -> type[BaseModel] | None:
    """Return the shape of the policy file at `path`; None where there is none, which is said."""
    name = stem(path)
    if path.endswith(".yml"):
        problems.append(Problem(path, 1, f"policies end in .yaml, and this is not read; rename it to {name}.yaml"))
    elif path.endswith(".yaml") and path.startswith(FORMS):
        return FormMapping if named_well(path, name, problems) else None
    elif path.endswith(".yaml") and name not in POLICY_FILES:
        problems.append(Problem(path, 1, f"there is no policy '{name}'{nearest(name, set(POLICY_FILES))}"))
    elif path.endswith(".yaml"):
        return POLICY_FILES[name]
    return None


def _strangers(policies: Policies, trees: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what one policy file names and another does not have."""
    path = f"{POLICIES}messaging.yaml"
    if trees.get(f"{POLICIES}calendars.yaml", True) is not None:
        for place, what in _strange_times(policies):
            yield Problem(path, locate(trees[path], place), what)
    broken = {stem(each) for each, tree in trees.items() if tree is None}
    for name, place, what in (*staff_problems(policies, broken), *recovery_problems(policies, broken)):
        yield Problem(f"{POLICIES}{name}.yaml", locate(trees[f"{POLICIES}{name}.yaml"], place), what)
    path = f"{POLICIES}segments.yaml"
    for name, what in segment_problems(policies):
        yield Problem(path, locate(trees[path], ("segments", name, "when")), what)
    path = f"{POLICIES}scoring.yaml"
    for place, what in scoring_problems(policies):
        yield Problem(path, locate(trees[path], place), what)
    for name, mapping in policies.forms.items():
        path = f"{FORMS}{name}.yaml"
        for place, what in _strange_in_form(mapping, policies):
            yield Problem(path, locate(trees[path], place), what)


def _strange_times(policies: Policies) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield what messages would wait for, and no calendar tells when it comes."""
    calendars = policies.calendars.calendars
    for number, quiet in enumerate(policies.messaging.quiet):
        place = ("quiet", number, "calendar")
        if quiet.calendar not in calendars:
            nearby = nearest(quiet.calendar, set(calendars))
            yield place, f"calendar '{quiet.calendar}' is not in policies/calendars.yaml{nearby}"
        elif _never_closes(calendars[quiet.calendar]):
            yield place, f"calendar '{quiet.calendar}' never closes, so nothing would ever be sent; write its hours"
    for class_, span in policies.messaging.expires.items():
        if span.is_business and policies.calendars.default is None:
            what = f"'{span}' has no calendar to be counted on; write days, or a 'default' in policies/calendars.yaml"
            yield ("expires", class_), what


def _never_closes(calendar: Calendar) -> bool:
    try:
        next_closing(ANY_DAY, calendar, ZoneInfo("UTC"))
    except NeverCloses:
        return True
    return False


def _strange_throttles(policies: Policies, trees: Mapping[str, Any], sequences: frozenset[str]) -> Iterator[Problem]:
    """Yield what throttles name and nobody else does: such a one would never count anything."""
    path = f"{POLICIES}messaging.yaml"
    ours = {parseaddr(each.from_)[1].lower() for each in policies.messaging.senders.values()}
    for number, each in enumerate(policies.messaging.throttles):
        place = ("throttles", number, each.scope)
        if each.sequence is not None and sequences and each.sequence not in sequences:
            what = f"sequence '{each.sequence}' is not in sequences/{nearest(each.sequence, set(sequences))}"
            yield Problem(path, locate(trees[path], place), what)
        endpoints = {ANY_WAY_OUT, *policies.messaging.webhooks}
        if each.channel == WEBHOOK and each.provider is not None and each.provider not in endpoints:
            what = f"there is no endpoint '{each.provider}' below 'webhooks'{nearest(each.provider, endpoints)}"
            yield Problem(path, locate(trees[path], place), what)
        if each.mailbox is not None and each.mailbox not in ours:
            what = f"no sender writes from '{each.mailbox}'{nearest(each.mailbox, ours)}"
            yield Problem(path, locate(trees[path], place), what, warning=True)


def _strange_in_form(mapping: FormMapping, policies: Policies) -> Iterator[tuple[tuple[str | int, ...], str]]:
    topics = set(policies.messaging.topics)
    for number, consent in enumerate(mapping.consent):
        if consent.topic not in topics:
            what = f"topic '{consent.topic}' is not in policies/messaging.yaml{nearest(consent.topic, topics)}"
            yield ("consent", number, "topic"), what
    for name in mapping.fields:
        if name not in policies.contact_fields():
            what = f"a contact has no field '{name}'{nearest(name, policies.contact_fields())}"
            yield ("fields", name), what


def named_well(path: str, name: str, problems: list[Problem]) -> bool:
    """Whether a file's name can be a name; if not, that is said."""
    if NAME.fullmatch(name):
        return True
    problems.append(Problem(path, 1, f"'{name}' cannot be a name; use small letters, digits and -, at most 64"))
    return False


def _read_model(path: str, text: str, model: type[Model], problems: list[Problem]) -> tuple[Any, Model | None]:
    """Return the tree of a policy file and its model; the tree is None where the file cannot be relied on."""
    tree, wrong = read_tree(path, text)
    problems += wrong
    if tree is None:
        return None, None
    before = len(problems)
    read = validate(path, tree, model, problems, None)
    problems += list(gaps(path, tree, problems[before:]))
    sound = not wrong and len(problems) == before and read is not None
    return (tree, read) if sound else (None, None)


def gaps(path: str, tree: Any, said: list[Problem]) -> Iterator[Problem]:
    """Yield every key without a value. Where a value may be left out, an empty one would silently mean just that."""
    lines = {problem.line for problem in said}
    for keys, key in empties(tree):
        if line_of(keys, key) not in lines:
            yield Problem(path, line_of(keys, key), f"'{key}' has no value; write one, or delete the line")
