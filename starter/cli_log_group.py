"""The group `log …` of the command line."""

from datetime import datetime
from typing import Annotated

import typer

from starter.cli_options import Json, a_time
from starter.cli_result import show

logs = typer.Typer(help="What people did with a contact: calls, meetings, notes.", no_args_is_help=True)

Contact = Annotated[str, typer.Argument(metavar="CONTACT", help="An id or an e-mail address.")]
By = Annotated[str, typer.Option("--by", metavar="P", help="Who it was: a key of policies/teams.yaml, or an address.")]
At = Annotated[datetime | None, typer.Option("--at", metavar="TIME", parser=a_time, help="When it was; default: now.")]
Minutes = Annotated[int | None, typer.Option("--minutes", metavar="N", help="How long it took.")]
Outcome = Annotated[str | None, typer.Option("--outcome", metavar="O", help="How it ended, in a word or two.")]
Text = Annotated[str | None, typer.Option("--text", metavar="TEXT", help="What is worth knowing.")]
Department = Annotated[
    str | None, typer.Option("--department", metavar="D", help="Whose it is; default: the person's team's.")
]
OwnId = Annotated[
    str | None, typer.Option("--id", metavar="ID", help="Yours; told again with the same one, it counts once.")
]


@logs.command("call")
def log_call(
    contact: Contact,
    by: By,
    at: At = None,
    direction: Annotated[
        str | None, typer.Option("--direction", metavar="WAY", help="`in`: they called; `out`: we did (default).")
    ] = None,
    minutes: Minutes = None,
    outcome: Outcome = None,
    text: Text = None,
    department: Department = None,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Log a call with a contact."""
    from starter.cli_log import log_contact

    told = {"by": by, "at": at, "direction": direction, "minutes": minutes, "outcome": outcome, "text": text}
    raise typer.Exit(show(log_contact("call", contact, told | {"department": department}, own_id), json))


@logs.command("meeting")
def log_meeting(
    contact: Contact,
    by: By,
    at: At = None,
    minutes: Minutes = None,
    outcome: Outcome = None,
    text: Text = None,
    department: Department = None,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Log a meeting with a contact."""
    from starter.cli_log import log_contact

    told = {"by": by, "at": at, "minutes": minutes, "outcome": outcome, "text": text, "department": department}
    raise typer.Exit(show(log_contact("meeting", contact, told, own_id), json))


@logs.command("note")
def log_note(
    contact: Contact,
    by: By,
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="What is worth knowing.")],
    at: At = None,
    department: Department = None,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Add a note about a contact."""
    from starter.cli_log import log_contact

    told = {"by": by, "at": at, "text": text, "department": department}
    raise typer.Exit(show(log_contact("note", contact, told, own_id), json))
