"""Files become programs and policies, or a list of everything that is wrong with them.

Nothing here touches a disk: files come as a mapping of path and text, as they are published. All problems of all
files are found in one go.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from domain.calendars import Calendars
from domain.checks import Checking
from domain.definition import NAME, Header, nearest, read_again
from domain.forms import FormMapping
from domain.policies import ContactPolicy, EventsPolicy, Messaging, Policies
from domain.program import Program, Trigger
from domain.reading import Model, Reading, lay, validate
from domain.references import TemplatesKnown
from domain.steps.base import Step
from domain.tree import Keys, Problem, empties, line_of, locate, read_tree

SEQUENCES, POLICIES, FORMS = "sequences/", "policies/", "policies/forms/"
POLICY_FILES: dict[str, type[BaseModel]] = {
    "messaging": Messaging,
    "calendars": Calendars,
    "contact": ContactPolicy,
    "events": EventsPolicy,
}


@dataclass
class Loaded:
    """What could be loaded, and what is wrong with the rest."""

    programs: dict[str, Program] = field(default_factory=dict)
    policies: Policies = field(default_factory=Policies)
    problems: list[Problem] = field(default_factory=list)

    def errors(self) -> list[Problem]:
        """Return the problems that keep a file from being published."""
        return [problem for problem in self.problems if not problem.warning]


def load(files: Mapping[str, str], templates: TemplatesKnown, *, strict: bool = True) -> Loaded:
    """Load every sequence and policy of `files` (paths relative to the home, with `/`).

    Not `strict`, as in a simulation, an event or form that is declared nowhere is a warning.
    """
    loaded = Loaded()
    policies = load_policies(files, loaded.problems)
    loaded.policies = policies
    doubtful = frozenset(_sort_of(problem.path) for problem in loaded.errors())
    named: dict[str, str] = {}
    for path in sorted(files):
        if path.startswith(SEQUENCES) and path.endswith((".yaml", ".yml")):
            first = named.setdefault(_stem(path), path)
            if first != path:
                what = f"{first} is named '{_stem(path)}', too, and a sequence is named after its file; rename one"
                loaded.problems.append(Problem(path, 1, what))
            program, problems = load_sequence(path, files[path], policies, templates, doubtful, strict=strict)
            loaded.problems += problems
            if program is not None:
                loaded.programs[program.sequence] = program
    loaded.problems = sorted(set(loaded.problems))
    return loaded


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _sort_of(path: str) -> str:
    return "forms" if path.startswith(FORMS) else _stem(path)


def load_policies(files: Mapping[str, str], problems: list[Problem]) -> Policies:
    """Load the policy files; what is broken is left at its default and said."""
    found: dict[str, Any] = {}
    forms: dict[str, FormMapping] = {}
    trees: dict[str, Any] = {}
    for path in sorted(path for path in files if path.startswith(POLICIES)):
        name, model = _stem(path), _policy_at(path, problems)
        if model is None:
            continue
        trees[path], read = _read_model(path, files[path], model, problems)
        if isinstance(read, FormMapping):
            forms[name] = read
        elif read is not None:
            found[name] = read
    policies = Policies(forms=forms, **found)
    doubtful = {_sort_of(problem.path) for problem in problems}
    problems += [problem for problem in _strangers(policies, trees) if _sort_of(problem.path) not in doubtful]
    return policies


def _policy_at(path: str, problems: list[Problem]) -> type[BaseModel] | None:
    """Return the shape of the policy file at `path`; None where there is none, which is said."""
    name = _stem(path)
    if path.endswith(".yml"):
        problems.append(Problem(path, 1, f"policies end in .yaml, and this is not read; rename it to {name}.yaml"))
    elif path.endswith(".yaml") and path.startswith(FORMS):
        return FormMapping if _named_well(path, name, problems) else None
    elif path.endswith(".yaml") and name not in POLICY_FILES:
        problems.append(Problem(path, 1, f"there is no policy '{name}'{nearest(name, set(POLICY_FILES))}"))
    elif path.endswith(".yaml"):
        return POLICY_FILES[name]
    return None


def _strangers(policies: Policies, trees: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what one policy file names and another does not have."""
    path = f"{POLICIES}messaging.yaml"
    calendars = set(policies.calendars.calendars)
    for number, quiet in enumerate(policies.messaging.quiet):
        if quiet.calendar not in calendars and trees.get(f"{POLICIES}calendars.yaml", True) is not None:
            what = f"calendar '{quiet.calendar}' is not in policies/calendars.yaml{nearest(quiet.calendar, calendars)}"
            yield Problem(path, locate(trees[path], ("quiet", number, "calendar")), what)
    for name, mapping in policies.forms.items():
        path = f"{FORMS}{name}.yaml"
        for place, what in _strange_in_form(mapping, policies):
            yield Problem(path, locate(trees[path], place), what)


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


