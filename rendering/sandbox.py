"""The Jinja2 that authors' templates run in: values to read, filters to shape them, nothing to call.

Attributes of objects do not exist here: a dot reads a key of a plain dictionary, and the few things of Jinja's own
that need more are named one by one. What this cannot stop (time, memory) is stopped from outside, by killing the
process: see `process.py`.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NoReturn

from jinja2 import (
    BaseLoader,
    ChainableUndefined,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    Undefined,
    nodes,
)
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rendering.bundle import SOURCE_BYTES, Place, compiled_text, target
from rendering.formats import Speech, date, fallback, money, number, time


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILTERS = _words(
    """abs capitalize count d default e escape first float int join last length list lower map max min reject
    rejectattr reverse round replace select selectattr sort string striptags sum title trim truncate unique upper
    urlencode wordcount"""
)
OWN_FILTERS: dict[str, Callable[..., Any]] = {
    "date": date,
    "time": time,
    "number": number,
    "money": money,
    "fallback": fallback,
}
TESTS = _words(
    """boolean defined divisibleby eq equalto even false float ge greaterthan gt in integer iterable le lessthan lower
    lt mapping ne number odd sequence string true undefined upper == != < <= > >="""
)

LONGEST_SUM = 100_000
"""How long two texts may be when they are joined with `+`."""
WIDEST = 128
"""Whole numbers in calculations have at most this many bits."""

_READABLE: tuple[tuple[type, frozenset[str]], ...] = (
    (LoopContext, _words("index index0 revindex revindex0 first last length previtem nextitem cycle changed")),
    (dt.datetime, _words("year month day hour minute second")),
    (dt.date, _words("year month day")),
    (dt.timedelta, _words("days")),
)


class HoleFound(UndefinedError):
    """A value was needed that is not there. `owner` is where it was looked for: a mapping, or None for the top."""

    def __init__(self, owner: object, name: str) -> None:
        super().__init__(f"{name} is missing")
        self.owner = owner
        self.name = name


class Hole(ChainableUndefined, StrictUndefined):
    """A value that is absent, None or blank: may be asked after (`if`, `fallback`), never shown or reckoned with."""

    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: Any = None, name: str | None = None, *_: Any, **__: Any) -> None:
        super().__init__(hint, obj, name, self._found)  # type: ignore[arg-type]  # called like an exception type

    def _found(self, _message: str | None = None) -> HoleFound:
        owner = self._undefined_obj
        return HoleFound(owner if isinstance(owner, dict | list | tuple) else None, str(self._undefined_name))

    def deeper(self, name: object) -> "Hole":
        """Return the hole below this one: what is missing is then named by its whole path."""
        return Hole(obj=self._undefined_obj, name=f"{self._undefined_name}.{name}")

    def fail(self) -> NoReturn:
        raise self._found()

    def __bool__(self) -> bool:  # type: ignore[override]  # asking is allowed, see above
        return False


class Shelf(BaseLoader):
    """Reads templates from a published bundle, and from nowhere else."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources

    def get_source(self, environment: Any, template: str) -> tuple[str, str, Callable[[], bool]]:
        if template not in self.sources:
            raise TemplateNotFound(template, f"there is no template '{template}'; publish it, or correct the name")
        text = self.sources[template]
        if len(text.encode("utf-8", "replace")) > SOURCE_BYTES:
            raise SecurityError(f"the template is larger than {SOURCE_BYTES // 1000} kB; make it smaller")
        return compiled_text(text), template, lambda: True


def shown(value: Any) -> Any:
    """Pass on what may stand in a message; refuse the rest."""
    if isinstance(value, str | int | float | Decimal | dt.date | dt.time | Undefined):
        return value
    if value is None:
        raise SecurityError("an empty value would be shown; give it a fallback: {{ …|fallback('…') }}")
    raise SecurityError(f"a {_said(value)} cannot be shown; name one of its fields")


def _said(value: object) -> str:
    known = {dict: "record", list: "list", tuple: "list", dt.timedelta: "span of time"}
    return next((word for kind, word in known.items() if isinstance(value, kind)), "part of the template")


