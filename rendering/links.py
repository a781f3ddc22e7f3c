"""The links of a finished message found and replaced, and nothing else of it touched.

A parser says what is a link; the address is then replaced at its place in the text, byte for byte around it. Where the
place cannot be told for certain the link stays as it is.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape, unescape
from html.entities import html5
from html.parser import HTMLParser
from itertools import accumulate

Replace = Callable[[str], str | None]
"""Tells what a link becomes; None if it stays."""
Edit = tuple[int, int, str]
"""From where to where, and what stands or shall stand there."""

_MARK, _OFF = "data-track", "off"
# The attributes of a start tag, as a browser reads them.
_ATTRIBUTE = re.compile(r"""[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>][^\s>]*))?""")
_TAG_NAME = re.compile(r"<[a-zA-Z][^\s/>]*")
_REFERENCE = re.compile(r"&(?:(?P<name>[A-Za-z][A-Za-z0-9]*;?)|#(?:[0-9]+|[xX][0-9a-fA-F]+);?)")
_IN_TEXT = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_FRAMED = re.compile(r"\s*<(?:!doctype|html)", re.IGNORECASE)
_BEHIND = ".,;:!?'\""
_TRAP = '<a href="{}" aria-hidden="true" tabindex="-1" rel="nofollow" style="display:none"></a>'
_PICTURE = '<img src="{}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">'


@dataclass(frozen=True)
class Found:
    """A link of an HTML part: its address, and where that stands (without quotes). `off` ones are not to be counted."""

    url: str
    start: int
    end: int
    off: bool = False


class _Finder(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[Found] = []
        self.body: int | None = None
        self.body_end: int | None = None
        self._lines = [0, *accumulate(len(line) for line in html.split("\n"))]
        self.feed(html)
        self.close()

    @property
    def _place(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + line - 1 + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("a", "area"):
            self._link(attrs)
        elif tag == "body" and self.body is None:
            self.body = self._place + len(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "body":
            self.body_end = self._place

    def _link(self, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(reversed(attrs))  # of two of a name, browsers take the first
        url, tag = given.get("href"), self.get_starttag_text() or ""
        span = _href_in(tag)
        if url and span is not None and unescape(written := tag[slice(*span)]) == url:
            off = (given.get(_MARK) or "").strip().lower() == _OFF
            self.links.append(Found(decoded(written), self._place + span[0], self._place + span[1], off))


def decoded(written: str) -> str:
    """Return the value of an attribute as browsers read it. `html.unescape` takes `&copy=1` in an address for a ©.

    >>> decoded("https://acme.example/?a=1&copy=2&section=3&amp;b=4&quot;&#53;")
    'https://acme.example/?a=1&copy=2&section=3&b=4"5'
    """
    return _REFERENCE.sub(_referred, written)


def _referred(found: re.Match[str]) -> str:
    name = found["name"]
    if name is None:
        return unescape(found[0])
    behind = found.string[found.end() : found.end() + 1]
    return found[0] if not name.endswith(";") and behind == "=" else html5.get(name, found[0])


def _href_in(tag: str) -> tuple[int, int] | None:
    """Return where the value of the first `href` stands in a start tag."""
    name = _TAG_NAME.match(tag)
    at = name.end() if name else len(tag)
    while found := _ATTRIBUTE.match(tag, at):
        if found[1].lower() == "href":
            if found[2] is None:
                return None
            quoted = found[2][0] in "\"'"
            return found.start(2) + quoted, found.end(2) - quoted
        at = found.end()
    return None


class Page:
    """An HTML part, read once.

    >>> page = Page('<p><a href="https://a.example/">https://a.example/</a><a href="https://b.example" data-track=off>')
    >>> page.untracked, page.rewritten(lambda url: "https://c.example/?x&y")[:44]
    ({'https://b.example'}, '<p><a href="https://c.example/?x&amp;y">http')
    """

    def __init__(self, html: str) -> None:
        self._html = html
        self._found = _Finder(html)

    @property
    def untracked(self) -> set[str]:
        """The addresses that are marked `data-track="off"`."""
        return {link.url for link in self._found.links if link.off}

    def rewritten(self, replace: Replace, trap: str | None = None, picture: str | None = None) -> str:
        """Return the page with its links replaced; those marked `data-track="off"` are not asked for.

        `trap` is put in as a link at its beginning that no person sees, hears or comes upon by keyboard; `picture` as a
        picture of one point at its end.
        """
        edits = list(_edits([(link.start, link.end, link.url) for link in self._found.links if not link.off], replace))
        edits = [(start, end, escape(url)) for start, end, url in edits]
        begin, end = self._found.body, self._found.body_end
        if trap is not None and (begin is not None or not _FRAMED.match(self._html)):
            edits.append((begin or 0, begin or 0, _TRAP.format(escape(trap))))
        if picture is not None:
            last = len(self._html) if end is None else end
            edits.append((last, last, _PICTURE.format(escape(picture))))
        return _edited(self._html, edits)


def replace_in_text(text: str, replace: Replace) -> str:
    """Return a text part with its links replaced; what punctuation stands behind an address is not part of it.

    >>> replace_in_text("Read it (https://a.example/x_(y)), or https://a.example/.", lambda url: url.upper())
    'Read it (HTTPS://A.EXAMPLE/X_(Y)), or HTTPS://A.EXAMPLE/.'
    """
    spans = ((found.start(), found.start() + _length(found[0])) for found in _IN_TEXT.finditer(text))
    return _edited(text, _edits([(start, end, text[start:end]) for start, end in spans], replace))


def _edits(links: Iterable[Edit], replace: Replace) -> Iterator[Edit]:
    for start, end, url in links:
        other = replace(url)
        if other is not None:
            yield start, end, other


def _edited(text: str, edits: Iterable[Edit]) -> str:
    pieces, at = [], 0
    for start, end, instead in sorted(edits):
        pieces += [text[at:start], instead]
        at = end
    return "".join([*pieces, text[at:]])


def _length(found: str) -> int:
    """Return how much of what looks like an address is one."""
    unopened = {closing: found.count(closing) - found.count(opening) for opening, closing in ("()", "[]", "{}")}
    end = len(found)
    while found[end - 1] in _BEHIND or unopened.get(found[end - 1], 0) > 0:
        end -= 1
        if found[end] in unopened:
            unopened[found[end]] -= 1
    return end
