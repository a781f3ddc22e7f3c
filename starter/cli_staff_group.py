"""The group `staff …` of the command line."""

from typing import Annotated, Any

import typer

from domain.assignment import OPERATOR
from starter.cli_options import Json, a_day_or_time
from starter.cli_result import show

staff = typer.Typer(help="Your people: who is there, and what they have to do.", no_args_is_help=True)

Person = Annotated[str, typer.Argument(metavar="PERSON", help="A key of policies/teams.yaml, or their e-mail address.")]


@staff.command("list")
def list_staff(
    team: Annotated[str | None, typer.Option("--team", metavar="T", help="Only those of this team.")] = None,
    json: Json = False,
) -> None:
    """List your people: who is there, who is away, what everybody has to do."""
    from starter.cli_staff import list_staff

    raise typer.Exit(show(list_staff(team), json))


@staff.command("away")
def go_away(
    person: Person,
    until: Annotated[
        Any | None,
        typer.Option("--until", metavar="TIME", parser=a_day_or_time, help="They are back then, or that day."),
    ] = None,
    since: Annotated[
        Any | None, typer.Option("--from", metavar="TIME", parser=a_day_or_time, help="It begins then; default: now.")
    ] = None,
    deputy: Annotated[
        str | None, typer.Option("--deputy", metavar="P", help="Who stands in; default: the deputy of the file.")
    ] = None,
    by: Annotated[str, typer.Option("--by", metavar="WHO", help="Who says so: a key, or an address.")] = OPERATOR,
    json: Json = False,
) -> None:
    """Say that somebody is away; what is open with them is handed over."""
    from starter.cli_staff import go_away

    raise typer.Exit(show(go_away(person, since, until, deputy, by), json))


@staff.command("back")
def come_back(person: Person, json: Json = False) -> None:
    """Say that somebody is back, or is not going away after all."""
    from starter.cli_staff import come_back

    raise typer.Exit(show(come_back(person), json))


@staff.command("digest")
def show_digest(person: Person, json: Json = False) -> None:
    """Show somebody's list of the day as it is now; nothing is sent."""
    from starter.cli_digest import show_digest

    raise typer.Exit(show(show_digest(person), json))
