"""`preview`: one message as one contact would get it, all parts and headers, from files alone."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

from domain.definition import nearest
from domain.facts import Facts
from domain.letters import Plan, plan
from domain.needs import Deliver
from domain.program import Program
from domain.steps.send import Send
from rendering.bundle import Place
from rendering.email import BadLetter
from rendering.process import MissingVariable, Rendered, TemplateFault
from starter.cli_home import problems_found, problems_it_stands_on
from starter.cli_result import ProblemsFound, Result
from starter.cli_simulate import composing, prepare, write
from starter.composer import as_mail
from starter.contact_file import read_contact
from starter.home import LoadedHome, load_home, read_home
from starter.home_files import TEMPLATES


def preview_template(
    home: Path, template: str, contact: Path, data: Mapping[str, Any], locale: str | None, out: Path | None
) -> Result:
    """Show one message as this contact would get it. Raises `ProblemsFound`, `OutOfReach`."""
    loaded = load_home(read_home(home))
    name, written_locale = _template(loaded, template)
    now = datetime.now(UTC).replace(microsecond=0)
    person, problems = read_contact(contact, loaded.policies, now)
    sequence = Program(sequence="preview", topic=next(iter(loaded.policies.messaging.topics), None))
    steps = sequence.model_copy(update={"steps": {"it": Send(id="it", send=name)}})
    problems += problems_it_stands_on(loaded, steps)
    if any(not problem.warning for problem in problems):
        raise problems_found(problems)
    facts = Facts(
        now=now, program=sequence, policies=loaded.policies, contact=person, entered_at=now, run_event=dict(data)
    )
    try:
        planned = plan(Deliver(template=name), facts, loaded.templates)
        with composing(loaded) as composer:
            rendered, written = composer.write(planned, facts, locale or written_locale)
        mail = as_mail(planned, written, facts, name)
    except KeyError as error:
        raise ProblemsFound([f"policies/messaging.yaml: there is no sender {error}; add it below 'senders'"]) from None
    except (MissingVariable, TemplateFault, BadLetter) as error:
        raise ProblemsFound([f"{name}: {error}"]) from None
    return _preview(name, planned, rendered, mail, [str(each) for each in problems], out)


def _template(loaded: LoadedHome, template: str) -> tuple[str, str | None]:
    """Return the name and locale of a template given by name (`welcome/hello`) or path."""
    path = template.partition(TEMPLATES)[2] if TEMPLATES in template else template
    place = Place.parse(path)
    name, locale = (place.name, place.locale) if place else (path.removeprefix("email/"), None)
    names = loaded.templates.names("email")
    if name not in names:
        raise ProblemsFound([f"template '{name}' does not exist{nearest(name, names)}"])
    return name, locale


def _preview(name: str, planned: Plan, rendered: Rendered, mail: bytes, notes: list[str], out: Path | None) -> Result:
    message = message_from_bytes(mail)
    headers = {
        key: str(make_header(decode_header(re.sub(r"\r?\n(?=[ \t])", "", value)))) for key, value in message.items()
    }
    document = {
        "template": name,
        "class": planned.class_,
        "topic": planned.topic if planned.class_ == "marketing" else None,
        "locale": rendered.locale,
        "headers": headers,
        "subject": rendered.subject,
        "preheader": rendered.preheader,
        "html": rendered.html,
        "text": rendered.text,
    }
    if out is not None:
        prepare(out)
        stem = name.replace("/", "-")
        for ending, content in (("eml", mail), ("html", rendered.html.encode()), ("txt", rendered.text.encode())):
            write(out / f"{stem}.{ending}", content)
        notes = [*notes, f"written: {out / stem}.eml, .html and .txt"]
    shown = [f"{key}: {value}" for key, value in headers.items()]
    preheader = ["", f"(preview line) {rendered.preheader}"] if rendered.preheader else []
    return Result(document, [*shown, *preheader, "", rendered.text], notes)
