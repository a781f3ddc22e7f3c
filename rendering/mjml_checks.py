"""What is wrong with MJML, on the author's own line, without compiling it.

Jinja is blanked out, so an element must be whole in its file: `{% if %}` stands around elements, not between a tag and
its end. The one thing to know: the compiler passes over what it does not know, so what is allowed is said here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice

from rendering.blanking import blanked
from rendering.mjml_tags import HTML, IN_ATTRIBUTES, INSIDE, REFUSED, VOID

# No "<" inside of quotes: so each tag is read once, and a quote that is never closed costs nothing.
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9:-]*)(?P<rest>(?:\"[^\"<]*\"|'[^'<]*'|[^'\"<>])*)>|<")
_BARE = re.compile(r"(?<![A-Za-z-])([A-Za-z-]+)\s*=\s*(?![\s\"'])")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class _Open:
    name: str
    line: int


def mjml_problems(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of the problems of an .mjml file, as many as anybody reads.

    >>> list(mjml_problems("<mj-column>\\n<mj-txet>Hi</mj-txet>\\n</mj-column>"))
    [(2, 'there is no tag <mj-txet>; did you mean <mj-text>?')]
    >>> list(mjml_problems("{% if a < b %}<mj-text>\\n<p>Hi</mj-text>{% endif %}"))
    [(2, '<p> has no end; write </p> behind it')]
    """
    yield from islice(_problems(blanked(text)), MOST_PROBLEMS)


def _problems(bare: str) -> Iterator[tuple[int, str]]:
    opened: list[_Open] = []
    line, at = 1, 0
    for tag in _TAG.finditer(bare):
        line, at = line + bare.count("\n", at, tag.start()), tag.start()
        if not tag["name"]:
            yield line, "this '<' begins no tag; write &lt; for the sign, and close quotes"
        elif tag["end"]:
            yield from _closed(opened, tag["name"].lower(), line)
        else:
            yield from _opened(opened, tag["name"].lower(), tag["rest"], line)
    yield from (_endless(each) for each in reversed(opened))


def _opened(opened: list[_Open], name: str, rest: str, line: int) -> Iterator[tuple[int, str]]:
    above = next((each for each in reversed(opened) if each.name in INSIDE), None)
    wrong = _unknown(name, above) or (_misplaced(name, above) if above else None)
    if wrong:
        yield line, wrong
    bare = _BARE.search(_QUOTED.sub('""', rest).removesuffix("/"))
    if bare:
        yield line, f'the value of {bare[1]} has no quotes; write {bare[1]}="…"'
    if not (rest.endswith("/") or name in VOID):
        opened.append(_Open(name, line))


def _unknown(name: str, above: _Open | None) -> str | None:
    if name in REFUSED:
        return f"<{name}> is not read here; {REFUSED[name]}"
    if name in INSIDE or not name.startswith("mj") or (name in IN_ATTRIBUTES and _sets_defaults(above)):
        return None
    near = get_close_matches(name, INSIDE, n=1)
    hint = f"did you mean <{near[0]}>?" if near else f"there is {', '.join(sorted(INSIDE))}"
    return f"there is no tag <{name}>; {hint}"


def _sets_defaults(above: _Open | None) -> bool:
    return above is not None and above.name in ("mj-attributes", "mj-html-attributes")


def _misplaced(name: str, above: _Open) -> str | None:
    """Return why an element may not stand where it does: the compiler would leave it out, or show it as it is."""
    allowed = INSIDE[above.name]
    if allowed is HTML:
        if name in INSIDE and not _sets_defaults(above):
            return f"<{name}> stands inside <{above.name}> (line {above.line}), which holds HTML; put it behind that"
        return None
    if name in allowed:
        return None
    if not allowed:
        return f"<{name}> stands inside <{above.name}> (line {above.line}), which holds nothing; end that with />"
    if name in INSIDE:
        into = sorted(each for each, inside in INSIDE.items() if inside and name in inside)
        return f"<{name}> stands inside <{above.name}> (line {above.line}); put it into <{'> or <'.join(into)}>"
    where = "<mj-text>" if "mj-text" in allowed else "<mj-raw>" if "mj-raw" in allowed else "<mj-text>"
    return f"<{name}> is HTML, and stands inside <{above.name}> (line {above.line}); put it into {where}"


def _closed(opened: list[_Open], name: str, line: int) -> Iterator[tuple[int, str]]:
    if name in VOID:
        yield line, f"<{name}> has no end; write <{name}> alone"
        return
    if all(each.name != name for each in opened):
        yield line, f"</{name}> ends nothing; delete it, and put Jinja's if and for around whole elements"
        return
    while (last := opened.pop()).name != name:
        yield _endless(last)


def _endless(tag: _Open) -> tuple[int, str]:
    return tag.line, f"<{tag.name}> has no end; write </{tag.name}> behind it"
