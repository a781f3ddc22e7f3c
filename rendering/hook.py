"""From a webhook's template and a context to the JSON another system is told. Runs in the rendering process only.

Every text is rendered by itself and put where it stood. One that is a single expression keeps its type: a number stays
a number, a list a list.
"""

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, cast

from jinja2 import Template, nodes
from jinja2.exceptions import SecurityError

from rendering.hook_source import Leaf, read_tree
from rendering.sandbox import Hole, Sandbox
from rendering.sound import sound

_VALUE = "value"
# Deeper than anybody writes, and far from what would end the process.
_DEEPEST = 50


class Hook:
    """One template, compiled."""

    def __init__(self, sandbox: Sandbox, path: str, text: str) -> None:
        self._sandbox, self._path = sandbox, path
        self._tree = _mapped(read_tree(text), self._compiled)

    def said(self, context: Mapping[str, Any]) -> str:
        """Return the JSON for one contact. Raises what templates raise."""
        found = _mapped(self._tree, lambda text: text.said(context))
        return json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    def _compiled(self, leaf: Leaf) -> "_Text":
        tree = self._sandbox.parse(leaf.source, self._path, self._path)
        alone = expression(tree)
        if alone is not None:
            kept = nodes.Assign(nodes.Name(_VALUE, "store"), alone, lineno=alone.lineno)
            tree = nodes.Template([kept], lineno=1)
            tree.set_environment(self._sandbox)
        code = self._sandbox.compile(cast(str, tree), self._path, self._path)  # it takes a tree as well
        globals_ = self._sandbox.make_globals(None)
        return _Text(Template.from_code(self._sandbox, code, globals_), keeps_type=alone is not None)


class _Text:
    """One text of a template, compiled."""

    def __init__(self, template: Template, *, keeps_type: bool) -> None:
        self._template, self._keeps_type = template, keeps_type

    def said(self, context: Mapping[str, Any]) -> Any:
        there = self._template.new_context(dict(context))
        shown = "".join(self._template.root_render_func(there))
        return _plain(there.vars[_VALUE]) if self._keeps_type else sound(shown)


def expression(tree: nodes.Template) -> nodes.Expr | None:
    """Return the expression a text is nothing but, None for any other text."""
    match tree.body:
        case [nodes.Output(nodes=[only])] if not isinstance(only, nodes.TemplateData):
            return only
    return None


def _mapped(tree: Any, told: Any) -> Any:
    """Return the tree with each text replaced by what is `told` of it."""
    match tree:
        case dict():
            return {name: _mapped(below, told) for name, below in tree.items()}
        case list():
            return [_mapped(below, told) for below in tree]
        case Leaf() | _Text():
            return told(tree)
    return tree


def _plain(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON has it. Raises SecurityError for one that JSON has not."""
    match value:
        case Hole():
            value.fail()
        case dict() if depth < _DEEPEST:
            return {str(name): _plain(below, depth + 1) for name, below in value.items()}
        case list() | tuple() if depth < _DEEPEST:
            return [_plain(below, depth + 1) for below in value]
    return _single(value)


def _single(value: Any) -> Any:
    match value:
        case str():
            return sound(str(value))
        case None | bool() | int():
            return value
        case float() if isfinite(value):
            return value
        case Decimal() if value.is_finite():
            return int(value) if value == value.to_integral_value() else float(value)
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
    raise SecurityError(f"a {type(value).__name__} cannot be said in JSON; name one of its fields")
