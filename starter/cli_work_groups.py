"""The group `case …` of the command line."""

from typing import Annotated

import typer

from starter.cli_options import Json, Most
from starter.cli_result import show

cases = typer.Typer(help="What went wrong for a contact.", no_args_is_help=True)

Of = Annotated[str | None, typer.Option("--contact", metavar="C", help="Only those of this contact.")]
All = Annotated[bool, typer.Option("--all", help="Those that are done, too.")]
Case = Annotated[str, typer.Argument(metavar="ID", help="The case's id.")]


@cases.command("list")
def list_cases(contact: Of = None, closed: All = False, most: Most = 100, json: Json = False) -> None:
    """List open cases, newest first."""
    from starter.cli_work import list_cases

    raise typer.Exit(show(list_cases(contact, closed, most), json))


@cases.command("show")
def show_case(case: Case, json: Json = False) -> None:
    """Show everything about one case."""
    from starter.cli_work import show_case

    raise typer.Exit(show(show_case(case), json))


@cases.command("close")
def close_case(
    case: Case,
    outcome: Annotated[str | None, typer.Option("--outcome", metavar="O", help="How it ended, in a word.")] = None,
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="What is worth knowing.")] = None,
    person: Annotated[str | None, typer.Option("--person", metavar="P", help="Who made it good.")] = None,
    json: Json = False,
) -> None:
    """Close a case; marketing that waited for it may go on."""
    from starter.cli_work import close_case

    raise typer.Exit(show(close_case(case, outcome, note, person), json))
