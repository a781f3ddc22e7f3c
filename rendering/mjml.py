"""MJML made into HTML that every mail program shows. Runs in the rendering process only.

Jinja has been at work before: what comes here is what one contact gets. The compiler decodes entities, and writes some
attributes as a programmer would (a soft hyphen as its number in braces). So it sees neither: they are put away first,
and put back afterwards, and nothing a contact wrote can become a tag. Nothing is read from elsewhere: no includes,
fonts, icons.
"""

import re

import mrml

_AT = re.compile(r"position (\d+):")
_OWN_FRAME = "<mjml><mj-body>{}</mj-body></mjml>"
_BEGINS = re.compile(r"<mjml\b")
_PUT_AWAY = re.compile(r"(?:[^\x20-\x7e\n\r\t]|[&\\])+")
_VEIL = "ꙮ"
"""Stands around what is put away: a letter that is printed as it is, and is put away itself where a text has it."""
_BACK = re.compile(f"{_VEIL}([0-9a-f]+){_VEIL}")
_VALUE = re.compile(r"=\s*(?:\"[^\"<>]*\"|'[^'<>]*')")
_BREAKS = re.compile(r"[\n\r\t]+")


class NotMjml(ValueError):
    """The text cannot be compiled."""


def compile_mjml(text: str, most: int) -> str:
    """Return the page. Text without an `<mjml>` around it is the body of one. Raises `NotMjml`.

    >>> page = compile_mjml("<mj-section><mj-column><mj-text>1 &lt; 2</mj-text></mj-column></mj-section>", 100_000)
    >>> "1 &lt; 2</div>" in page
    True
    """
    whole = text.strip() if _BEGINS.match(_behind_comments(text)) else _OWN_FRAME.format(text)
    veiled = _veiled(whole)
    try:
        page: str = mrml.to_html(
            veiled,
            mrml.ParserOptions(include_loader=mrml.noop_loader()),
            mrml.RenderOptions(disable_comments=False, fonts={}, social_icon_origin=""),
        ).content
    except OSError as error:
        raise NotMjml(_said(str(error), veiled)) from None
    if len(page) > most:
        raise NotMjml(f"the compiled page is larger than {most:,} characters; shorten it")
    return _unveiled(page)


def _behind_comments(text: str) -> str:
    rest = text.lstrip()
    while rest.startswith("<!--") and "-->" in rest:
        rest = rest.partition("-->")[2].lstrip()
    return rest


def _veiled(text: str) -> str:
    one_line = _VALUE.sub(lambda found: _BREAKS.sub(" ", found[0]), text)
    return _PUT_AWAY.sub(lambda found: f"{_VEIL}{found[0].encode().hex()}{_VEIL}", one_line)


def _unveiled(text: str) -> str:
    return _BACK.sub(lambda found: bytes.fromhex(found[1]).decode(), text)


def _said(error: str, text: str) -> str:
    at = _AT.search(error)
    # The compiler counts bytes.
    rest = text.encode()[int(at[1]) :].decode(errors="ignore") if at else ""
    near = " ".join(_unveiled(rest).split())[:40]
    what = error.partition(" in root template")[0].replace("next template", "what follows")
    shown = f" at '{near}'" if near else ""
    return f"this is no MJML ({what}{shown}); close every tag, and put values into quotes"
