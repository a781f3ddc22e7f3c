"""Front matter: what a template says of itself, before its body.

Scalars are texts with a position; our types decide what they mean, not YAML's.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from domain.attachments import well_named
from domain.spans import Moment
from domain.yaml_nodes import Composer
from rendering.bundle import TemplateProblem

FRONT_BYTES = 4_000
MOST_BRACKETS = 20
MOST_FILES = 10
LONGEST_MEETING = 31 * 24 * 60
FRONT_KEYS = {
    "class": "marketing, service or transactional",
    "topic": "a topic of policies/messaging.yaml",
    "sender": "a sender of policies/messaging.yaml, or owner",
    "pin": "latest or entry",
    "attach": f"files below templates/, such as [files/terms.pdf], at most {MOST_FILES}",
    "endpoint": "a name of `webhooks` in policies/messaging.yaml",
    "event": "what it says it is, such as lead.created",
    "survey": "a survey of policies/surveys.yaml, or csat, nps, effort, case",
    "invitation": "keys below it, such as `start: run.event.starts_at`",
}
INVITATION_KEYS = {
    "start": "when it begins, such as run.event.starts_at",
    "minutes": "a number of minutes, such as 30",
    "title": "what it is, in a line; names as in the template",
    "place": "where it is, in a line; names as in the template",
    "meeting": "what makes it the same meeting, such as run.event.visit",
    "organiser": "a sender of policies/messaging.yaml",
    "cancel": "true, to take the meeting out of the calendar",
}

Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=500)]
EventName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*$", max_length=100)]
Path = Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[A-Za-z_][A-Za-z0-9_]*)+$", max_length=200)]


class Invitation(BaseModel):
    """A meeting that the message puts into its reader's calendar, or takes out of it."""

    model_config = ConfigDict(frozen=True)

    start: Moment | None = None
    minutes: int = Field(default=60, ge=1, le=LONGEST_MEETING)
    title: Line | None = None
    place: Line | None = None
    meeting: Path | None = None
    organiser: Word | None = None
    cancel: bool = False

    @model_validator(mode="after")
    def _begins(self) -> Self:
        if self.start is None and not self.cancel:
            raise PydanticCustomError("missing", "it has no start")
        return self

    def phrases(self) -> dict[str, str]:
        """Return the lines that may have names in them, by what they are."""
        return {key: text for key, text in (("title", self.title), ("place", self.place)) if text is not None}


class Front(BaseModel):
    """What a template says of itself. A template that says nothing is marketing: the strictest rules hold for it."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    class_: Literal["marketing", "service", "transactional"] = Field(default="marketing", alias="class")
    topic: Word | None = None
    sender: Word | None = None
    pin: Literal["latest", "entry"] = "latest"
    attach: tuple[str, ...] = Field(default=(), max_length=MOST_FILES)
    invitation: Invitation | None = None
    endpoint: Word | None = None
    event: EventName | None = None
    survey: Word | None = None

    @field_validator("attach")
    @classmethod
    def _are_files(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for path in value:
            if not well_named(path):
                raise ValueError(path)
        return value

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.attach)) != len(self.attach):
            raise ValueError("attach")
        return self


# Which templates there are, what each is, and what is wrong with it: each asks anew, and few texts differ.
@lru_cache(maxsize=4096)
def parse_front(text: str) -> Front:
    """Read front matter whose first line is line 2 of its file. Raises `TemplateProblem`."""
    if len(text.encode("utf-8", "replace")) > FRONT_BYTES:
        raise TemplateProblem(
            2, f"the front matter is longer than {FRONT_BYTES} bytes; keep only {', '.join(FRONT_KEYS)}"
        )
    if text.count("[") + text.count("{") > MOST_BRACKETS:  # the parser needs seconds for thousands
        raise TemplateProblem(2, "the front matter is not YAML we can read; write lines such as `class: marketing`")
    try:
        root = Composer(text).get_single_node()
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 2
        raise TemplateProblem(line, f"the front matter is not YAML ({error.problem}); correct it") from error
    except (YAMLError, RecursionError, ValueError) as error:
        raise TemplateProblem(2, "the front matter is not YAML; write lines such as `class: marketing`") from error
    if root is None:
        return Front()
    if not isinstance(root, MappingNode):
        raise TemplateProblem(2, "the front matter is not a list of keys; write lines such as `class: marketing`")
    return _front(root)


Keys = tuple[str, ...]


def _front(root: MappingNode) -> Front:
    lines: dict[Keys, int] = {}
    given: dict[str, Any] = {}
    for name, node, line in _entries(root, FRONT_KEYS, "front matter", lines, ()):
        given[name] = _value(name, node, line, lines)
    try:
        return Front.model_validate(given)
    except ValidationError as error:
        raise _wrong(error.errors()[0], given, lines) from error


def _wrong(error: Any, given: Mapping[str, Any], lines: Mapping[Keys, int]) -> TemplateProblem:
    """Return what is wrong in the words of the page that explains front matter."""
    keys = tuple(str(key) for key in error["loc"] if isinstance(key, str)) or ("attach",)
    key, line = keys[-1], lines.get(keys, lines.get(keys[:1], 2))
    if key == "attach":
        return TemplateProblem(line, f"these are not files that can be attached; write {FRONT_KEYS[key]}")
    if error["type"] == "missing":
        return TemplateProblem(line, f"the invitation has no 'start'; write start: {INVITATION_KEYS['start']}")
    value = given[keys[0]] if len(keys) == 1 else given[keys[0]][key]
    article = "an" if key[0] in "aeiou" else "a"
    means = FRONT_KEYS[key] if len(keys) == 1 else INVITATION_KEYS[key]
    return TemplateProblem(line, f"'{str(value)[:60]}' is not {article} {key}; write {means}")


def _value(name: str, node: Node, line: int, lines: dict[Keys, int]) -> Any:
    if name == "attach" and isinstance(node, SequenceNode):
        return tuple(_scalar(each, line, "a file") for each in node.value)
    if name == "attach":
        return (_scalar(node, line, "the value of 'attach'"),)
    if name != "invitation":
        return _scalar(node, line, f"the value of '{name}'")
    if not isinstance(node, MappingNode):
        raise TemplateProblem(line, f"'invitation' has no keys; write {FRONT_KEYS[name]} below it, indented")
    below = _entries(node, INVITATION_KEYS, "invitation", lines, (name,))
    return {key: _scalar(each, at, f"the value of '{key}'") for key, each, at in below}


def _entries(
    root: MappingNode, known: Mapping[str, str], what: str, lines: dict[Keys, int], above: Keys
) -> Iterator[tuple[str, Node, int]]:
    """Yield each key with its node and line; note where it stands."""
    for key, value in root.value:
        line = key.start_mark.line + 2
        name = _scalar(key, line, "a key")
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"use {', '.join(known)}"
            raise TemplateProblem(line, f"there is no {what} '{name[:60]}'; {hint}")
        if (*above, name) in lines:
            raise TemplateProblem(line, f"'{name}' stands here twice; leave one")
        lines[*above, name] = line
        yield name, value, line


def _scalar(node: Node, line: int, what: str) -> str:
    if not isinstance(node, ScalarNode):
        raise TemplateProblem(line, f"{what} is not a word; write one word after the colon")
    return str(node.value)
