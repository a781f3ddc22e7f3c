"""The group `task …` of the command line."""

from datetime import datetime
from typing import Annotated

import typer

from domain.assignment import OPERATOR
from starter.cli_options import Json, Most, a_time
from starter.cli_result import show

tasks = typer.Typer(help="What people are to do for a contact.", no_args_is_help=True)

Task = Annotated[str, typer.Argument(metavar="ID", help="The task's id.")]
By = Annotated[
    str, typer.Option("--by", metavar="WHO", help="Who does it: a key of policies/teams.yaml, or an address.")
]
Note = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="What is worth knowing.")]
OwnId = Annotated[str | None, typer.Option("--id", metavar="ID", help="Yours; asked again with it, it is done once.")]


@tasks.command("list")
def list_tasks(
    team: Annotated[str | None, typer.Option("--team", metavar="T", help="Only those of this team.")] = None,
    person: Annotated[
        str | None, typer.Option("--person", metavar="P", help="Only those somebody has, or was asked.")
    ] = None,
    contact: Annotated[str | None, typer.Option("--contact", metavar="C", help="Only those for this contact.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those that should have been done.")] = False,
    unassigned: Annotated[bool, typer.Option("--unassigned", help="Only those that nobody has.")] = False,
    closed: Annotated[bool, typer.Option("--closed", help="Only those that have ended, the newest first.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Those that have ended, too.")] = False,
    most: Most = 100,
    json: Json = False,
) -> None:
    """List open tasks, those that are due first before the others."""
    from starter.cli_tasks import list_tasks

    ended = True if closed else None if every else False
    given = list_tasks(team, person, contact, overdue=overdue, unassigned=unassigned, ended=ended, most=most)
    raise typer.Exit(show(given, json))


@tasks.command("show")
def show_task(task: Task, json: Json = False) -> None:
    """Show the whole story of one task."""
    from starter.cli_tasks import show_task

    raise typer.Exit(show(show_task(task), json))


@tasks.command("open")
def open_task(
    contact: Annotated[str, typer.Option("--contact", metavar="C", help="For whom: an id or an e-mail address.")],
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="What is to be done, in a few words.")],
    team: Annotated[str | None, typer.Option("--team", metavar="T", help="The team that does it.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", metavar="P", help="The person who does it.")] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="NAME", help="One of policies/follow-ups.yaml, normal or hot.")
    ] = None,
    outcome: Annotated[
        list[str] | None, typer.Option("--outcome", metavar="O", help="What it may end with; several times.")
    ] = None,
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Open a task for a contact, and give it to somebody."""
    from starter.cli_tasks import open_task
    from starter.opening_by_hand import Wanted

    wanted = Wanted(title, team, owner, policy, tuple(outcome or ()), by)
    raise typer.Exit(show(open_task(contact, wanted, own_id), json))


@tasks.command("accept")
def accept_task(task: Task, by: By = OPERATOR, own_id: OwnId = None, json: Json = False) -> None:
    """Accept a task: whoever does so will do it."""
    from starter.cli_task_actions import act_on_task

    raise typer.Exit(show(act_on_task(task, "accept", {"by": by}, own_id), json))


@tasks.command("complete")
def complete_task(
    task: Task,
    outcome: Annotated[str, typer.Option("--outcome", metavar="O", help="How it ended, as the task names it.")],
    note: Note = None,
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Complete a task; the run that waits for it goes on."""
    from starter.cli_task_actions import act_on_task

    said = {"outcome": outcome, "note": note, "by": by}
    raise typer.Exit(show(act_on_task(task, "complete", said, own_id), json))


@tasks.command("snooze")
def snooze_task(
    task: Task,
    until: Annotated[datetime, typer.Option("--until", metavar="TIME", parser=a_time, help="Its clocks go on then.")],
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Put a task off, as far and as often as its policy allows."""
    from starter.cli_task_actions import act_on_task

    raise typer.Exit(show(act_on_task(task, "snooze", {"until": until, "by": by}, own_id), json))


@tasks.command("reassign")
def reassign_task(
    task: Task,
    to: Annotated[str, typer.Option("--to", metavar="P", help="Who is to do it: a key, or an address.")],
    note: Note = None,
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Hand a task on to somebody who is there."""
    from starter.cli_task_actions import act_on_task

    raise typer.Exit(show(act_on_task(task, "reassign", {"to": to, "note": note, "by": by}, own_id), json))


@tasks.command("comment")
def comment_on_task(
    task: Task,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What is worth knowing.")],
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Write something down about a task, one that has ended, too."""
    from starter.cli_task_actions import act_on_task

    raise typer.Exit(show(act_on_task(task, "comment", {"note": note, "by": by}, own_id), json))


@tasks.command("cancel")
def cancel_task(
    task: Task,
    reason: Annotated[str, typer.Option("--reason", metavar="R", help="Why it need not be done.")],
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Cancel a task: it need not be done."""
    from starter.cli_task_actions import act_on_task

    raise typer.Exit(show(act_on_task(task, "cancel", {"reason": reason, "by": by}, own_id), json))
