"""An HTML part read as a person's mail program would: its links judged, its text derived, our pictures noted.

One pass does both, because reading HTML is the dearest thing in rendering.
"""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

BLOCKS = frozenset(
    """address article blockquote body center dd div dl dt figure footer form header main nav ol section table tbody
    tfoot thead tr ul""".split()  # noqa: SIM905  # a list of words, read as words
)
PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ul", "ol", "blockquote", "table", "pre"])
UNREAD = frozenset(["head", "style", "script", "title", "template", "noscript"])
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
ADDRESSES = frozenset(
    """href src action formaction background poster data cite longdesc xlink:href ping dynsrc lowsrc""".split()  # noqa: SIM905
)

# A picture of ours, which travels with the message: a file below templates/files/.
_PICTURE = re.compile(r"files/\S")
_ALLOWED = re.compile(r"(?:https?://|mailto:|tel:)\S|#", re.IGNORECASE)
_IGNORED = re.compile(r"[\x00-\x20\x7f-\xa0\u200b\ufeff]")
_ACTING = re.compile(r"(?:javascript|vbscript|data:text/html)", re.IGNORECASE)
_BULLET = re.compile(r" *(?:-|\d+\.) ")
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)


class UnfitLink(ValueError):
    """A link that must not go out."""


def check_link(attribute: str, url: str) -> None:
    """Refuse every address that is not http, https, mailto or tel (a `#place` in the same message is fine).

    Browsers leave out white space and control characters inside a scheme, so they are left out here, too.
    """
    bare = _IGNORED.sub("", url)
    if attribute == "srcset":
        for one in url.split(","):
            check_link("src", one.strip().split(" ")[0])
    elif not bare:
        raise UnfitLink(f"{attribute} is empty; give the link an address")
    elif not _ALLOWED.match(bare):
        raise UnfitLink(f"{attribute}='{bare[:60]}' is not http, https, mailto or tel; write the whole address")


def check_deed(attribute: str, value: str) -> None:
    """Refuse an attribute by which a page would do something by itself: mail programs take it out, or the message.

    No author needs one; what comes here is what a contact's words made of a value without quotes.
    """
    if attribute.startswith("on") or attribute == "srcdoc" or (":" in value and _ACTING.match(_IGNORED.sub("", value))):
        raise UnfitLink(f"{attribute}='{value[:60]}' would run a program; take it out, and put values into quotes")


class Reader(HTMLParser):
    """Collects the text; raises `UnfitLink` on the way."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self._unread: list[str] = []  # the open elements from the hidden one inwards
        self._lists: list[int | None] = []
        self._links: list[tuple[str, int, int]] = []
        self._kept = 0
        self.pictures: dict[str, None] = {}
        """The files shown as pictures, in the order of the page."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name, value in attrs:
            if tag == "img" and name == "src" and _PICTURE.match(value or ""):
                self.pictures[value or ""] = None
            elif name in ADDRESSES or name == "srcset":
                check_link(name, value or "")
            else:
                check_deed(name, value or "")
        if self._unread or tag in UNREAD or "hidden" in given or _HIDDEN.search(given.get("style", "")):
            if tag not in VOID:
                self._unread.append(tag)
            return
        self._open(tag, given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def _open(self, tag: str, given: dict[str, str]) -> None:
        self._break(tag)
        match tag:
            case "br":
                self.lines.append("")
            case "hr":
                self.lines += ["-" * 20, ""]
            case "img":
                self._say(given.get("alt", ""))
            case "a":
                self._links.append((given.get("href", ""), len(self.lines) - 1, len(self.lines[-1])))
            case "td" | "th" if self.lines[-1].strip():
                self.lines[-1] += "  "
            case _:
                self._enter(tag)

    def _enter(self, tag: str) -> None:
        if tag in ("ul", "ol"):
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._item()
        elif tag == "pre":
            self._kept += 1

    def _item(self) -> None:
        self._line()
        depth, number = max(len(self._lists) - 1, 0), self._lists[-1] if self._lists else None
        self.lines[-1] = "  " * depth + (f"{number}. " if number else "- ")
        if number:
            self._lists[-1] = number + 1

    def handle_endtag(self, tag: str) -> None:
        if self._unread:
            if tag in self._unread:
                while self._unread.pop() != tag:
                    pass
            return
        if tag == "a" and self._links:
            self._close_link()
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "pre":
            self._kept = max(self._kept - 1, 0)
        if tag not in VOID:
            self._break(tag)

    def _close_link(self) -> None:
        url, line, column = self._links.pop()
        said = " ".join([self.lines[line][column:], *self.lines[line + 1 :]]).strip()
        bare = re.sub("^(mailto|tel):", "", url)
        if url and not url.startswith("#") and said not in (url, bare):
            self._say(f" ({url})" if said else url)

    def handle_data(self, data: str) -> None:
        if self._unread:
            return
        if self._kept:
            first, *rest = data.split("\n")
            self.lines[-1] += first
            self.lines += rest
        else:
            self._say(re.sub(r"[ \t\r\n\f]+", " ", data))

    def _say(self, text: str) -> None:
        end = self.lines[-1]
        self.lines[-1] = end + (text.lstrip(" ") if not end or end.endswith(" ") else text)

    def _line(self) -> None:
        if self.lines[-1].strip():
            self.lines.append("")

    def _break(self, tag: str) -> None:
        if _BULLET.fullmatch(self.lines[-1]):  # <li><p>text: the text stands beside its bullet
            return
        nested_list = tag in ("ul", "ol") and self._lists
        if tag in PARAGRAPHS and not nested_list:
            self._line()
            if len(self.lines) > 1 and self.lines[-2:] != ["", ""]:
                self.lines.append("")
        elif tag in BLOCKS or tag == "li":
            self._line()


@dataclass(frozen=True, slots=True)
class Page:
    """What an HTML part says, and the files it shows as pictures."""

    text: str
    pictures: tuple[str, ...]


def read_html(html: str) -> str:
    """Return the text of an HTML part; raise `UnfitLink` for a link that must not go out.

    >>> print(read_html('<h1>Hello</h1><p>Read <a href="https://a.example/x">the tips</a>.<ul><li>one<li>two</ul>'))
    Hello
    <BLANKLINE>
    Read the tips (https://a.example/x).
    <BLANKLINE>
    - one
    - two
    """
    return read_page(html).text


def read_page(html: str) -> Page:
    """Return what an HTML part says and shows; raise `UnfitLink` for a link that must not go out."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    text = "\n".join(line.rstrip() for line in reader.lines)
    return Page(re.sub(r"\n{3,}", "\n\n", text).strip("\n"), tuple(reader.pictures))
