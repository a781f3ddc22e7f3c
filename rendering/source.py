"""One template file, read: its front matter and its body."""

import re
from dataclasses import dataclass

from rendering.bundle import SOURCE_BYTES, Place, TemplateProblem, compiled_text, split_front
from rendering.front import FRONT_KEYS, Front, parse_front

__all__ = ["FRONT_KEYS", "Front", "Template", "compiled_text", "line_of_key", "parse_front", "parse_template"]


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
    if path.rpartition(".")[2] not in ("html", "mjml", "txt", "json"):
        return "is no template; what messages carry or show belongs into templates/files/"
    return "not a template's name; call it CHANNEL/FOLDER/NAME.html, or NAME.de.html for a language"


def line_of_key(text: str, key: str) -> int:
    """Return the line of a file on which a key of its front matter stands, 1 where it does not.

    >>> line_of_key("---\\nclass: service\\n---\\n<p>", "class")
    2
    """
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, 1) if re.match(rf"\s*['\"]?{key}\b", line)), 1)
