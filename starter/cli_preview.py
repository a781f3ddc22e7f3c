"""`preview`: one message as one contact would get it, all parts and headers, from files alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.definition import nearest
from domain.facts import Facts
from domain.letters import plan
from domain.needs import Deliver
from domain.program import Program
from domain.steps.send import Send
from rendering.bundle import Place
from rendering.email import BadLetter
from rendering.process import MissingVariable, TemplateFault
from starter.cli_home import problems_found, problems_it_stands_on
from starter.cli_result import ProblemsFound, Result
from starter.cli_simulate import composing, prepare, write
from starter.composer import as_mail
from starter.contact_file import read_contact
from starter.home import LoadedHome, load_home, read_home
from starter.home_files import TEMPLATES
from starter.preview_page import preview_page
from starter.preview_parts import Shown


@dataclass(frozen=True)
class Asked:
    """What `rapport preview` was asked."""

    template: str
    contact: Path
    data: Mapping[str, Any] = field(default_factory=dict)
    locale: str | None = None
    all_locales: bool = False
    out: Path | None = None


def preview_template(home: Path, asked: Asked) -> Result:
    """Show one message as this contact would get it. Raises `ProblemsFound`, `OutOfReach`."""
    loaded = load_home(read_home(home))
    name, written_locale = _template(loaded, asked.template)
    now = datetime.now(UTC).replace(microsecond=0)
    person, problems = read_contact(asked.contact, loaded.policies, now)
    sequence = Program(sequence="preview", topic=next(iter(loaded.policies.messaging.topics), None))
    steps = sequence.model_copy(update={"steps": {"it": Send(id="it", send=name)}})
    problems += problems_it_stands_on(loaded, steps)
    if any(not problem.warning for problem in problems):
        raise problems_found(problems)
    facts = Facts(
        now=now, program=sequence, policies=loaded.policies, contact=person, entered_at=now, run_event=dict(asked.data)
    )
    locales = _locales(loaded, name) if asked.all_locales else [asked.locale or written_locale]
    variants = _variants(loaded, name, facts, locales)
    notes = [str(each) for each in problems]
    if asked.out is not None:
        notes += _write_out(asked.out, name, variants)
    return _result(name, variants, notes)


def _variants(loaded: LoadedHome, name: str, facts: Facts, locales: list[str | None]) -> list[Shown]:
    """Return the message in each language asked for; None is the contact's own."""
    try:
        planned = plan(Deliver(template=name), facts, loaded.templates)
        with composing(loaded) as composer:
            written = [composer.write(planned, facts, locale) for locale in locales]
        return [Shown(planned, rendered, whole, as_mail(planned, whole, facts, name)) for rendered, whole in written]
    except KeyError as error:
        raise ProblemsFound([f"policies/messaging.yaml: there is no sender {error}; add it below 'senders'"]) from None
    except (MissingVariable, TemplateFault, BadLetter) as error:
        raise ProblemsFound([f"{name}: {error}"]) from None


def _locales(loaded: LoadedHome, name: str) -> list[str | None]:
    """Return a language for each variant of a message; the first is that of the variant for everybody else."""
    places = [place for place in map(Place.parse, loaded.sources) if place and place.name == name]
    tags = sorted({place.locale for place in places if place.locale and place.channel == "email"})
    own = loaded.policies.messaging.organisation.locale
    return [own if own not in tags else "und", *tags]


def _template(loaded: LoadedHome, template: str) -> tuple[str, str | None]:
    """Return the name and locale of a template given by name (`welcome/hello`) or path."""
    path = template.partition(TEMPLATES)[2] if TEMPLATES in template else template
    place = Place.parse(path)
    name, locale = (place.name, place.locale) if place else (path.removeprefix("email/"), None)
    names = loaded.templates.names("email")
    if name not in names:
        raise ProblemsFound([f"template '{name}' does not exist{nearest(name, names)}"])
    return name, locale


def _result(name: str, variants: list[Shown], notes: list[str]) -> Result:
    first, *others = variants
    document = {"template": name, **first.document()}
    lines = first.lines()
    if others:
        document["variants"] = [each.document() for each in variants]
        lines = [line for each in variants for line in (f"=== {each.locale}", *each.lines(), "")]
    hints = [f"{each.locale}: {hint}" if others else hint for each in variants for hint in each.hints()]
    return Result(document, lines, [*notes, *hints])


def _write_out(folder: Path, name: str, variants: list[Shown]) -> list[str]:
    """Write each part of each variant, and the page that shows them all; return what there is to say about it."""
    prepare(folder)
    stem = name.replace("/", "-")
    for each in variants:
        named = f"{stem}.{each.locale}" if len(variants) > 1 and each.rendered.locale else stem
        parts = (("eml", each.mail), ("html", each.page.encode()), ("txt", each.written.text.encode()))
        for ending, content in parts:
            write(folder / f"{named}.{ending}", content)
    write(folder / f"{stem}-preview.html", preview_page(name, variants).encode("utf-8", "replace"))
    return [f"written: {folder / stem}-preview.html, and the parts as .eml, .html and .txt beside it"]
