"""The group `webhook …` of the command line."""

from typing import Annotated

import typer

from starter.cli_options import Json
from starter.cli_result import show

webhooks = typer.Typer(help="The systems that are told about contacts, by name.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="An endpoint of `webhooks` in policies/messaging.yaml.")]


@webhooks.command("list")
def list_endpoints(json: Json = False) -> None:
    """List every endpoint: whether it goes, how many messages wait for it, how it has answered."""
    from starter.cli_webhooks import list_endpoints

    raise typer.Exit(show(list_endpoints(), json))


@webhooks.command("enable")
def enable_endpoint(name: Name, json: Json = False) -> None:
    """Let an endpoint go on that was disabled: one message tries it, the others follow."""
    from starter.cli_webhooks import enable_endpoint

    raise typer.Exit(show(enable_endpoint(name), json))


@webhooks.command("test")
def try_endpoint(name: Name, json: Json = False) -> None:
    """Tell an endpoint something harmless, signed as everything is; until live, show what it would be told."""
    from starter.cli_webhooks import try_endpoint

    raise typer.Exit(show(try_endpoint(name), json))
