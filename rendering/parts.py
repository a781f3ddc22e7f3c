"""From a bundle, a name and a context to the parts of one message. Runs in the rendering process only.

Subject, preheader and text are rendered without escaping, the HTML part with it, so every template is compiled twice.
In the HTML part of a template that extends a layout, the layout decides where its blocks stand; a template without
a layout is its block `html`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import css_inline
from jinja2 import Template
from jinja2.runtime import Context
from markupsafe import escape

from rendering.bundle import Place, choose, sibling
from rendering.formats import speech
from rendering.plain import read_html
from rendering.sandbox import Sandbox, blank

_START = re.compile(r"<!doctype|<html", re.IGNORECASE)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_STYLE = re.compile(r"<style\b", re.IGNORECASE)
_HIDE = "display:none;max-height:0;overflow:hidden;mso-hide:all"

_inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


class TooBig(Exception):
    """The parts together passed the limit."""


class NotThere(Exception):
    """The bundle has no such template."""


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

    def render(self, channel: str, name: str, locale: str | None, context: dict[str, Any]) -> dict[str, str | None]:
        """Return subject, preheader, html, text and the locale of the variant used (None: the default)."""
        place = choose(self._sources, channel, name, locale)
        if place is None:
            raise NotThere(f"template '{name}' does not exist for channel {channel}; publish it, or correct the name")
        self._html.speech = self._text.speech = speech(place.locale, locale, context)
        filled = {key: value for key, value in context.items() if not blank(value)}
        parts = self._parts(place, filled, Budget(self._output))
        return {key: _sound(value) for key, value in parts.items()} | {"locale": place.locale}

    def _parts(self, place: Place, context: dict[str, Any], budget: Budget) -> dict[str, str]:
        plain = _Rendering(self._text.get_template(place.path), context, budget)
        stage, blocks = plain.stage()
        subject, preheader = (" ".join(plain.block(stage, name).split()) for name in ("subject", "preheader"))
        if place.kind == "txt":
            return {"subject": subject, "preheader": preheader, "html": "", "text": _body(plain, stage)}
        html = self._page(place, context, budget, preheader, extends=blocks.extends)
        derived = read_html(html)
        beside = sibling(self._sources, place)
        if beside:
            plain = _Rendering(self._text.get_template(beside.path), context, budget)
            text = _body(plain, plain.stage()[0])
        else:
            text = _tidy(plain.block(stage, "text"))
        return {"subject": subject, "preheader": preheader, "html": html, "text": text or derived}

    def _page(self, place: Place, context: dict[str, Any], budget: Budget, preheader: str, *, extends: bool) -> str:
        rendering = _Rendering(self._html.get_template(place.path), context, budget)
        if extends:
            html = rendering.whole(quiet=frozenset({"text"}))
            start = _START.search(html)
            html = html[start.start() :] if start else html
        else:
            html = rendering.block(rendering.stage()[0], "html")
        return _inlined(_with_preheader(_sound(html.strip()), _sound(preheader)))


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


def _sound(text: str) -> str:
    """Replace halves of surrogate pairs, which no encoding can carry."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
