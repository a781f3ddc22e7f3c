"""What is wrong with the page of a template beside its Jinja: pictures, files, style sheets, its invitation, MJML."""

import re
from collections.abc import Iterator

from rendering.blanking import MARK, blanked, marked
from rendering.bundle import PAGES, STAFF
from rendering.checks import phrase_problems
from rendering.front import Front, Invitation
from rendering.known import Known, way_out
from rendering.mjml_checks import mjml_problems
from rendering.source import Template, compiled_text, line_of_key

_PICTURE = re.compile(r"<(?:img|mj-image)\b[^<>]*?\ssrc\s*=\s*[\"']?(?P<path>files/[^\"'\s<>]*)", re.IGNORECASE)
_SHEET = re.compile(r"<link\b[^<>]*\bstylesheet\b|@import\b", re.IGNORECASE)
# As in mjml_checks: no "<" inside of quotes, so each tag is read once.
_TAG = re.compile(r"<[A-Za-z](?:\"[^\"<]*\"|'[^'<]*'|[^'\"<>])*>")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_BARE = re.compile(rf"(?<![^\s/])([^\s=/]+)\s*=\s*[^\s\"'=]*{MARK}")


def page_problems(template: Template, text: str, files: frozenset[str], known: Known) -> Iterator[tuple[int, str]]:
    """Yield line and text of each problem; `text` is the whole file, `files` are those that messages can carry."""
    page = compiled_text(text)
    if template.front is not None:
        yield from _enclosures(template.front, text, files)
        yield from _invitation(template, text, known)
    if template.place.kind in PAGES:
        yield from _pictures(page, files)
        for found in _SHEET.finditer(page):
            yield _line(page, found), "a style sheet from elsewhere is not loaded; write its rules into <style>"
    if template.place.kind == "mjml":
        yield from mjml_problems(page)
    elif template.place.kind == "html":
        yield from _without_quotes(page)


def _line(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start()) + 1


def _without_quotes(page: str) -> Iterator[tuple[int, str]]:
    """Yield values of attributes that end where a contact's words have a blank: what follows would be attributes."""
    text = marked(page)
    for tag in _TAG.finditer(text):
        bare = _BARE.search(_QUOTED.sub('""', tag[0]))
        if bare:
            yield _line(text, tag), f'the value of {bare[1]} has no quotes; write {bare[1]}="{{{{ … }}}}"'


def _enclosures(front: Front, text: str, files: frozenset[str]) -> Iterator[tuple[int, str]]:
    for path in front.attach:
        if path not in files:
            yield line_of_key(text, "attach"), _no_file(path, files)


def _pictures(page: str, files: frozenset[str]) -> Iterator[tuple[int, str]]:
    yield from ((line, _no_file(path, files)) for line, path in pictures_of(page) if path not in files)


def pictures_of(page: str) -> Iterator[tuple[int, str]]:
    """Yield line and path of each file that a page shows as a picture, where the path is written out."""
    bare = blanked(page)
    for found in _PICTURE.finditer(page):
        if bare[found.start("path") : found.end("path")] == found["path"]:  # else a name is in it, or it is a comment
            yield _line(page, found), found["path"]


def _no_file(path: str, files: frozenset[str]) -> str:
    there = way_out(path, files) if files else "put it there"
    return f"there is no file templates/{path}; {there}"


def _invitation(template: Template, text: str, known: Known) -> Iterator[tuple[int, str]]:
    invitation = template.front.invitation if template.front else None
    if invitation is None:
        return
    if template.channel == STAFF:
        yield line_of_key(text, "invitation"), "a message to staff invites nobody; take the invitation out"
        return
    for key, path in _paths(invitation):
        wrong = known.wrong(tuple(path.split(".")))
        if wrong:
            yield line_of_key(text, key), wrong
    for key, phrase in invitation.phrases().items():
        for what in phrase_problems(phrase, known):
            yield line_of_key(text, key), what


def _paths(invitation: Invitation) -> Iterator[tuple[str, str]]:
    if invitation.start is not None:
        yield from (("start", source) for source in invitation.start.sources())
    if invitation.meeting is not None:
        yield "meeting", invitation.meeting
