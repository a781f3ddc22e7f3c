"""The command `send`, and the group `broadcast …`."""

from datetime import datetime
from typing import Annotated

import typer

from domain.winner import By
from starter.cli_options import Json, Most, a_time
from starter.cli_result import show

broadcasts = typer.Typer(help="Messages to whole segments: how far they are; steering.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A broadcast's name or id.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="R", help="Why; kept with it.")]
Share = Annotated[str | None, typer.Option("--share", metavar="SHARE", help="Who compares, half each; default: 20%.")]
After = Annotated[
    str | None, typer.Option("--after", metavar="SPAN", help="When the winner is decided; default: 4 hours.")
]


def send(
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="A name such as news/march.")],
    to: Annotated[str | None, typer.Option("--to", metavar="SEGMENT", help="Everybody in this segment.")] = None,
    topic: Annotated[str | None, typer.Option("--topic", metavar="T", help="Instead of the template's.")] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="When it begins; default: now.")] = None,
    own_clock: Annotated[
        bool, typer.Option("--own-clock", help="TIME is on each contact's own clock, such as 2026-03-27T09:00.")
    ] = False,
    rate: Annotated[
        str | None, typer.Option("--rate", metavar="RATE", help="At most so many contacts, such as '500 per hour'.")
    ] = None,
    test: Annotated[
        str | None, typer.Option("--test", metavar="ADDRESS", help="Send it to this address or number only, as a test.")
    ] = None,
    ab: Annotated[
        str | None, typer.Option("--ab", metavar="TEMPLATE", help="Compare it with this one, on a share of them.")
    ] = None,
    share: Share = None,
    winner: Annotated[
        str | None,
        typer.Option("--winner", metavar="BY", help="clicks or conversions; default: clicks where they are counted."),
    ] = None,
    goal: Annotated[
        str | None, typer.Option("--goal", metavar="EVENT", help="The event that counts as a conversion.")
    ] = None,
    after: After = None,
    name: Annotated[str | None, typer.Option("--name", metavar="N", help="What reports call it.")] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="C", help="email or sms, where both have a TEMPLATE.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Send it. Without, nothing is sent, only foreseen.")] = False,
    json: Json = False,
) -> None:
    """Send one message to everybody in a segment.

    Without --yes it only says what that would do.
    """
    from starter.broadcast_wanted import Wanted
    from starter.cli_send import send_to_segment
    from starter.trials import send_test

    if winner not in (None, "clicks", "conversions"):
        raise typer.BadParameter("write clicks or conversions", param_hint="--winner")
    if channel not in (None, "email", "sms"):
        raise typer.BadParameter("write email or sms", param_hint="--channel")
    begins = None if at is None else _a_wall_time(at) if own_clock else _an_instant(at)
    by: By | None = "conversions" if winner == "conversions" else None if winner is None else "clicks"
    wanted = Wanted(template, to or "", topic, begins, own_clock, rate, ab, share, by, goal, after, name, channel)
    if test is not None:
        raise typer.Exit(show(send_test(wanted, test), json))
    if to is None:
        raise typer.BadParameter("name a segment of policies/segments.yaml, or --test ADDRESS", param_hint="--to")
    raise typer.Exit(show(send_to_segment(wanted, yes), json))


def _an_instant(text: str) -> datetime:
    """Read a time. Raises `BadParameter`, which names --at."""
    try:
        return a_time(text)
    except typer.BadParameter as error:
        raise typer.BadParameter(error.message, param_hint="--at") from None


def _a_wall_time(text: str) -> datetime:
    """Read a day and an hour without a zone. Raises `BadParameter`."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None or at.second or at.microsecond:
        raise typer.BadParameter(
            f"'{text[:60]}' is no day and hour; write it like 2026-03-27T09:00, without a zone", param_hint="--at"
        )
    return at


@broadcasts.command("list")
def list_broadcasts(most: Most = 50, json: Json = False) -> None:
    """List broadcasts, newest first."""
    from starter.cli_broadcasts import list_broadcasts

    raise typer.Exit(show(list_broadcasts(most), json))


@broadcasts.command("show")
def show_broadcast(
    name: Name,
    follow: Annotated[bool, typer.Option("--follow", help="Stay until it is over.")] = False,
    json: Json = False,
) -> None:
    """Show how far a broadcast has come, and what became of everybody."""
    from starter.cli_broadcasts import show_broadcast

    raise typer.Exit(show(show_broadcast(name, follow), json))


@broadcasts.command("pause")
def pause_broadcast(
    name: Name,
    until: Annotated[
        datetime | None, typer.Option("--until", metavar="TIME", parser=a_time, help="It ends then by itself.")
    ] = None,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Pause a broadcast: nobody is let in, and messages wait."""
    from starter.cli_broadcasts import pause_broadcast

    raise typer.Exit(show(pause_broadcast(name, until, reason), json))


@broadcasts.command("resume")
def resume_broadcast(name: Name, json: Json = False) -> None:
    """End the pause of a broadcast."""
    from starter.cli_broadcasts import resume_broadcast

    raise typer.Exit(show(resume_broadcast(name), json))


@broadcasts.command("stop")
def stop_broadcast(name: Name, reason: Reason = None, json: Json = False) -> None:
    """Stop a broadcast for good: what has not left does not leave."""
    from starter.cli_broadcasts import stop_broadcast

    raise typer.Exit(show(stop_broadcast(name, reason), json))


@broadcasts.command("rate")
def rate_broadcast(
    name: Name,
    rate: Annotated[str, typer.Argument(metavar="RATE", help="Such as '500 per hour'; none: as fast as it can.")],
    json: Json = False,
) -> None:
    """Let people in faster or slower from now on."""
    from starter.cli_broadcasts import rate_broadcast

    raise typer.Exit(show(rate_broadcast(name, rate), json))
