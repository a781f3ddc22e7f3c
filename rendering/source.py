"""One template file, read: its front matter and its body.

Scalars in the front matter are texts with a position; our types decide what they mean, not YAML's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from domain.yaml_nodes import Composer
from rendering.bundle import SOURCE_BYTES, Place, TemplateProblem, split_front

FRONT_BYTES = 4_000
MOST_BRACKETS = 20
FRONT_KEYS = {
    "class": "marketing, service or transactional",
    "topic": "a topic of policies/messaging.yaml",
    "sender": "a sender of policies/messaging.yaml, or owner",
    "pin": "latest or entry",
}


class Front(BaseModel):
    """What a template says of itself. A template that says nothing is marketing: the strictest rules hold for it."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    class_: Literal["marketing", "service", "transactional"] = Field(default="marketing", alias="class")
    topic: str | None = Field(default=None, min_length=1, max_length=100)
    sender: str | None = Field(default=None, min_length=1, max_length=100)
    pin: Literal["latest", "entry"] = "latest"


@dataclass(frozen=True, slots=True)
class Template:
    """One file. `front` is None where the file has none: a variant then takes the default variant's."""

    place: Place
    front: Front | None
    body: str
    offset: int
    """How many lines of the file stand before the body."""

    @property
    def name(self) -> str:
        return self.place.name

    @property
    def channel(self) -> str:
        return self.place.channel

    @property
    def locale(self) -> str | None:
        return self.place.locale


def parse_template(path: str, text: str) -> Template:
    """Read one template; `path` is relative to templates/. Raise `TemplateProblem` for the first thing that is wrong.

    >>> hello = parse_template("email/welcome/hello.de.html", "---\\nclass: service\\n---\\n<p>Hallo")
    >>> hello.name, hello.locale, hello.front.class_, hello.offset
    ('welcome/hello', 'de', 'service', 3)
    """
    place = Place.parse(path)
    if place is None:
        raise TemplateProblem(1, _why_not_a_place(path))
    if len(text.encode("utf-8", "replace")) > SOURCE_BYTES:
        raise TemplateProblem(1, f"the template is larger than {SOURCE_BYTES // 1000} kB; make it smaller")
    front, body, offset = split_front(text)
    return Template(place, None if front is None else parse_front(front), body, offset)


def _why_not_a_place(path: str) -> str:
    if path.endswith(".mjml"):
        return "MJML is not read here; convert it to .html and publish that"
    return "not a template's name; call it CHANNEL/FOLDER/NAME.html, or NAME.de.html for a language"


# Which templates there are, what each is, and what is wrong with it: each asks anew, and few texts differ.
@lru_cache(maxsize=4096)
def parse_front(text: str) -> Front:
    """Read front matter whose first line is line 2 of its file."""
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


def _front(root: MappingNode) -> Front:
    given: dict[str, str] = {}
    lines: dict[str, int] = {}
    for key, value, line in _entries(root):
        if key in given:
            raise TemplateProblem(line, f"'{key}' stands here twice; leave one")
        given[key], lines[key] = value, line
    try:
        return Front.model_validate(given)
    except ValidationError as error:
        key = str(error.errors()[0]["loc"][0])
        wrong = f"'{given[key]}' is not a {key}; write {FRONT_KEYS[key]}"
        raise TemplateProblem(lines[key], wrong) from error


def _entries(root: MappingNode) -> Iterator[tuple[str, str, int]]:
    for key, value in root.value:
        line = key.start_mark.line + 2
        name = _scalar(key, line, "a key")
        if name not in FRONT_KEYS:
            near = get_close_matches(name, FRONT_KEYS, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"use {', '.join(FRONT_KEYS)}"
            raise TemplateProblem(line, f"there is no front matter '{name[:60]}'; {hint}")
        yield name, _scalar(value, line, f"the value of '{name}'"), line


def _scalar(node: Node, line: int, what: str) -> str:
    if not isinstance(node, ScalarNode):
        raise TemplateProblem(line, f"{what} is not a word; write one word after the colon")
    return str(node.value)
