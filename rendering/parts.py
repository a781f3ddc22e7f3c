"""From a bundle, a name and a context to the parts of one message. Runs in the rendering process only.

Subject, preheader and text are rendered without escaping, the HTML part with it, so every template is compiled twice.
In the HTML part of a template that extends a layout, the layout decides where its blocks stand; a template without
a layout is its block `html`. MJML becomes HTML last, when nothing of Jinja is left in it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import css_inline
from jinja2 import Template
from jinja2.runtime import Context
from markupsafe import escape

from domain.attachments import is_file
from rendering.bundle import JSON, Place, choose, sibling
from rendering.formats import speech
from rendering.hook import Hook
from rendering.mjml import compile_mjml
from rendering.plain import Page, read_page
from rendering.sandbox import Sandbox, blank
from rendering.sound import sound

_START = re.compile(r"<!doctype|<html|<mjml", re.IGNORECASE)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_STYLE = re.compile(r"<style\b", re.IGNORECASE)
_NO_TITLE = "<title></title>"
# Lines of text: a "<" in them is no tag, so in MJML they are put into the page when it is one.
_LINES = frozenset({"subject", "preheader", "text"})
_HIDE = "display:none;max-height:0;overflow:hidden;mso-hide:all"

_inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


class TooBig(Exception):
    """The parts together passed the limit."""


class NotThere(Exception):
    """The bundle has no such template, or no such picture."""


class _Blocks(dict[str, list[Any]]):
    """The blocks of one rendering; `quiet` ones yield nothing where the layout puts them.

    Jinja's compiled `extends` adds the layout's blocks through `setdefault`; that it was called tells that there is
    a layout.
    """

    def __init__(self, own: Mapping[str, list[Any]], quiet: frozenset[str] | None) -> None:
        super().__init__()
        self.quiet = quiet
        self.extends = False
        for name, functions in own.items():
            self[name] = [*self._start(name), *functions]

    def _start(self, name: str) -> list[Any]:
        return [_silence] if self.quiet is None or name in self.quiet else []

    def setdefault(self, name: str, default: list[Any] | None = None) -> list[Any]:
        self.extends = True
        if name not in self:
            self[name] = self._start(name)
        return self[name]


def _silence(_context: Context) -> Iterator[str]:
    yield ""


class _Rendering:
    """One template in one environment for one context; counts what it yields."""

    def __init__(self, template: Template, context: Mapping[str, Any], budget: "Budget") -> None:
        self._template, self._context, self._budget = template, context, budget

    def whole(self, quiet: frozenset[str]) -> str:
        context, _ = self._prepared(quiet)
        return self._budget.join(self._template.root_render_func(context))

    def stage(self) -> tuple[Context, _Blocks]:
        """Run everything outside blocks (imports, `set`, the chain of layouts), so that single blocks can follow."""
        context, blocks = self._prepared(None)
        self._budget.join(self._template.root_render_func(context))
        for functions in blocks.values():
            functions.remove(_silence)
        return context, blocks

    def block(self, context: Context, name: str) -> str:
        functions = context.blocks.get(name)
        return self._budget.join(functions[0](context)) if functions else ""

    def _prepared(self, quiet: frozenset[str] | None) -> tuple[Context, _Blocks]:
        context = self._template.new_context(dict(self._context))
        blocks = _Blocks(context.blocks, quiet)
        context.blocks = blocks
        return context, blocks


class Budget:
    """How many characters one message may still have."""

    def __init__(self, most: int) -> None:
        self.most = self.left = most

    def join(self, chunks: Iterator[str]) -> str:
        kept = []
        for chunk in chunks:
            self.left -= len(chunk)
            if self.left < 0:
                raise TooBig(f"the message is larger than {self.most:,} characters; shorten it")
            kept.append(chunk)
        return "".join(kept)


class Press:
    """One published bundle, its templates compiled once."""

    def __init__(self, sources: Mapping[str, str], output: int) -> None:
        self._sources = sources
        self._output = output
        self._html = Sandbox(sources, html=True)
        self._text = Sandbox(sources, html=False)
        self._hooks: dict[str, Hook] = {}

    def render(
        self,
        channel: str,
        name: str,
        locale: str | None,
        context: dict[str, Any],
        phrases: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return subject, preheader, html, text, the locale of the variant used (None: the default), the pictures.

        Pictures are the files that the html shows. `phrases` are lines of the front matter that have names in them,
        by what they are; they are answered as they read for this contact.
        """
        place = choose(self._sources, channel, name, locale)
        if place is None:
            raise NotThere(f"template '{name}' does not exist for channel {channel}; publish it, or correct the name")
        self._html.speech = self._text.speech = speech(place.locale, locale, context)
        filled = {key: value for key, value in context.items() if not blank(value)}
        budget = Budget(self._output)
        parts, pictures = self._parts(place, filled, budget)
        said = {key: sound(value) for key, value in parts.items()}
        read = {key: self._phrase(text, filled, budget) for key, text in (phrases or {}).items()}
        return said | {"locale": place.locale, "pictures": pictures, "phrases": read}

    def _phrase(self, text: str, context: dict[str, Any], budget: Budget) -> str:
        template = self._text.from_string(text)
        return sound(" ".join(budget.join(template.root_render_func(template.new_context(context))).split()))

    def _parts(self, place: Place, context: dict[str, Any], budget: Budget) -> tuple[dict[str, str], list[str]]:
        if place.kind == JSON:
            said = budget.join(iter([self._hook(place).said(context)]))
            return {"subject": "", "preheader": "", "html": "", "text": said}, []
        plain = _Rendering(self._text.get_template(place.path), context, budget)
        stage, blocks = plain.stage()
        subject, preheader = (" ".join(plain.block(stage, name).split()) for name in ("subject", "preheader"))
        if place.kind == "txt":
            return {"subject": subject, "preheader": preheader, "html": "", "text": _body(plain, stage)}, []
        raw = self._raw_page(place, context, budget, extends=blocks.extends)
        html = self._finished(place, raw, subject, preheader)
        page = self._read(html)
        beside = sibling(self._sources, place)
        if beside:
            plain = _Rendering(self._text.get_template(beside.path), context, budget)
            text = _body(plain, plain.stage()[0])
        else:
            text = _tidy(plain.block(stage, "text"))
        return {"subject": subject, "preheader": preheader, "html": html, "text": text or page.text}, [*page.pictures]

    def _hook(self, place: Place) -> Hook:
        if place.path not in self._hooks:
            self._hooks[place.path] = Hook(self._text, place.path, self._sources[place.path])
        return self._hooks[place.path]

    def _read(self, html: str) -> Page:
        page = read_page(html)
        for path in page.pictures:
            if not (is_file(path) and path in self._sources):
                raise NotThere(f"there is no picture templates/{path}; publish it, or correct the name")
        return page

    def _raw_page(self, place: Place, context: dict[str, Any], budget: Budget, *, extends: bool) -> str:
        rendering = _Rendering(self._html.get_template(place.path), context, budget)
        if not extends:
            return sound(rendering.block(rendering.stage()[0], "html").strip())
        html = rendering.whole(quiet=_LINES if place.kind == "mjml" else frozenset({"text"}))
        start = _START.search(html)
        return sound((html[start.start() :] if start else html).strip())

    def _finished(self, place: Place, raw: str, subject: str, preheader: str) -> str:
        if place.kind == "mjml":  # its compiler writes every style where it belongs
            page = compile_mjml(raw, self._output).replace(_NO_TITLE, f"<title>{escape(sound(subject))}</title>", 1)
        else:
            page = _inlined(raw)
        return _with_preheader(page, sound(preheader))


def _body(rendering: _Rendering, stage: Context) -> str:
    if "text" in stage.blocks:
        return _tidy(rendering.block(stage, "text"))
    return _tidy(rendering.whole(quiet=frozenset({"subject", "preheader"})))


def _with_preheader(html: str, preheader: str) -> str:
    """Put the preview line in front of the page, unseen, unless the layout has placed it."""
    said = str(escape(preheader))
    if not said or not html or said in html:
        return html
    body = _BODY.search(html)
    at = body.end() if body else 0
    return f'{html[:at]}<div style="{_HIDE}">{said}</div>{html[at:]}'


def _inlined(html: str) -> str:
    return _inliner.inline(html) if _STYLE.search(html) else html


def _tidy(text: str) -> str:
    lines = (line.rstrip() for line in text.replace("\r\n", "\n").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
