"""`rapport`: everything that can be typed. docs/commands.md describes each command; a test compares the two.

What a command does stands in `cli_*.py`, imported when it is run: nobody waits for a database to read `--help`.
"""

import functools
import logging
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.main

from starter import (
    cli_action_group,
    cli_broadcast_group,
    cli_case_work,
    cli_channel_group,
    cli_groups,
    cli_log_group,
    cli_on_files,
    cli_outbox_group,
    cli_reports,
    cli_staff_group,
    cli_task_group,
    cli_webhook_group,
)
from starter.cli_end import environment_kept, fail, our_fault, status_of
from starter.cli_options import Json, Sequence_, a_time, an_object, say_version
from starter.cli_result import OUT_OF_REACH, PROBLEMS, OutOfReach, ProblemsFound, say, show
from starter.cli_streams import ready_streams, what_the_system_says

app = typer.Typer(
    name="rapport",
    help="A workflow engine for customer relationships.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Contact = Annotated[str, typer.Argument(metavar="CONTACT", help="An id or an e-mail address.")]

Contact_ = Annotated[
    str | None, typer.Argument(metavar="[CONTACT]", help="An id or an e-mail address; without one, the whole sequence.")
]


@app.callback()
def everywhere(
    home: Annotated[
        Path | None,
        typer.Option("--home", envvar="RAPPORT_HOME", help="The folder with sequences/, policies/ and templates/."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=say_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """A workflow engine for customer relationships."""
    if home is not None:
        os.environ["RAPPORT_HOME"] = str(home)  # so that settings, and the parts that `up` starts, have the same


@app.command()
def up(
    web: Annotated[bool, typer.Option("--web", help="Run the web process.")] = False,
    worker: Annotated[bool, typer.Option("--worker", help="Run the worker.")] = False,
    temporal: Annotated[bool, typer.Option("--temporal", help="Run the embedded Temporal server.")] = False,
    mail: Annotated[bool, typer.Option("--mail", help="Run the local mail server.")] = False,
    inbound: Annotated[bool, typer.Option("--inbound", help="Run what takes mail that comes back.")] = False,
) -> None:
    """Run the parts until Ctrl-C; all of them when none is named."""
    from starter.up import up_from_environment

    chosen = {"web": web, "worker": worker, "temporal": temporal, "mail": mail, "inbound": inbound}
    raise typer.Exit(up_from_environment([name for name, wanted in chosen.items() if wanted]))


for on_files in cli_on_files.COMMANDS:
    app.command()(on_files)

app.command()(cli_broadcast_group.send)


@app.command()
def publish(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Publish what is valid in the home.

    People inside a sequence keep the version they entered.
    """
    from starter.cli_publish import publish_files

    def confirmed(changes: list[str]) -> bool:
        if yes:
            return True
        for line in changes:
            say(line)
        if json or not sys.stdin.isatty():
            raise typer.BadParameter("nobody is there to be asked; give it to go on", param_hint="--yes")
        return typer.confirm("publish?", err=True)

    raise typer.Exit(show(publish_files(confirmed), json))


@app.command()
def versions(sequence: Sequence_, json: Json = False) -> None:
    """List the versions of a sequence, and who is inside each."""
    from starter.cli_publish import list_versions

    raise typer.Exit(show(list_versions(sequence), json))


@app.command()
def enrol(
    sequence: Sequence_,
    contact: Contact,
    data: Annotated[
        dict[str, Any] | None,
        typer.Option("--data", metavar="JSON", parser=an_object, help="What starts the run, as run.event."),
    ] = None,
    json: Json = False,
) -> None:
    """Let a contact enter a sequence."""
    from starter.cli_runs import enrol_contact

    raise typer.Exit(show(enrol_contact(sequence, contact, data or {}), json))


@app.command()
def end(
    sequence: Sequence_,
    contact: Contact,
    reason: Annotated[str, typer.Option("--reason", metavar="R", help="Why; the run ends as exited:R.")],
    json: Json = False,
) -> None:
    """End a contact's run of a sequence at once."""
    from starter.cli_runs import end_runs

    raise typer.Exit(show(end_runs(sequence, contact, reason), json))


@app.command()
def pause(
    sequence: Sequence_,
    contact: Contact_ = None,
    until: Annotated[
        datetime | None, typer.Option("--until", metavar="TIME", parser=a_time, help="It ends then by itself.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="R", help="Why; kept with the pause.")] = None,
    json: Json = False,
) -> None:
    """Pause a contact in a sequence, or a whole one.

    Of a whole one entry is closed, and messages wait.
    """
    from starter.cli_pauses import pause_runs

    raise typer.Exit(show(pause_runs(sequence, contact, until, reason), json))


@app.command()
def resume(sequence: Sequence_, contact: Contact_ = None, json: Json = False) -> None:
    """End a pause; what is left of every wait goes on."""
    from starter.cli_pauses import resume_runs

    raise typer.Exit(show(resume_runs(sequence, contact), json))


@app.command()
def retry(sequence: Sequence_, contact: Contact, json: Json = False) -> None:
    """Put a run that failed back where it stood."""
    from starter.cli_pauses import retry_run

    raise typer.Exit(show(retry_run(sequence, contact), json))


@app.command()
def event(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A built-in event, or one of policies/events.yaml.")],
    contact: Annotated[str, typer.Option("--contact", metavar="C", help="An id or an e-mail address.")],
    data: Annotated[
        dict[str, Any] | None, typer.Option("--data", metavar="JSON", parser=an_object, help="The event's fields.")
    ] = None,
    of: Annotated[str | None, typer.Option("--of", metavar="STEP", help="The step whose message it answers.")] = None,
    own_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Yours; told again with the same one, it counts once.")
    ] = None,
    json: Json = False,
) -> None:
    """Tell that something happened to a contact."""
    from starter.cli_runs import tell_event

    raise typer.Exit(show(tell_event(name, contact, data or {}, of, own_id), json))


app.command()(cli_reports.why)
app.command()(cli_reports.score)
app.add_typer(cli_groups.contacts, name="contact")
app.add_typer(cli_log_group.logs, name="log")
app.add_typer(cli_groups.messages, name="message")
app.add_typer(cli_groups.inbox, name="inbox")
app.add_typer(cli_task_group.tasks, name="task")
app.add_typer(cli_case_work.cases, name="case")
app.add_typer(cli_action_group.actions, name="action")
app.add_typer(cli_staff_group.staff, name="staff")
app.add_typer(cli_reports.reports, name="report")
app.add_typer(cli_broadcast_group.broadcasts, name="broadcast")
app.add_typer(cli_channel_group.channels, name="channel")
app.add_typer(cli_outbox_group.kept, name="outbox")
app.add_typer(cli_webhook_group.webhooks, name="webhook")
app.command()(cli_channel_group.notices)


@functools.cache
def _command() -> Any:
    """Return the command with all below it; to read the options of a hundred functions takes a tenth of a second."""
    return typer.main.get_command(app)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its status: 0 fine, 1 problems in files or data, 2 usage, 3 out of reach."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    with environment_kept():
        try:
            _command()(args=given, prog_name="rapport")
        except SystemExit as end_of_command:
            return status_of(end_of_command.code)
        except ProblemsFound as found:
            return fail(PROBLEMS, found.problems, found.documents, as_json)
        except OutOfReach as error:
            return fail(OUT_OF_REACH, [str(error)], [{"what": str(error)}], as_json)
        except BrokenPipeError:
            return PROBLEMS
        except Exception as error:
            line = (what_the_system_says(error) if isinstance(error, OSError) else None) or our_fault(error)
            return fail(OUT_OF_REACH, [line], [{"what": line}], as_json)
    return 0


def main() -> None:
    """The command `rapport`."""
    ready_streams()
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    status = run()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (BrokenPipeError, ValueError):
            pass
        except OSError as error:  # what was kept back until now does not fit
            status = status or fail(OUT_OF_REACH, [what_the_system_says(error) or our_fault(error)], [], as_json=False)
    # A Temporal client's threads may abort a process that ends in the usual way.
    os._exit(status)


if __name__ == "__main__":
    main()
