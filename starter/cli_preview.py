"""`preview`: one message as one contact would get it, all parts and headers, from files alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from domain.case_samples import sample_of
from domain.definition import nearest
from domain.facts import Facts
from domain.keys import ledger_id
from domain.letters import Plan, Written, plan
from domain.needs import Deliver
from domain.program import Program
from domain.steps.send import Send
from rendering.bundle import Place
from rendering.email import BadLetter
from rendering.process import MissingVariable, Rendered, TemplateFault
from rendering.text_message import text_message_of
from rendering.webhook_message import webhook_message_of
from starter.cli_home import problems_found, problems_it_stands_on
from starter.cli_result import ProblemsFound, Result
from starter.cli_simulate import composing, prepare, write
from starter.composer import as_mail, preview_id
from starter.contact_file import read_contact
from starter.home import LoadedHome, load_home, read_home
from starter.home_files import TEMPLATES
from starter.preview_page import preview_page
from starter.preview_parts import Shown
from starter.preview_texts import ShownText, texts_shown
from starter.preview_webhooks import ShownWebhook, webhook_shown

Channel = Literal["email", "sms", "webhook"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
"""Those with templates to look at; a name that several have is that of the first."""
Of = TypeVar("Of")


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
    channel, name, written_locale = _template(loaded, asked.template)
    now = datetime.now(UTC).replace(microsecond=0)
    person, problems = read_contact(asked.contact, loaded.policies, now)
    sequence = Program(sequence="preview", topic=next(iter(loaded.policies.messaging.topics), None))
    steps = sequence.model_copy(update={"steps": {"it": Send(id="it", send=name, channel=channel)}})
    problems += problems_it_stands_on(loaded, steps)
    if any(not problem.warning for problem in problems):
        raise problems_found(problems)
    language = asked.locale or written_locale or person.get("language")
    event = {**sample_of(name, loaded.policies, now, str(language or "")), **asked.data}
    facts = Facts(now=now, program=sequence, policies=loaded.policies, contact=person, entered_at=now, run_event=event)
    locales = _locales(loaded, channel, name) if asked.all_locales else [asked.locale or written_locale]
    notes = [str(each) for each in problems]
    if channel == "webhook":
        return _webhook(name, _written(loaded, channel, name, facts, locales[:1], _as_webhook)[0], asked.out, notes)
    if channel == "sms":
        return _texts(name, _written(loaded, channel, name, facts, locales, _as_text), asked.out, notes)
    variants = _written(loaded, channel, name, facts, locales, _as_letter)
    if asked.out is not None:
        notes += _write_out(asked.out, name, variants)
    return _result(name, variants, notes)


def _written(
    loaded: LoadedHome,
    channel: Channel,
    name: str,
    facts: Facts,
    locales: list[str | None],
    made: Callable[[Plan, Rendered, Written, Facts], Of],
) -> list[Of]:
    """Return the message in each language asked for; None is the contact's own."""
    try:
        planned = plan(Deliver(template=name, channel=channel), facts, loaded.templates)
        with composing(loaded) as composer:
            written = [composer.write(planned, facts, locale) for locale in locales]
        return [made(planned, rendered, whole, facts) for rendered, whole in written]
    except KeyError as error:
        raise ProblemsFound([f"policies/messaging.yaml: there is no sender {error}; add it below 'senders'"]) from None
    except (MissingVariable, TemplateFault, BadLetter) as error:
        raise ProblemsFound([f"{name}: {error}"]) from None


def _as_letter(planned: Plan, rendered: Rendered, whole: Written, facts: Facts) -> Shown:
    return Shown(planned, rendered, whole, as_mail(planned, whole, facts, planned.need.template))


def _as_text(planned: Plan, rendered: Rendered, whole: Written, facts: Facts) -> ShownText:
    return ShownText(planned, rendered, text_message_of(planned, whole, facts, preview_id(planned.need.template)))


def _as_webhook(planned: Plan, rendered: Rendered, whole: Written, facts: Facts) -> ShownWebhook:
    return ShownWebhook(planned, webhook_message_of(planned, whole, facts, ledger_id(planned.need.template), facts.now))


def _locales(loaded: LoadedHome, channel: Channel, name: str) -> list[str | None]:
    """Return a language for each variant of a message; the first is that of the variant for everybody else."""
    places = [place for place in map(Place.parse, loaded.sources) if place and place.name == name]
    tags = sorted({place.locale for place in places if place.locale and place.channel == channel})
    own = loaded.policies.messaging.organisation.locale
    return [own if own not in tags else "und", *tags]


def _template(loaded: LoadedHome, template: str) -> tuple[Channel, str, str | None]:
    """Return channel, name and locale of a template given by name (`welcome/hello`, `sms/order/ready`) or path."""
    path = template.partition(TEMPLATES)[2] if TEMPLATES in template else template
    place = Place.parse(path)
    written = place.channel if place else path.partition("/")[0]
    name, locale = (place.name, place.locale) if place else (path.removeprefix(f"{written}/"), None)
    if not place and written not in CHANNELS:
        name = path
    there = [channel for channel in CHANNELS if name in loaded.templates.names(channel)]
    if not there:
        names = frozenset().union(*(loaded.templates.names(channel) for channel in CHANNELS))
        raise ProblemsFound([f"template '{name}' does not exist{nearest(name, names)}"])
    return next((channel for channel in there if channel == written), there[0]), name, locale


def _result(name: str, variants: list[Shown], notes: list[str]) -> Result:
    first, *others = variants
    document = {"template": name, **first.document()}
    lines = first.lines()
    if others:
        document["variants"] = [each.document() for each in variants]
        lines = [line for each in variants for line in (f"=== {each.locale}", *each.lines(), "")]
    hints = [f"{each.locale}: {hint}" if others else hint for each in variants for hint in each.hints()]
    return Result(document, lines, [*notes, *hints])


def _texts(name: str, variants: list[ShownText], folder: Path | None, notes: list[str]) -> Result:
    if folder is not None:
        prepare(folder)
        for each in variants:
            named = f"{name.replace('/', '-')}.{each.locale}.txt"
            write(folder / named, each.message.shown().encode("utf-8", "replace"))
        notes = [*notes, f"written: {len(variants)} .txt in {folder}"]
    return texts_shown(name, variants, notes)


def _webhook(name: str, shown: ShownWebhook, folder: Path | None, notes: list[str]) -> Result:
    if folder is not None:
        prepare(folder)
        write(folder / f"{name.replace('/', '-')}.json", shown.message.body)
        notes = [*notes, f"written: 1 .json in {folder}"]
    return webhook_shown(name, shown, notes)


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
