"""The group `case …` of the command line: cases listed, shown, opened, and whose they are."""

from typing import Annotated

import typer

from domain.assignment import OPERATOR
from starter.cli_options import Json, Most
from starter.cli_result import show

cases = typer.Typer(help="What went wrong for a contact, and how it is made good.", no_args_is_help=True)

Case = Annotated[str, typer.Argument(metavar="CASE", help="The case's number, or its id.")]
By = Annotated[
    str, typer.Option("--by", metavar="WHO", help="Who does it: a key of policies/teams.yaml, or an address.")
]
Note = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="What is worth knowing.")]
Why = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why.")]
Severity = Annotated[str | None, typer.Option("--severity", metavar="S", help="S1, the worst, to S4.")]
OwnId = Annotated[str | None, typer.Option("--id", metavar="ID", help="Yours; asked again with it, it is done once.")]


@cases.command("list")
def list_cases(
    contact: Annotated[str | None, typer.Option("--contact", metavar="C", help="Only those of this contact.")] = None,
    mine: Annotated[str | None, typer.Option("--mine", metavar="P", help="Only those that this person has.")] = None,
    severity: Severity = None,
    late: Annotated[bool, typer.Option("--late", help="Only those with a promise that should have been kept.")] = False,
    unresolved: Annotated[bool, typer.Option("--open", help="Only those that are not resolved.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Those that are closed, too.")] = False,
    most: Most = 100,
    json: Json = False,
) -> None:
    """List cases that are not closed, what is promised next before the others."""
    from starter.cli_cases import list_cases

    closed = None if every else False
    given = list_cases(contact, mine, severity, late=late, unresolved=unresolved, closed=closed, most=most)
    raise typer.Exit(show(given, json))


@cases.command("show")
def show_case(case: Case, json: Json = False) -> None:
    """Show the whole story of one case."""
    from starter.cli_case_show import show_case

    raise typer.Exit(show(show_case(case), json))


@cases.command("open")
def open_case(
    contact: Annotated[str, typer.Option("--contact", metavar="C", help="Whose: an id or an e-mail address.")],
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="What went wrong, in a few words.")],
    severity: Severity = None,
    incident: Annotated[
        str | None, typer.Option("--incident", metavar="I", help="What it is about, as an order's number.")
    ] = None,
    team: Annotated[str | None, typer.Option("--team", metavar="T", help="The team that answers for it.")] = None,
    note: Note = None,
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Open a case for a contact, or join the open one of the same incident."""
    from starter.case_by_hand import CaseWanted
    from starter.cli_cases import open_a_case

    wanted = CaseWanted(title, severity, incident, team, note, by)
    raise typer.Exit(show(open_a_case(contact, wanted, own_id), json))


@cases.command("accept")
def accept_case(case: Case, by: By = OPERATOR, own_id: OwnId = None, json: Json = False) -> None:
    """Accept a case: whoever does so makes it good."""
    from starter.cli_case_actions import act_on_its_task

    raise typer.Exit(show(act_on_its_task(case, "accept", {"by": by}, own_id), json))


@cases.command("reassign")
def reassign_case(
    case: Case,
    to: Annotated[str, typer.Option("--to", metavar="P", help="Who is to make it good: a key, or an address.")],
    note: Note = None,
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Hand a case on to somebody who is there."""
    from starter.cli_case_actions import act_on_its_task

    raise typer.Exit(show(act_on_its_task(case, "reassign", {"to": to, "note": note, "by": by}, own_id), json))


@cases.command("comment")
def comment_on_case(
    case: Case,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What is worth knowing.")],
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Write something down about a case, a closed one, too."""
    from starter.cli_case_actions import act_on_case

    raise typer.Exit(show(act_on_case(case, "comment", {"note": note, "by": by}, own_id), json))


@cases.command("resolve")
def resolve_case(
    case: Case,
    how: Annotated[
        str, typer.Option("--how", metavar="HOW", help="accepted: the customer agrees; or final_answer.")
    ] = "accepted",
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="What the customer is written.")] = "",
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Resolve a case: it is made good, or the customer has our last word in writing."""
    from starter.cli_case_actions import act_on_case

    raise typer.Exit(show(act_on_case(case, "resolve", {"how": how, "text": text, "by": by}, own_id), json))


@cases.command("reopen")
def reopen_case(case: Case, note: Why, by: By = OPERATOR, own_id: OwnId = None, json: Json = False) -> None:
    """Open a case again, one severity higher: it was not made good."""
    from starter.cli_case_actions import act_on_case

    raise typer.Exit(show(act_on_case(case, "reopen", {"note": note, "by": by}, own_id), json))


@cases.command("close")
def close_case(
    case: Case,
    outcome: Annotated[str | None, typer.Option("--outcome", metavar="O", help="How it ended, in a word.")] = None,
    note: Note = None,
    silent: Annotated[bool, typer.Option("--silent", help="The customer is not written to.")] = False,
    person: Annotated[
        str | None, typer.Option("--person", metavar="P", help="Who made it good, where another system answers for it.")
    ] = None,
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Close a case at once, without waiting for what resolving it takes."""
    from starter.cli_case_actions import close_case

    said = {"outcome": outcome, "note": note, "silent": silent, "by": by}
    raise typer.Exit(show(close_case(case, said, person, own_id), json))


@cases.command("release")
def release_case(case: Case, note: Why, by: By = OPERATOR, own_id: OwnId = None, json: Json = False) -> None:
    """Let the customer of a closed case have marketing again."""
    from starter.cli_case_actions import act_on_case

    raise typer.Exit(show(act_on_case(case, "release", {"note": note, "by": by}, own_id), json))
