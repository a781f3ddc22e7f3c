"""The group `action …` of the command line: causes of cases that somebody sees to."""

from typing import Annotated

import typer

from starter.cli_options import Json, Most
from starter.cli_result import show

actions = typer.Typer(help="Causes of cases that somebody sees to.", no_args_is_help=True)


@actions.command("list")
def list_actions(
    cause: Annotated[str | None, typer.Option("--cause", metavar="C", help="Only of this cause.")] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Also those that are done.")] = False,
    most: Most = 100,
    json: Json = False,
) -> None:
    """List corrective actions, newest first: why, who sees to it, by when, and whether it has helped.

    Each has a task: `rapport task complete TASK --outcome fixed` says that it is done.
    """
    from starter.cli_actions import list_corrective_actions

    raise typer.Exit(show(list_corrective_actions(cause, closed, most), json))