def _named_well(path: str, name: str, problems: list[Problem]) -> bool:
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
    problems += list(_gaps(path, tree, problems[before:]))
    sound = not wrong and len(problems) == before and read is not None
    return (tree, read) if sound else (None, None)


def _gaps(path: str, tree: Any, said: list[Problem]) -> Iterator[Problem]:
    """Yield every key without a value. Where a value may be left out, an empty one would silently mean just that."""
    lines = {problem.line for problem in said}
    for keys, key in empties(tree):
        if line_of(keys, key) not in lines:
            yield Problem(path, line_of(keys, key), f"'{key}' has no value; write one, or delete the line")


def load_sequence(
    path: str,
    text: str,
    policies: Policies,
    templates: TemplatesKnown,
    doubtful: frozenset[str] = frozenset(),
    *,
    strict: bool = True,
) -> tuple[Program | None, list[Problem]]:
    """Load one sequence; the program is None when there is an error. `doubtful` are the policies that have errors."""
    problems: list[Problem] = []
    name = _stem(path)
    _named_well(path, name, problems)
    tree, wrong = read_tree(path, text)
    problems += wrong
    if not isinstance(tree, Keys):
        if tree is not None:
            problems.append(Problem(path, 1, "a sequence is keys and values; begin with 'description:' and 'steps:'"))
        return None, problems
    header = _read_header(path, tree, problems)
    reading = Reading(path, problems)
    steps = reading.steps(tree)
    reading.name_steps(steps.steps, "")
    flat: dict[str, Step] = {}
    first = lay(steps.steps, None, flat)
    checking = Checking(
        path,
        tree,
        header,
        flat,
        first,
        reading.lines,
        policies,
        templates,
        whole=not reading.broken,
        doubtful=doubtful,
        strict=strict,
    )
    problems += checking.check()
    problems += list(_gaps(path, tree, problems))
    if any(not problem.warning for problem in problems):
        return None, problems
    return _program(name, header, flat, first, marketing=checking.is_marketing()), problems


def _read_header(path: str, tree: Keys, problems: list[Problem]) -> Header:
    """Read everything but the steps. What is wrong is said and left out, so that the rest can be checked."""
    rest = _without(tree, {"steps"})
    header = validate(path, rest, Header, problems, None)
    if header is None:
        header = validate(path, _without(rest, _keys_with_errors(rest)), Header, [], None)
    return header or Header()


def _keys_with_errors(tree: Keys) -> set[str]:
    try:
        Header.model_validate(tree, extra="forbid")
    except ValidationError as error:
        return {str(each["loc"][0]) for each in error.errors() if each["loc"]}
    return set()


def _without(tree: Keys, left_out: set[str]) -> Keys:
    rest = Keys({key: value for key, value in tree.items() if key not in left_out})
    rest.line, rest.lines = tree.line, tree.lines
    return rest


def _program(name: str, header: Header, flat: dict[str, Step], first: str | None, *, marketing: bool) -> Program:
    program = Program(
        sequence=name,
        marketing=marketing,
        again=read_again(header.enter.again),
        enter=_plain(header.enter.on),
        when=header.enter.when,
        per=header.enter.per,
        goal=_plain(header.goal),
        exit=_plain(header.exit),
        first=first,
        steps=flat,
        **header.model_dump(exclude={"enter", "goal", "exit"}),
    )
    # Once through JSON: a program is the same value whether it comes from a file, the database or a history.
    return Program.load(program.model_dump(mode="json"))


def _plain(triggers: Iterable[Trigger]) -> tuple[Trigger, ...]:
    return tuple(Trigger.model_validate(trigger.model_dump()) for trigger in triggers)
