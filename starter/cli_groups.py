"""The commands that come in groups: `contact …`, `inbox …`, `message …`."""

from typing import Annotated, Any

import typer

from starter.cli_options import Json, Most, a_day_or_time
from starter.cli_result import show

contacts = typer.Typer(help="People: their whole timeline, and adding them by hand.", no_args_is_help=True)
inbox = typer.Typer(help="What came in, as it came, and what could not be understood.", no_args_is_help=True)
messages = typer.Typer(help="What went out, or did not, and why.", no_args_is_help=True)

Person = Annotated[str, typer.Argument(metavar="CONTACT", help="An id or an e-mail address.")]


def a_row(text: str) -> int:
    """Read the number of a row of the inbox. Raises `BadParameter`."""
    if not (text.isascii() and text.isdigit()):
        raise typer.BadParameter(f"'{text[:60]}' is no number; the first column of `rapport inbox list` has them")
    return int(text)


Number = Annotated[int, typer.Argument(metavar="ID", parser=a_row, help="The row's number.")]


@contacts.command("show")
def show_contact(
    contact: Person,
    department: Annotated[
        str | None, typer.Option("--department", metavar="D", help="Of the timeline only what is theirs.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="CHANNEL", help="Only what went by it: email, phone, web …")
    ] = None,
    since: Annotated[
        Any | None, typer.Option("--since", metavar="DATE", parser=a_day_or_time, help="Only what is not older.")
    ] = None,
    json: Json = False,
) -> None:
    """Show everything about a contact, sorted by time, on their own clock."""
    from starter.cli_contacts import show_contact
    from starter.cli_timeline import Wanted

    raise typer.Exit(show(show_contact(contact, Wanted(department, channel, since)), json))


@contacts.command("list")
def list_contacts(most: Most = 100, json: Json = False) -> None:
    """List contacts, newest first."""
    from starter.cli_contacts import list_contacts

    raise typer.Exit(show(list_contacts(most), json))


@contacts.command("add")
def add_contact(
    email: Annotated[str, typer.Option("--email", metavar="ADDRESS")],
    first_name: Annotated[str | None, typer.Option("--first-name")] = None,
    last_name: Annotated[str | None, typer.Option("--last-name")] = None,
    company: Annotated[str | None, typer.Option("--company")] = None,
    phone: Annotated[str | None, typer.Option("--phone")] = None,
    country: Annotated[str | None, typer.Option("--country", help="Two letters, or a name.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="A tag such as en or de-AT.")] = None,
    time_zone: Annotated[str | None, typer.Option("--time-zone", help="A name such as Europe/Berlin.")] = None,
    consent: Annotated[
        list[str] | None, typer.Option("--consent", metavar="TOPIC", help="They said yes to it; may be repeated.")
    ] = None,
    wording: Annotated[str | None, typer.Option("--wording", help="The words they said yes to, as proof.")] = None,
    json: Json = False,
) -> None:
    """Add a contact, or complete the one with this address."""
    from starter.cli_contacts import add_contact

    fields = {"first_name": first_name, "last_name": last_name, "company": company, "phone": phone}
    fields |= {"country": country, "language": language, "time_zone": time_zone}
    raise typer.Exit(show(add_contact(email, fields, consent or [], wording), json))


@contacts.command("suppress")
def suppress_contact(
    contact: Person,
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="R", help="`manual` or `legal` (nothing at all), `objection` (no marketing)."),
    ],
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="What is worth knowing.")] = None,
    json: Json = False,
) -> None:
    """Let nothing go to a contact any more, or no marketing."""
    from starter.cli_suppression import suppress_contact

    raise typer.Exit(show(suppress_contact(contact, reason, note), json))


@contacts.command("unsuppress")
def unsuppress_contact(
    contact: Person,
    reason: Annotated[str, typer.Option("--reason", metavar="R", help="The one to lift, as `contact show` names it.")],
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why they may be written to again.")],
    json: Json = False,
) -> None:
    """Lift a suppression, for a reason that is noted."""
    from starter.cli_suppression import unsuppress_contact

    raise typer.Exit(show(unsuppress_contact(contact, reason, note), json))


@inbox.command("list")
def list_inbox(
    parked: Annotated[bool, typer.Option("--parked", help="Only what failed three times.")] = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what is not drained yet.")] = False,
    most: Most = 100,
    json: Json = False,
) -> None:
    """List what came in, newest first."""
    from starter.cli_lists import list_inbox

    raise typer.Exit(show(list_inbox(parked, waiting, most), json))


@inbox.command("show")
def show_inbox(number: Number, json: Json = False) -> None:
    """Show one row, with what was sent and why it failed."""
    from starter.cli_lists import show_inbox

    raise typer.Exit(show(show_inbox(number), json))


@inbox.command("retry")
def retry_inbox(number: Number, json: Json = False) -> None:
    """Let a parked row be tried again."""
    from starter.cli_lists import retry_inbox

    raise typer.Exit(show(retry_inbox(number), json))


@messages.command("list")
def list_messages(
    state: Annotated[str | None, typer.Option("--state", help="Only those: accepted, skipped, unknown …")] = None,
    held: Annotated[bool, typer.Option("--held", help="Those that wait, and for what.")] = False,
    contact: Annotated[str | None, typer.Option("--contact", metavar="C", help="Only those to this contact.")] = None,
    sequence: Annotated[
        str | None, typer.Option("--sequence", metavar="S", help="Only those of this sequence.")
    ] = None,
    most: Most = 100,
    json: Json = False,
) -> None:
    """List messages from the ledger, newest first; or those that wait."""
    from starter.cli_held import list_held
    from starter.cli_lists import list_messages

    listed = list_held(state, contact, sequence, most) if held else list_messages(state, contact, sequence, most)
    raise typer.Exit(show(listed, json))


@messages.command("show")
def show_message(
    message: Annotated[str, typer.Argument(metavar="ID", help="The message's id, or its Message-ID.")],
    json: Json = False,
) -> None:
    """Show everything the ledger knows of one message."""
    from starter.cli_lists import show_message

    raise typer.Exit(show(show_message(message), json))


@messages.command("release")
def release_message(
    message: Annotated[str | None, typer.Argument(metavar="ID", help="The id of a message that waits.")] = None,
    sequence: Annotated[
        str | None, typer.Option("--sequence", metavar="S", help="All that wait in this sequence.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    json: Json = False,
) -> None:
    """Have a message that waits asked for again now. The gate is not passed around: it may wait again."""
    from starter.cli_held import release_messages

    raise typer.Exit(show(release_messages(message, sequence, everything), json))


@messages.command("settle")
def settle_message(
    message: Annotated[str, typer.Argument(metavar="ID", help="The message's id, or its Message-ID.")],
    fate: Annotated[str, typer.Option("--as", metavar="FATE", help="`accepted` or `refused`.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="How you know.")],
    json: Json = False,
) -> None:
    """Tell what became of a message whose fate is unknown."""
    from starter.cli_held import settle_message

    raise typer.Exit(show(settle_message(message, fate, reason), json))
