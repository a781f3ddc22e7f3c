"""Files become programs and policies, or a list of everything that is wrong with them.

Nothing here touches a disk: files come as a mapping of path and text, as they are published. All problems of all
files are found in one go.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from domain.calendars import Calendars
from domain.checks import Checking, TemplatesKnown
from domain.definition import NAME, Header, nearest, phrase, read_again
from domain.forms import FormMapping
from domain.policies import ContactPolicy, EventsPolicy, Messaging, Policies
from domain.program import Program, Trigger
from domain.steps.base import Block, Step
from domain.tree import Items, Keys, Problem, line_of, locate, read_tree

Model = TypeVar("Model", bound=BaseModel)

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


def load(files: Mapping[str, str], templates: TemplatesKnown) -> Loaded:
    """Load every sequence and policy of `files` (paths relative to the home, with `/`)."""
    loaded = Loaded()
    policies = load_policies(files, loaded.problems)
    loaded.policies = policies
    for path in sorted(files):
        if path.startswith(SEQUENCES) and path.endswith((".yaml", ".yml")):
            program, problems = load_sequence(path, files[path], policies, templates)
            loaded.problems += problems
            if program is not None:
                loaded.programs[program.sequence] = program
    loaded.problems.sort()
    return loaded


def load_policies(files: Mapping[str, str], problems: list[Problem]) -> Policies:
    """Load the policy files; what is broken is left at its default and said."""
    found: dict[str, Any] = {}
    forms: dict[str, FormMapping] = {}
    for path in sorted(path for path in files if path.startswith(POLICIES) and path.endswith(".yaml")):
        name = path.rpartition("/")[2].removesuffix(".yaml")
        if path.startswith(FORMS):
            mapping = _read_model(path, files[path], FormMapping, problems)
            if mapping is not None and _named_well(path, name, problems):
                forms[name] = mapping
        elif name in POLICY_FILES:
            found[name] = _read_model(path, files[path], POLICY_FILES[name], problems)
        else:
            problems.append(Problem(path, 1, f"there is no policy '{name}'{nearest(name, set(POLICY_FILES))}"))
    policies = Policies(forms=forms, **{name: model for name, model in found.items() if model is not None})
    return _without_strange_calendars(policies, problems)


def _without_strange_calendars(policies: Policies, problems: list[Problem]) -> Policies:
    known = frozenset(policies.calendars.calendars)
    for quiet in policies.messaging.quiet:
        if quiet.calendar not in known:
            what = f"there is no calendar '{quiet.calendar}'{nearest(quiet.calendar, known)}"
            problems.append(Problem("policies/messaging.yaml", 1, what))
    for name, mapping in policies.forms.items():
        for consent in mapping.consent:
            if consent.topic not in policies.messaging.topics:
                what = f"there is no topic '{consent.topic}'{nearest(consent.topic, set(policies.messaging.topics))}"
                problems.append(Problem(f"{FORMS}{name}.yaml", 1, what))
    return policies


def _named_well(path: str, name: str, problems: list[Problem]) -> bool:
    if NAME.fullmatch(name):
        return True
    problems.append(Problem(path, 1, f"'{name}' cannot be a name; use small letters, digits and -, at most 64"))
    return False


def _read_model(path: str, text: str, model: type[Model], problems: list[Problem]) -> Model | None:
    tree, wrong = read_tree(path, text)
    problems += wrong
    if tree is None or wrong:
        return None
    return _validate(path, tree, model, problems, None)


def _validate(path: str, tree: Any, model: type[Model], problems: list[Problem], context: Any) -> Model | None:
    try:
        return model.model_validate(tree, extra="forbid", context=context)
    except ValidationError as error:
        for each in error.errors():
            place = tuple(each["loc"])
            beside = _keys_at(model, place[:-1])
            problems.append(Problem(path, locate(tree, place), phrase(each, beside)))
        return None


def _keys_at(model: type[BaseModel], place: tuple[str | int, ...]) -> frozenset[str]:
    """Return the keys a model knows at a place, as far as its fields tell."""
    for key in place:
        info = model.model_fields.get(str(key))
        inner = info.annotation if info is not None else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return frozenset() if info is not None or isinstance(key, str) else frozenset(_aliases(model))
        model = inner
    return frozenset(_aliases(model))


def _aliases(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]


def load_sequence(
    path: str, text: str, policies: Policies, templates: TemplatesKnown
) -> tuple[Program | None, list[Problem]]:
    """Load one sequence; the program is None when there is an error."""
    problems: list[Problem] = []
    name = path.rpartition("/")[2].rpartition(".")[0]
    _named_well(path, name, problems)
    tree, wrong = read_tree(path, text)
    problems += wrong
    if not isinstance(tree, Keys):
        if tree is not None:
            problems.append(Problem(path, 1, "a sequence is keys and values; begin with 'description:' and 'steps:'"))
        return None, problems
    rest = Keys({key: value for key, value in tree.items() if key != "steps"})
    rest.line, rest.lines = tree.line, tree.lines
    header = _validate(path, rest, Header, problems, None)
    reading = Reading(path, problems)
    steps = reading.steps(tree)
    if header is None or reading.broken:
        return None, problems
    return _compile(path, tree, name, header, steps, reading, policies, templates)


def _compile(
    path: str,
    tree: Keys,
    name: str,
    header: Header,
    steps: Block,
    reading: "Reading",
    policies: Policies,
    templates: TemplatesKnown,
) -> tuple[Program | None, list[Problem]]:
    reading.name_steps(steps.steps, "")
    flat: dict[str, Step] = {}
    first = lay(steps.steps, None, flat)
    checking = Checking(path, tree, header, flat, first, reading.lines, policies, templates)
    reading.problems += checking.check()
    if any(not problem.warning for problem in reading.problems):
        return None, reading.problems
    program = Program(
        sequence=name,
        marketing=checking.is_marketing(),
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
    return Program.load(program.model_dump(mode="json")), reading.problems


def _plain(triggers: tuple[Trigger, ...]) -> tuple[Trigger, ...]:
    return tuple(Trigger.model_validate(trigger.model_dump()) for trigger in triggers)


def lay(steps: tuple[Step, ...], after: str | None, flat: dict[str, Step]) -> str | None:
    """Lay steps out flat, each knowing what stands behind it; return the id of the first, else `after`."""
    for step in reversed(steps):
        step.next = after
        for block in step.blocks():
            block.first = lay(block.steps, after, flat)
        after = step.id
    flat.update({step.id: step for step in steps})
    return after


class Reading:
    """Reads the steps of one file, noting where each stands."""

    def __init__(self, path: str, problems: list[Problem]) -> None:
        self.path, self.problems, self.broken = path, problems, False
        self.trees: dict[int, Keys] = {}
        self.lines: dict[str, Keys] = {}

    def say(self, line: int, what: str) -> None:
        self.broken = True
        self.problems.append(Problem(self.path, line, what))

    def steps(self, tree: Keys) -> Block:
        """Read the steps of a sequence."""
        written = tree.get("steps")
        if not isinstance(written, Items):
            what = "'steps' is missing; add it" if "steps" not in tree else "'steps' should be a list; begin with '- '"
            self.say(line_of(tree, "steps"), what)
            return Block()
        return self.block(written)

    def block(self, items: list[Any]) -> Block:
        """Read a list of steps; a broken one is said and left out."""
        found = [self._step(item, line_of(items, place)) for place, item in enumerate(items)]
        return Block(steps=tuple(step for step in found if step is not None))

    def _step(self, written: Any, line: int) -> Step | None:
        if not isinstance(written, Keys):
            self.say(line, "this is not a step; write 'kind: …', for example 'send: welcome/hello'")
            return None
        kinds = [key for key in written if key in Step.kinds]
        if len(kinds) != 1:
            self._say_kind(written, kinds)
            return None
        model = Step.kinds[kinds[0]]
        for key in [key for key in written if key not in model.keys()]:
            self.say(line_of(written, key), f"'{kinds[0]}' has no '{key}'{nearest(key, model.keys())}")
        return self._validated(model, written)

    def _validated(self, model: type[Step], written: Keys) -> Step | None:
        known = Keys({key: value for key, value in written.items() if key in model.keys()})
        known.line, known.lines = written.line, written.lines
        before = len(self.problems)
        step = _validate(self.path, known, model, self.problems, self)
        if step is None:
            self.broken = True
            self._explain(model, before)
            return None
        self.trees[id(step)] = written
        return step

    def _explain(self, model: type[Step], before: int) -> None:
        for place, problem in enumerate(self.problems[before:], before):
            if model.kind == "wait_for" and problem.what.startswith("'up_to' is missing"):
                what = "'wait_for' needs 'up_to'; write a span, or 'forever' if you mean it"
                self.problems[place] = Problem(self.path, problem.line, what)

    def _say_kind(self, written: Keys, kinds: list[str]) -> None:
        if kinds:
            self.say(line_of(written, kinds[1]), f"a step has one kind, this has {' and '.join(kinds)}; make it two steps")
            return
        common = Step.keys()
        strange = [key for key in written if key not in common]
        word = strange[0] if strange else "nothing"
        self.say(line_of(written, word), f"there is no step kind '{word}'{nearest(word, frozenset(Step.kinds))}")

    def name_steps(self, steps: tuple[Step, ...], prefix: str) -> None:
        """Give every step without one an id: a send is named after its template, others after kind and place."""
        taken: set[str] = set()
        self._take_written(steps, taken)
        self._name(steps, prefix, taken)

    def _take_written(self, steps: tuple[Step, ...], taken: set[str]) -> None:
        for step in steps:
            tree = self.trees[id(step)]
            if step.id:
                line = line_of(tree, "id")
                if not NAME.fullmatch(step.id):
                    self.say(line, f"'{step.id}' cannot be an id; use small letters, digits and -, at most 64")
                if step.id in taken:
                    self.say(line, f"two steps have the id '{step.id}'; rename one")
                taken.add(step.id)
                self.lines[step.id] = tree
            for block in step.blocks():
                self._take_written(block.steps, taken)

    def _name(self, steps: tuple[Step, ...], prefix: str, taken: set[str]) -> None:
        for number, step in enumerate(steps, 1):
            if not step.id:
                step.id = _free(step.name() or f"{prefix}{step.kind}-{number}", taken)
                taken.add(step.id)
                self.lines[step.id] = self.trees[id(step)]
            for place, block in enumerate(step.blocks(), 1):
                self._name(block.steps, f"{step.id}.{place}.", taken)


def _free(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted}-{number}" in taken:
        number += 1
    return f"{wanted}-{number}"
