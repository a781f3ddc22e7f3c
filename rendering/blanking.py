"""A template with everything that is not its markup as blanks: Jinja, comments, styles, lines of text.

Every step looks at a character once: whoever checks a home must not wait for a text made to be slow.
"""

import re
from collections.abc import Iterator

_BREAKS = re.compile(r"[^\n]")
_OPENS = re.compile(r"\{[#%{]")
_ENDS = {"{#": "#}", "{%": "%}", "{{": "}}"}
_BLOCK = re.compile(r"\{%[-+]?\s*(?P<deed>block|endblock)\b\s*(?P<name>\w*)")
_LINES = frozenset({"subject", "preheader", "text"})

MARK = "\x01"
"""Stands for a letter of what is shown of a value."""

Span = tuple[int, int]


def blanked(text: str) -> str:
    """Return the text with its lines as they are, and blanks for what is not markup.

    >>> blanked("a{{ b }}c{# d #}<!-- e -->f")
    'a       c                 f'
    """
    jinja = list(_jinja(text))
    bare = _without(text, sorted([*jinja, *_text_blocks(text, jinja)]))
    bare = _without(bare, _between(bare, "<!--", "-->"))
    return _without(bare, _styles(bare))


def marked(text: str) -> str:
    """Return the text as `blanked` does, but with the letter `MARK` for all of `{{ … }}`.

    >>> marked("<a href={{ b }}>").replace(MARK, "x")
    '<a href=xxxxxxx>'
    """
    pieces, at, bare = [], 0, blanked(text)
    for start, end in _jinja(text):
        if text.startswith("{{", start):
            pieces += [bare[at:start], MARK * (end - start)]
            at = end
    return "".join([*pieces, bare[at:]])


def _jinja(text: str) -> Iterator[Span]:
    at, open_for_ever = 0, set[str]()
    while found := _OPENS.search(text, at):
        at, kind = found.end(), found[0]
        end = -1 if kind in open_for_ever else text.find(_ENDS[kind], at)
        if end < 0:
            open_for_ever.add(kind)  # there is no end further on, either
        else:
            at = end + 2
            yield found.start(), at


def _text_blocks(text: str, jinja: list[Span]) -> Iterator[Span]:
    """Yield the blocks that hold a line of text: a `<` in them is a sign."""
    begun: int | None = None
    for start, end in jinja:
        tag = _BLOCK.match(text, start, end)
        if tag and tag["deed"] == "block" and tag["name"] in _LINES:
            begun = start
        elif tag and tag["deed"] == "endblock" and begun is not None:
            yield begun, end
            begun = None


def _between(text: str, begin: str, end: str) -> Iterator[Span]:
    at = text.find(begin)
    while at >= 0 and (stop := text.find(end, at + len(begin))) >= 0:
        yield at, stop + len(end)
        at = text.find(begin, stop + len(end))


def _styles(text: str) -> Iterator[Span]:
    """Yield what stands in `mj-style`: rules may have a `>`."""
    for start, end in _between(text, "<mj-style", "</mj-style"):
        inside = text.find(">", start, end) + 1
        if inside:
            yield inside, end - len("</mj-style")


def _without(text: str, spans: Iterator[Span] | list[Span]) -> str:
    pieces, at = [], 0
    for start, end in spans:
        if end > at:
            pieces += [text[at : max(start, at)], _BREAKS.sub(" ", text[max(start, at) : end])]
            at = end
    return "".join([*pieces, text[at:]])
