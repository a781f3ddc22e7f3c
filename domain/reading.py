"""The steps of one file, read: each with its id and the line it stands on, laid out flat.

A broken step is said and left out; what is said of a step points to the key or the value that is wrong.
"""

import re
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from domain.definition import NAME, keys_at, nearest, phrase
from domain.steps.base import Block, Step
from domain.tree import Items, Keys, Problem, at, line_of, locate

# What `since` takes beside the ids of steps.
SINCE = frozenset({"now", "entry"})
# An id made from a template's name; those of authors are as other names.
MADE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
MOST_ID = 200  # as wide as the columns that hold it

Model = TypeVar("Model", bound=BaseModel)


def validate(
    path: str, tree: Any, model: type[Model], problems: list[Problem], context: Any, written: Any = None
) -> Model | None:
    """Return the model of what an author wrote, None where it does not fit; every problem is said with its line.

    `written` is the tree with keys that are refused elsewhere.
    """
    try:
        return model.model_validate(tree, extra="forbid", context=context)
    except ValidationError as error:
        for each in error.errors():
            place = tuple(each["loc"])
            known = keys_at(model, place[:-1])
            if each["type"] == "missing" and _is_mistyped(at(written or tree, place[:-1]), str(place[-1]), known):
                continue
            what = phrase(each, known)
            problems.append(Problem(path, _line_of_error(tree, place, what), what))
        return None


def _is_mistyped(node: object, missing: str, known: frozenset[str]) -> bool:
    """Whether a key that is missing is there with a mistake in it, which is said of that key."""
    strange = [key for key in node if key not in known] if isinstance(node, Keys) else []
    return bool(get_close_matches(missing, strange, n=1, cutoff=0.6))


def _line_of_error(tree: Any, place: tuple[str | int, ...], what: str) -> int:
    """Return the line of an error; where a rule joins several keys, that of the key or value the message quotes."""
    node = at(tree, place)
    if isinstance(node, Keys):
        quoted = [key for key, value in node.items() if f"'{key}'" in what or f"'{value}'" in what]
        if quoted:
            return line_of(node, quoted[0])
    return locate(tree, place)


def lay(steps: tuple[Step, ...], after: str | None, flat: dict[str, Step]) -> str | None:
    """Lay steps out flat, each knowing what stands behind it; return the id of the first, else `after`."""
    for step in reversed(steps):
        step.next = after
        for block in step.blocks():
            block.first = lay(block.steps, step.block_after(block), flat)
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
            what = "'steps' is missing; add it"
            if "steps" in tree:
                what = "'steps' has no list of steps; begin each with '- ', or write [] for none"
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
        keys = model.keys()
        for key in [key for key in written if key not in keys]:
            self.say(line_of(written, key), f"'{kinds[0]}' has no '{key}'{nearest(key, keys)}")
        return self._validated(model, written)

    def _validated(self, model: type[Step], written: Keys) -> Step | None:
        keys = model.keys()
        known = Keys({key: value for key, value in written.items() if key in keys})
        known.line, known.lines = written.line, written.lines
        before = len(self.problems)
        step = validate(self.path, known, model, self.problems, self, written)
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
            what = f"a step has one kind, this has {' and '.join(kinds)}; make it two steps"
            self.say(line_of(written, kinds[1]), what)
            return
        common = Step.keys()
        strange = [key for key in written if key not in common]
        if not strange:
            self.say(line_of(written), f"this step does nothing; give it one of {', '.join(sorted(Step.kinds))}")
            return
        word = strange[0]
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
                if step.id in SINCE:
                    self.say(line, f"'{step.id}' cannot be an id, because 'since: {step.id}' means a time; rename it")
                if step.id in taken:
                    self.say(line, f"two steps have the id '{step.id}'; rename one")
                taken.add(step.id)
                self.lines[step.id] = tree
            for block in step.blocks():
                self._take_written(block.steps, taken)

    def _name(self, steps: tuple[Step, ...], prefix: str, taken: set[str]) -> None:
        for number, step in enumerate(steps, 1):
            if not step.id:
                step.id = _free(_named(step) or f"{prefix}{step.kind}-{number}", taken)
                taken.add(step.id)
                self.lines[step.id] = self.trees[id(step)]
                if len(step.id) > MOST_ID:
                    what = f"this stands so deep that its id has more than {MOST_ID} characters"
                    self.say(line_of(self.trees[id(step)]), f"{what}; give a step around it an 'id'")
            for place, block in enumerate(step.blocks(), 1):
                self._name(block.steps, f"{step.id}.{place}.", taken)


def _named(step: Step) -> str | None:
    """Return the word that a step gives itself as an id, if it can be one."""
    name = step.name()
    return name if name is not None and MADE.fullmatch(name) and name not in SINCE else None


def _free(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted}-{number}" in taken:
        number += 1
    return f"{wanted}-{number}"
