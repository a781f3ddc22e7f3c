"""Files become programs and policies (`domain/policy_files.py`), or a list of everything that is wrong with them.

Nothing here touches a disk: files come as a mapping of path and text, as they are published. All problems of all
files are found in one go.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from domain.checks import Checking
from domain.circles import circles
from domain.confirming import unconfirmed
from domain.definition import Header
from domain.entrance import read_again
from domain.policies import Policies
from domain.policy_files import gaps, load_policies, named_well, sort_of, stem
from domain.program import Program, Trigger
from domain.reading import Reading, lay, validate
from domain.references import TemplatesKnown
from domain.shares import read_share
from domain.steps.base import Step
from domain.tree import Keys, Problem, locate, read_tree

SEQUENCES = "sequences/"


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
    doubtful = frozenset(sort_of(problem.path) for problem in loaded.errors())
    named: dict[str, str] = {}
    paths = [path for path in sorted(files) if path.startswith(SEQUENCES) and path.endswith((".yaml", ".yml"))]
    sequences = frozenset(map(stem, paths))
    for path in paths:
        first = named.setdefault(stem(path), path)
        if first != path:
            what = f"{first} is named '{stem(path)}', too, and a sequence is named after its file; rename one"
            loaded.problems.append(Problem(path, 1, what))
        program, problems = load_sequence(
            path, files[path], policies, templates, doubtful, strict=strict, sequences=sequences
        )
        loaded.problems += problems
        if program is not None:
            loaded.programs[program.sequence] = program
    loaded.problems += unconfirmed(files, policies, loaded.programs, templates)
    loaded.problems = sorted({*loaded.problems, *_refuse_circles(loaded, {stem(path): path for path in paths}, files)})
    return loaded


def _refuse_circles(loaded: Loaded, paths: Mapping[str, str], files: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what is wrong with sequences that start each other for ever, and leave them out."""
    for name, step, way in list(circles(loaded.programs)):
        path = paths[name]
        tree, _ = read_tree(path, files[path])
        assert isinstance(tree, Keys), "it was loaded"
        reading = Reading(path, [])
        reading.name_steps(reading.steps(tree).steps, "")
        round_and_round = " → ".join(way)
        what = f"nobody waits on the way {round_and_round}, so it would go round for ever; "
        yield Problem(path, locate(reading.lines[step], ("start",)), what + "put a wait in, or write 'again: never'")
        loaded.programs.pop(name, None)


def load_sequence(
    path: str,
    text: str,
    policies: Policies,
    templates: TemplatesKnown,
    doubtful: frozenset[str] = frozenset(),
    *,
    strict: bool = True,
    sequences: frozenset[str] | None = None,
) -> tuple[Program | None, list[Problem]]:
    """Load one sequence; the program is None when there is an error. `doubtful` are the policies that have errors."""
    problems: list[Problem] = []
    name = stem(path)
    named_well(path, name, problems)
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
        sequences=sequences,
    )
    problems += checking.check()
    problems += list(gaps(path, tree, problems))
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
        holdout=read_share(header.enter.holdout),
        holdout_salt=header.enter.salt,
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
