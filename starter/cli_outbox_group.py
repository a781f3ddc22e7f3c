"""The group `outbox …` of the command line."""

from typing import Annotated

import typer

from starter.cli_options import Json, Most
from starter.cli_result import show

kept = typer.Typer(help="What was kept instead of sent, until RAPPORT_LIVE is on.", no_args_is_help=True)


@kept.command("list")
def list_outbox(
    channel: Annotated[str | None, typer.Option("--channel", metavar="C", help="Only those of this channel.")] = None,
    most: Most = 100,
    json: Json = False,
) -> None:
    """List what was kept, newest first."""
    from starter.cli_outbox import list_outbox

    raise typer.Exit(show(list_outbox(channel, most), json))


@kept.command("show")
def show_outbox(
    message: Annotated[str, typer.Argument(metavar="ID", help="The message's id.")], json: Json = False
) -> None:
    """Show one message, whole."""
    from starter.cli_outbox import show_outbox

    raise typer.Exit(show(show_outbox(message), json))