class Sandbox(ImmutableSandboxedEnvironment):
    """One bundle's templates, for one kind of part. Template names are paths of the bundle."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self, sources: Mapping[str, str], *, html: bool) -> None:
        super().__init__(
            loader=Shelf(sources),
            autoescape=html,
            undefined=Hole,
            finalize=shown,
            optimized=False,  # folding constants would run the author's arithmetic inside the compiler
            auto_reload=False,
            cache_size=2_000,
            keep_trailing_newline=False,
        )
        self.sources = sources
        self.speech = Speech()
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in FILTERS} | OWN_FILTERS
        self.tests = {name: self.tests[name] for name in TESTS} | {"none": not_there}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for switch in tree.find_all(nodes.ScopedEvalContextModifier):
            said = "'autoescape' would make tags of what a contact wrote; take it out"
            raise TemplateSyntaxError(said, switch.lineno, name, filename)
        return tree

    def join_path(self, template: str, parent: str) -> str:
        here = Place.parse(parent)
        found = target(self.sources, here, template) if here and isinstance(template, str) else None
        if found is None:
            raise TemplateNotFound(str(template), f"there is no template '{template}'; correct the name, or write it")
        return found

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict):
            return self._entry(obj, attribute)
        if isinstance(obj, Hole):
            return obj.deeper(attribute)
        if isinstance(obj, TemplateModule) and not attribute.startswith("_"):
            return obj.__dict__.get(attribute, Hole(obj=None, name=attribute))
        if isinstance(obj, TemplateReference) and not attribute.startswith("_"):
            return obj[attribute]
        return self._allowed(obj, attribute)

    def _allowed(self, obj: Any, attribute: str) -> Any:
        for kind, names in _READABLE:
            if isinstance(obj, kind) and attribute in names:
                return getattr(obj, attribute)
        return Hole(obj=None, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, dict) and isinstance(argument, str | int):
            return self._entry(obj, argument)
        if isinstance(obj, Hole):
            return obj.deeper(argument)
        if isinstance(obj, list | tuple | str) and isinstance(argument, int | slice):
            try:
                return obj[argument]
            except IndexError:
                return Hole(obj=obj, name=str(argument))
        return self._allowed(obj, argument) if isinstance(argument, str) else Hole(obj=None, name=str(argument))

    def _entry(self, record: dict[Any, Any], key: str | int) -> Any:
        value = record.get(key)
        return Hole(obj=record, name=str(key)) if blank(value) else value

    def is_safe_callable(self, obj: Any) -> bool:
        return isinstance(obj, Macro | BlockReference | LoopContext) or isinstance(
            getattr(obj, "__self__", None), LoopContext
        )

    def call(self, context: Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.is_safe_callable(obj):
            name = f"{obj._undefined_name}()" if isinstance(obj, Hole) else "that"
            raise SecurityError(f"{name} cannot be called in a template; use a filter, or prepare the value beforehand")
        return context.call(obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        for side in (left, right):
            if isinstance(side, Hole):
                side.fail()
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            if len(left) + len(right) > LONGEST_SUM:
                raise SecurityError(f"a text of more than {LONGEST_SUM} characters is joined; make it shorter")
            return left + right
        if operator == "-" and isinstance(left, dt.date) and isinstance(right, dt.date):
            return left - right
        left, right = _reckoned(operator, left, right)
        return super().call_binop(context, operator, left, right)


def _reckoned(operator: str, left: Any, right: Any) -> tuple[Any, Any]:
    for side in (left, right):
        if not isinstance(side, int | float | Decimal):
            raise SecurityError(f"'{operator}' is for numbers only; use ~ to join texts")
        if isinstance(side, int) and side.bit_length() > WIDEST:
            raise SecurityError(f"a number of more than {WIDEST} bits is reckoned with; keep numbers small")
    if operator == "**" and abs(right) > WIDEST // 2:
        raise SecurityError(f"a power above {WIDEST // 2}; keep exponents small")
    if isinstance(left, Decimal) != isinstance(right, Decimal):  # Python refuses to mix Decimal with float
        left, right = Decimal(str(left)), Decimal(str(right))
    return left, right


def blank(value: object) -> bool:
    """Tell whether a field has nothing to show: absent, None, or a text without a visible character."""
    return value is None or (isinstance(value, str) and not value.strip())


def not_there(value: object) -> bool:
    """Tell whether a value is absent; the test `is none` asks this, because a field that is None reads as a hole."""
    return value is None or isinstance(value, Undefined)
