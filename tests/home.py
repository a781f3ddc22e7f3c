"""The files marketing ops edit, read from the checkout, and a pen that writes their messages without a process."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from domain.attachments import FILES, packed
from domain.facts import Facts
from domain.letters import Lacks, Plan, Written, context
from domain.loader import Loaded, load
from rendering.catalogue import Catalogue
from rendering.parts import Press
from rendering.sandbox import HoleFound

PROJECT = Path(__file__).parents[1]
LINKS = {
    "unsubscribe_url": "https://acme.example/u/TOKEN",
    "preferences_url": "https://acme.example/p/TOKEN",
    "confirm_url": "https://acme.example/c/TOKEN",
    "survey_url": "https://acme.example/q/TOKEN",
}
LARGEST = 2_000_000


@dataclass(frozen=True)
class Home:
    """`files` are sequences and policies by path; `templates` are paths relative to templates/."""

    files: Mapping[str, str]
    templates: Mapping[str, str]

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.templates)

    def load(self, more: Mapping[str, str] | None = None) -> Loaded:
        return load({**self.files, **(more or {})}, self.catalogue)


@cache
def shipped() -> Home:
    """Return the home that lies in this repository."""
    return Home(
        files=_read("sequences", PROJECT) | _read("policies", PROJECT),
        templates=_read("templates", PROJECT / "templates"),
    )


def _read(folder: str, root: Path) -> dict[str, str]:
    files = (path for path in sorted((PROJECT / folder).rglob("*")) if path.is_file())
    return {path.relative_to(root).as_posix(): _held(path) for path in files}


def _held(path: Path) -> str:
    """Return a file as a bundle holds it."""
    carried = (PROJECT / "templates" / FILES) in path.parents
    return packed(path.read_bytes()) if carried else path.read_text(encoding="utf-8")


class Pen:
    """Writes the messages of a simulation. What it wrote last stands in `written`."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        self.press = Press(templates, LARGEST)

    def __call__(self, plan: Plan, facts: Facts) -> Written | Lacks:
        names = context(plan, facts, LINKS)
        try:
            parts = self.write(plan.need.template, facts.contact.get("language"), names, plan.need.channel)
        except HoleFound as hole:
            return Lacks(f"{hole.name} is missing")
        return Written(parts["subject"] or "", parts["html"] or "", parts["text"] or "")

    def write(
        self, template: str, language: str | None, names: dict[str, Any], channel: str = "email"
    ) -> dict[str, Any]:
        return self.press.render(channel, template, language, names)
