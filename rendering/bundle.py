"""Where a template lives in a published bundle, and which of its variants speaks to whom.

A bundle is a mapping of path to text (`{"email/welcome/hello.de.html": "..."}`), paths relative to `templates/`. A
message is an .html file, an .mjml file or, where it is text alone, a .txt file; what another system is told is a
.json file. What lies below `files/` is none of these.
Nothing here reads a file: what is not in the mapping does not exist. The rendering process imports this module too,
so it stays on the standard library.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace

from domain.attachments import is_file

SOURCE_BYTES = 256_000
"""The largest template that is read, in bytes of UTF-8."""

NOT_SENT = ("layouts/", "parts/")
"""Folders whose files are extended and included, never sent by themselves."""

PAGES = ("html", "mjml")
"""The kinds of files that have an HTML part."""

JSON = "json"
"""The kind of files that tell other systems: no message that anybody reads."""

STAFF = "staff"
"""The folder of messages to our own teams, beside the channels to contacts."""

OF_TASKS = ("task/", "case/", "layouts/task")
"""What tells our people of their tasks, below that folder: no sequence sends these."""

_WORD = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_LOCALE = r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?"
_PATH = re.compile(
    rf"(?P<channel>{_WORD})/(?P<name>{_WORD}(?:/{_WORD})*)(?:\.(?P<locale>{_LOCALE}))?\.(?P<kind>html|mjml|txt|json)"
)


class TemplateProblem(Exception):
    """What is wrong with a template's text, on which line (from 1), and what to do."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"{line}: {what}")
        self.line = line
        self.what = what


@dataclass(frozen=True, slots=True)
class Place:
    """One template file: its channel, its name without the channel, its locale (None: the default) and its kind."""

    channel: str
    name: str
    locale: str | None
    kind: str

    @classmethod
    def parse(cls, path: str) -> "Place | None":
        """Return the place a path names, or None if no template can stand there.

        >>> Place.parse("email/welcome/hello.de-AT.html")
        Place(channel='email', name='welcome/hello', locale='de-AT', kind='html')
        >>> Place.parse("email/../settings.py") is None
        True
        """
        found = _PATH.fullmatch(path)
        # What goes to contacts lies in folders; messages to staff are few.
        if found is None or is_file(path) or ("/" not in found["name"] and found["channel"] != STAFF):
            return None
        return cls(**found.groupdict())

    @property
    def path(self) -> str:
        variant = f".{self.locale}" if self.locale else ""
        return f"{self.channel}/{self.name}{variant}.{self.kind}"


def chain(locale: str | None) -> list[str | None]:
    """Return the variants to look for, best first; the default (None) is always last.

    >>> chain("de-AT"), chain("zh_hant_TW"), chain("nonsense!"), chain(None)
    (['de-AT', 'de', None], ['zh-Hant-TW', 'zh-Hant', 'zh', None], [None], [None])
    """
    words = re.split("[-_]", locale or "")
    tidy = [words[0].lower(), *(word.title() if len(word) == 4 else word.upper() for word in words[1:])]
    if not re.fullmatch(_LOCALE, "-".join(tidy)):
        return [None]
    return [*("-".join(tidy[:length]) for length in range(len(tidy), 0, -1)), None]


def choose(sources: Container[str], channel: str, name: str, locale: str | None) -> Place | None:
    """Return the file to render for somebody who reads `locale`; any page goes before a .txt file."""
    for kinds in (PAGES, ("txt",), (JSON,)):
        for variant in chain(locale):
            for kind in kinds:
                place = Place(channel, name, variant, kind)
                if place.path in sources and Place.parse(place.path):
                    return place
    return None


def sibling(sources: Container[str], place: Place) -> Place | None:
    """Return the .txt file that holds the text part of a page, if there is one."""
    text = replace(place, kind="txt")
    return text if place.kind in PAGES and text.path in sources else None


def page_beside(sources: Container[str], place: Place) -> Place | None:
    """Return the page whose text part a .txt file is, if there is one."""
    pages = (replace(place, kind=kind) for kind in PAGES if place.kind == "txt")
    return next((page for page in pages if page.path in sources), None)


def target(sources: Container[str], parent: Place, name: str) -> str | None:
    """Return the path that `extends`, `include` or `import` means inside `parent`, or None.

    `layouts/base` is a file of the parent's kind, in the parent's language where there is such a variant: a message is
    in one language. `layouts/base.txt` is that file and no other.

    >>> german = Place("email", "welcome/hello", "de", "html")
    >>> target({"email/layouts/base.html", "email/layouts/base.de.html"}, german, "layouts/base")
    'email/layouts/base.de.html'
    """
    exact = f"{parent.channel}/{name}"
    if exact in sources and Place.parse(exact):
        return exact
    wanted: Iterator[str] = (Place(parent.channel, name, tag, parent.kind).path for tag in chain(parent.locale))
    return next((path for path in wanted if path in sources and Place.parse(path)), None)


def split_front(text: str) -> tuple[str | None, str, int]:
    """Split a template into front matter (None: it has none), body, and the number of lines before the body.

    >>> split_front("---\\nclass: service\\n---\\n<p>Hello")
    ('class: service\\n', '<p>Hello', 3)
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return None, text, 0
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            front = "".join(f"{one}\n" for one in lines[1:number])
            return front, "\n".join(lines[number + 1 :]), number + 1
    raise TemplateProblem(1, "the front matter is not closed; end it with a line of three dashes")


def compiled_text(text: str) -> str:
    """Return what Jinja is given: the body, with a comment of as many lines as the front matter had.

    So a line in an error is the line in the author's file.
    """
    _, body, offset = split_front(text)
    return "{#" + "\n" * offset + "#}" + body if offset else body
