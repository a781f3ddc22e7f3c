"""The group `channel …` of the command line, and `notices`."""

from typing import Annotated

import typer

from starter.cli_options import Json
from starter.cli_result import show

channels = typer.Typer(help="Whether messages leave: stop a channel, let it go on.", no_args_is_help=True)

Channel = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="email, staff, sms, webhook, webhook/NAME, chat, or chat/TEAM.")
]


@channels.command("list")
def list_channels(json: Json = False) -> None:
    """List every channel: whether it goes, and if not, why, and how many messages wait."""
    from starter.cli_channels import list_channels

    raise typer.Exit(show(list_channels(), json))


@channels.command("stop")
def stop_channel(
    channel: Channel,
    reason: Annotated[str, typer.Option("--reason", metavar="R", help="Why; shown wherever a message waits.")],
    json: Json = False,
) -> None:
    """Stop a channel: its messages wait until it is resumed."""
    from starter.cli_channels import stop_channel

    raise typer.Exit(show(stop_channel(channel, reason), json))


@channels.command("resume")
def resume_channel(channel: Channel, json: Json = False) -> None:
    """Let a channel go on: one message tries it, the others follow in their order."""
    from starter.cli_channels import resume_channel

    raise typer.Exit(show(resume_channel(channel), json))


def notices(
    every: Annotated[bool, typer.Option("--all", help="Those that somebody has seen, too.")] = False,
    seen: Annotated[bool, typer.Option("--seen", help="Note that what is listed was seen.")] = False,
    json: Json = False,
) -> None:
    """List what the operator should know.

    Channels that stopped, sequences that paused themselves.
    """
    from starter.cli_channels import list_notices

    raise typer.Exit(show(list_notices(every, seen), json))
