"""A small home of its own for tests of the command line: one sequence, three messages, the policies they stand on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from records.session import Database
from settings import Settings
from starter.cli import run
from starter.publish import publish_home
from tests.databases import lay_down

WELCOME = """\
description: A welcome, and a tip two days later.
topic: product-news
time_zone: Europe/Berlin
enter:
  on: {event: trial_started}
  again: after_exit
goal: {event: meeting_booked}
steps:
  - send: welcome/hello
  - wait: 2 days at 09:00
  - send: welcome/tips
  - wait_for: clicked
    of: tips
    up_to: 3 days
    then:
      - update: {score: +20}
    otherwise:
      - send: welcome/nudge
"""
MESSAGING = """\
organisation: {name: Acme, address: "1 High Street, London", time_zone: Europe/London, locale: en}
senders: {default: {from: "Acme <hello@acme.example>"}}
topics: {product-news: {label: Product news, default: opted_out}}
"""
EVENTS = "events: {trial_started: {fields: [plan]}}\n"
BODY = """\
---
class: marketing
---
{% block subject %}SUBJECT{% endblock %}
{% block html %}<p>Hello {{ contact.first_name|fallback("there") }}, TEXT</p>
<p>{{ organisation.address }} <a href="{{ unsubscribe_url }}">Unsubscribe</a></p>{% endblock %}
"""
TIP = '<a href="https://acme.example/tips">plan six hours</a>.'
FILES = {
    "sequences/welcome.yaml": WELCOME,
    "policies/messaging.yaml": MESSAGING,
    "policies/events.yaml": EVENTS,
    "templates/email/welcome/hello.html": BODY.replace("SUBJECT", "Hello & welcome").replace("TEXT", "welcome."),
    "templates/email/welcome/tips.html": BODY.replace("SUBJECT", "A tip").replace("TEXT", TIP),
    "templates/email/welcome/nudge.html": BODY.replace("SUBJECT", "One more").replace("TEXT", "still there?"),
}
ANN = {"email": "ann@acme.example", "first_name": "Ann", "time_zone": "Europe/Berlin", "score": 12}
FRIDAY = "2026-03-27T09:00:00Z"


@dataclass
class Typed:
    """What one command printed, and its status."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


@dataclass
class SmallHome:
    """A home in a folder, and a command line that stands in it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file of the home."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def change(self, path: str, before: str, after: str) -> None:
        """Change a text in a file of the home."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert before in text, f"{path} does not hold {before}"
        self.write(path, text.replace(before, after))

    def json(self, name: str, value: object) -> str:
        """Write a JSON file beside the home and return its path."""
        return str(self.write(f"{name}.json", json.dumps(value, indent=1)))

    def type(self, *words: str | Path) -> Typed:
        """Type a command."""
        self.capsys.readouterr()
        status = run(["--home", str(self.folder), *map(str, words)])
        printed = self.capsys.readouterr()
        return Typed(status, printed.out, printed.err)

    @property
    def settings(self) -> Settings:
        return Settings(home=self.folder)

    def with_records(self) -> "SmallHome":
        """Make the databases, and publish the home."""
        self.settings.state.mkdir(exist_ok=True)
        lay_down("main", self.settings.database_url)
        lay_down("inbox", self.settings.inbox_url)
        self.published = publish_home(self.settings)
        return self

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Open the main database."""
        database = Database(self.settings.database_url)
        try:
            yield database
        finally:
            database.close()


def make_home(folder: Path, capsys: pytest.CaptureFixture[str]) -> SmallHome:
    """Write the home into a folder."""
    home = SmallHome(folder, capsys)
    for path, text in FILES.items():
        home.write(path, text)
    return home
