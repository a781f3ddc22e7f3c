"""The commands that read what is written down: `report …`, `why` and `score`. What is typed."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from starter.cli_options import Json, Sequence_, a_day_or_time, a_span, a_time
from starter.cli_result import show

reports = typer.Typer(help="Figures. Alone it lists the reports there are.", invoke_without_command=True)
Day = date | datetime


@reports.callback()
def list_reports(context: typer.Context, json: Json = False) -> None:
    """Figures. Alone it lists the reports there are."""
    if context.invoked_subcommand is None:
        from starter.cli_report import list_reports

        raise typer.Exit(show(list_reports(), json))
    if json:
        raise typer.BadParameter("write it behind the name of the report", param_hint="--json")


@reports.command("sequence")
def report_sequence(
    sequence: Sequence_,
    since: Annotated[
        Any | None, typer.Option("--since", metavar="DATE", parser=a_day_or_time, help="Who entered from then on.")
    ] = None,
    until: Annotated[
        Any | None, typer.Option("--until", metavar="DATE", parser=a_day_or_time, help="Who entered before then.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", metavar="V", help="Who entered this version; the first digits will do.")
    ] = None,
    within: Annotated[
        Any | None,
        typer.Option("--within", metavar="SPAN", parser=a_span, help="How long a goal counts against the holdout."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the report as a page, HTML.")] = None,
    json: Json = False,
) -> None:
    """Report who enters a sequence, what becomes of them at each step, and what the sequence adds."""
    from starter.cli_report import Wanted, report_sequence

    wanted = Wanted(sequence, since, until, version, within, out)
    raise typer.Exit(show(report_sequence(wanted), json))


@reports.command("follow-ups")
def report_follow_ups(
    since: Annotated[
        Any | None,
        typer.Option(
            "--since", metavar="DATE", parser=a_day_or_time, help="What was opened from then on; default: 30 days."
        ),
    ] = None,
    until: Annotated[
        Any | None,
        typer.Option("--until", metavar="DATE", parser=a_day_or_time, help="What was opened before then."),
    ] = None,
    team: Annotated[str | None, typer.Option("--team", metavar="T", help="Only what this team is asked to do.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the report as a page, HTML.")] = None,
    json: Json = False,
) -> None:
    """Report what people were asked to do, how much of it was kept in time, how fast, and what is open now."""
    from starter.follow_up_report import report_follow_ups
    from starter.report_span import Wanted

    raise typer.Exit(show(report_follow_ups(Wanted(since, until, team, out)), json))


@reports.command("recovery")
def report_recovery(
    since: Annotated[
        Any | None,
        typer.Option(
            "--since", metavar="DATE", parser=a_day_or_time, help="Cases opened from then on; default: three months."
        ),
    ] = None,
    until: Annotated[
        Any | None,
        typer.Option("--until", metavar="DATE", parser=a_day_or_time, help="Cases opened before then."),
    ] = None,
    team: Annotated[str | None, typer.Option("--team", metavar="T", help="Only what this team answers for.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the report as a page, HTML.")] = None,
    json: Json = False,
) -> None:
    """Report what went wrong, how it was made good, in what time, at what price, and whether it goes wrong again."""
    from starter.recovery_report import report_recovery
    from starter.report_span import Wanted

    raise typer.Exit(show(report_recovery(Wanted(since, until, team, out)), json))


@reports.command("surveys")
def report_surveys(
    since: Annotated[
        Any | None,
        typer.Option(
            "--since", metavar="DATE", parser=a_day_or_time, help="Who was asked from then on; default: three months."
        ),
    ] = None,
    until: Annotated[
        Any | None,
        typer.Option("--until", metavar="DATE", parser=a_day_or_time, help="Who was asked before then."),
    ] = None,
    json: Json = False,
) -> None:
    """Report who was asked by surveys, how many answered, and how satisfied they are, by month and sequence."""
    from starter.report_span import Wanted
    from starter.survey_report import report_surveys

    raise typer.Exit(show(report_surveys(Wanted(since, until)), json))


def why(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="An id or an e-mail address.")],
    sequence: Annotated[
        str | None, typer.Option("--sequence", metavar="S", help="Only this sequence, or this broadcast.")
    ] = None,
    step: Annotated[str | None, typer.Option("--step", metavar="ID", help="Only this step.")] = None,
    at: Annotated[
        Any | None,
        typer.Option(
            "--at", metavar="TIME", parser=a_day_or_time, help="Only this day on their clock, or this minute."
        ),
    ] = None,
    message: Annotated[
        str | None, typer.Option("--message", metavar="ID", help="Only this message, by its id or its Message-ID.")
    ] = None,
    json: Json = False,
) -> None:
    """Answer why something was sent to a contact, or was not.

    What was decided, when, by which rule, on which values; and what never happened, and why.
    """
    from starter.cli_why import why

    raise typer.Exit(show(why(contact, sequence, step, at, message), json))


def score(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="An id or an e-mail address.")],
    at: Annotated[
        datetime | None, typer.Option("--at", metavar="TIME", parser=a_time, help="At this instant, past or to come.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what a contact's score is made of.

    Each term with its points, and which thresholds are met.
    """
    from starter.cli_score import show_score

    raise typer.Exit(show(show_score(contact, at), json))
