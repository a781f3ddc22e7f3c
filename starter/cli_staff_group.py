"""The group `staff …` of the command line."""

from typing import Annotated

import typer

from starter.cli_options import Json
from starter.cli_result import show

staff = typer.Typer(help="Your people: what they have to do.", no_args_is_help=True)

Person = Annotated[str, typer.Argument(metavar="PERSON", help="A key of policies/teams.yaml, or their e-mail address.")]


@staff.command("digest")
def show_digest(person: Person, json: Json = False) -> None:
    """Show somebody's list of the day as it is now; nothing is sent."""
    from starter.cli_digest import show_digest

    raise typer.Exit(show(show_digest(person), json))
