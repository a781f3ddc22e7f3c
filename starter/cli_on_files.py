"""The commands that look at files only: `check`, `simulate`, `draw`, `schema`, `preview`.

They need no server, no database and no settings.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from starter.cli_options import Json, Sequence_, a_reaction, a_time, a_time_or_span, an_object, home_folder
from starter.cli_result import show


class Form(StrEnum):
    """What a drawing is written in."""

    mermaid = "mermaid"
    svg = "svg"


def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Only these files or folders.")
    ] = None,
    json: Json = False,
) -> None:
    """Load sequences, policies and templates, and print all problems."""
    from starter.cli_home import check_files

    raise typer.Exit(show(check_files(home_folder(), paths or []), json))


def simulate(
    sequence: Sequence_,
    contact: Annotated[
        Path | None, typer.Option("--contact", metavar="FILE", help="The contact, a JSON object.")
    ] = None,
    contacts: Annotated[
        Path | None, typer.Option("--contacts", metavar="FILE.csv", help="Many contacts instead: a forecast of all.")
    ] = None,
    events: Annotated[
        Path | None, typer.Option("--events", metavar="FILE", help="What happens, a YAML or JSON list.")
    ] = None,
    reaction: Annotated[
        list[Any] | None,
        typer.Option(
            "--assume", metavar="RATE", parser=a_reaction, help="Of a forecast: 'clicked: 8%'; may be repeated."
        ),
    ] = None,
    at: Annotated[
        datetime | None, typer.Option("--at", metavar="TIME", parser=a_time, help="The instant of entry; default: now.")
    ] = None,
    until: Annotated[
        Any | None,
        typer.Option("--until", metavar="TIME", parser=a_time_or_span, help="Stop then: a time, or a span from entry."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write every message, and the timeline as a page.")
    ] = None,
    json: Json = False,
) -> None:
    """Run a sequence for one contact, or many, on a virtual clock.

    Nobody is written to.
    """
    if contacts is not None and contact is None:
        from starter.cli_forecast import Foreseen, forecast_files

        foreseen = Foreseen(sequence, contacts, events, at, until, tuple(reaction or ()), out)
        raise typer.Exit(show(forecast_files(home_folder(), foreseen), json))
    if contact is None or contacts is not None:
        raise typer.BadParameter("give --contact FILE for one contact, or --contacts FILE.csv for many")
    if reaction:
        raise typer.BadParameter(
            "rates are of many; for one contact write what happens into --events", param_hint="--assume"
        )
    from starter.cli_simulate import Wanted, simulate_files

    wanted = Wanted(sequence, contact, events, at, until, out)
    raise typer.Exit(show(simulate_files(home_folder(), wanted), json))


def draw(
    sequence: Sequence_,
    form: Annotated[
        Form | None, typer.Option("--format", help="mermaid or svg; default: by the name of --out, else mermaid.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there, instead of on stdout.")
    ] = None,
    json: Json = False,
) -> None:
    """Draw a sequence: every step, every way, every end."""
    from starter.cli_draw import draw_sequence

    raise typer.Exit(show(draw_sequence(home_folder(), sequence, form and form.value, out), json))


def schema(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="sequence, or a policy such as messaging; default: sequence.")
    ] = "sequence",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write all of them there, instead of one on stdout.")
    ] = None,
    json: Json = False,
) -> None:
    """Print the JSON Schema of sequences, or of a policy.

    Editors check by it while one types.
    """
    from starter.cli_schema import show_schema, write_schemas

    raise typer.Exit(show(show_schema(name) if out is None else write_schemas(out), json))


def preview(
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="A name such as welcome/hello, or a file.")],
    contact: Annotated[Path, typer.Option("--contact", metavar="FILE", help="The contact, a JSON object.")],
    data: Annotated[
        dict[str, Any] | None,
        typer.Option("--data", metavar="JSON", parser=an_object, help="What started the run, as run.event."),
    ] = None,
    locale: Annotated[str | None, typer.Option("--locale", help="The language, instead of the contact's.")] = None,
    all_locales: Annotated[bool, typer.Option("--all-locales", help="Every language there is of it.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the parts there, and a page that shows them.")
    ] = None,
    json: Json = False,
) -> None:
    """Show one message as a contact would get it, all parts."""
    from starter.cli_preview import Asked, preview_template

    if all_locales and locale:
        raise typer.BadParameter("give --locale for one language, or --all-locales")
    asked = Asked(template, contact, data or {}, locale, all_locales, out)
    raise typer.Exit(show(preview_template(home_folder(), asked), json))


COMMANDS = (check, simulate, draw, schema, preview)
