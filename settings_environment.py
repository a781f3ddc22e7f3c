"""The environment as settings know it: variables become fields' texts, and values become variables again.

Which settings there are stands in settings.py, which alone uses this. Every problem is kept, so that all are said at
once, each under its variable's name.
"""

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from settings_values import AlsoFromFile

PREFIX = "RAPPORT_"


class Environment(PydanticBaseSettingsSource):
    """The variables of one environment as the fields' raw texts; a secret may come from the file its _FILE names.

    `problems` holds what is wrong with the variables themselves; the values are the fields' to judge.
    """

    def __init__(self, settings: type[BaseSettings], environ: Mapping[str, str]) -> None:
        super().__init__(settings)
        self.environ = environ
        self.problems: list[str] = []

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        variable = PREFIX + field_name.upper()
        value, file = self.environ.get(variable, ""), ""
        if _may_be_a_file(field):
            file = self.environ.get(variable + "_FILE", "")
        if value and file:
            self.problems.append(f"{variable}: {variable}_FILE is set, too; keep one of them")
        return (self._content(variable + "_FILE", file) if file else value), field_name, False

    def _content(self, variable: str, file: str) -> str:
        try:
            return Path(file).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            self.problems.append(f"{variable}: cannot read '{file}': {reason}; give the path of a readable file")
            return ""

    def __call__(self) -> dict[str, Any]:
        """Return what is set. An empty variable counts as one that is not set."""
        raw = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in raw.items() if value}


def _may_be_a_file(field: FieldInfo) -> bool:
    marks = [*field.metadata, *(mark for arm in getattr(field.annotation, "__args__", ()) for mark in _marks(arm))]
    return any(isinstance(mark, AlsoFromFile) for mark in marks)


def _marks(annotation: object) -> tuple[object, ...]:
    return getattr(annotation, "__metadata__", ())


def variables_of(settings: type[BaseSettings]) -> tuple[str, ...]:
    """Return the name of every variable that is read for these settings."""
    names = []
    for name, about in settings.model_fields.items():
        names.append(PREFIX + name.upper())
        if _may_be_a_file(about):
            names.append(f"{PREFIX}{name.upper()}_FILE")
    return tuple(names)


def misspelt(environ: Mapping[str, str], settings: type[BaseSettings]) -> list[str]:
    """Refuse near misses only: container platforms add RAPPORT_PORT and RAPPORT_SERVICE_HOST of their own."""
    known = [name.removeprefix(PREFIX) for name in variables_of(settings)]
    problems = []
    for name in sorted(environ):
        word = name.removeprefix(PREFIX)
        if word == name or word in known:
            continue
        if close := difflib.get_close_matches(word, known, n=1, cutoff=0.8):
            problems.append(f"{name}: there is no such setting; did you mean {PREFIX}{close[0]}?")
    return problems


def refusals(error: ValidationError) -> list[str]:
    """Return what the fields refused, each with its variable's name."""
    # A default that follows from a refused value is not a second mistake.
    mistakes = [each for each in error.errors() if each["type"] != "default_factory_not_called"]
    return [_place(each["loc"]) + each["msg"].removeprefix("Value error, ") for each in mistakes]


def _place(location: tuple[int | str, ...]) -> str:
    return f"{PREFIX}{str(location[0]).upper()}: " if location else ""


def as_text(value: object) -> str:
    """Return what a variable must hold for its field to have this value. Secrets are shown.

    >>> as_text(True), as_text(8080)
    ('1', '8080')
    """
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, tuple):
        return " ".join(as_text(each) for each in value)
    if isinstance(value, Mapping):
        return json.dumps({form: [key.get_secret_value() for key in keys] for form, keys in value.items()})
    return str(value)
