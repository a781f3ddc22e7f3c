"""The commands of the group `case …` by which a case is worked on: contact, ask, diagnose, propose and grant."""

from typing import Annotated

import typer

from domain.assignment import OPERATOR
from starter.cli_case_group import By, Case, Note, OwnId, Why, cases
from starter.cli_options import Json
from starter.cli_result import show

__all__ = ["cases"]

Remedy = Annotated[str, typer.Argument(metavar="REMEDY", help="The remedy's id, as `rapport case show` has it.")]


@cases.command("contacted")
def contacted(
    case: Case,
    channel: Annotated[str, typer.Option("--channel", metavar="C", help="By which way: phone, email, …")] = "phone",
    note: Note = None,
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Note that a person has spoken with the customer, or written to them."""
    from starter.cli_case_actions import act_on_case

    said = {"channel": channel, "note": note, "by": by}
    raise typer.Exit(show(act_on_case(case, "contacted", said, own_id), json))


@cases.command("update")
def update(
    case: Case,
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="What they are written; without it, they know already.")
    ] = None,
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Tell the customer how it stands."""
    from starter.cli_case_actions import act_on_case

    raise typer.Exit(show(act_on_case(case, "update", {"text": text, "by": by}, own_id), json))


@cases.command("ask")
def ask(
    case: Case,
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="What we need to know.")],
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Ask the customer something: the clocks stand still until they answer."""
    from starter.cli_case_actions import act_on_case

    raise typer.Exit(show(act_on_case(case, "ask", {"text": text, "by": by}, own_id), json))


@cases.command("answered")
def answered(case: Case, note: Note = None, by: By = OPERATOR, own_id: OwnId = None, json: Json = False) -> None:
    """Note that the customer has answered, by another way than mail."""
    from starter.cli_case_actions import act_on_case

    raise typer.Exit(show(act_on_case(case, "answered", {"note": note, "by": by}, own_id), json))


@cases.command("diagnose")
def diagnose(
    case: Case,
    cause: Annotated[str, typer.Option("--cause", metavar="CAUSE", help="One of policies/recovery.yaml.")],
    note: Note = None,
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Write down the cause."""
    from starter.cli_case_actions import act_on_case

    raise typer.Exit(show(act_on_case(case, "diagnose", {"cause": cause, "note": note, "by": by}, own_id), json))


@cases.command("severity")
def severity(
    case: Case,
    to: Annotated[str, typer.Option("--to", metavar="S", help="S1, the worst, to S4.")],
    note: Note = None,
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Give a case another severity: its clocks are counted anew, from where they began."""
    from starter.cli_case_actions import act_on_case

    raise typer.Exit(show(act_on_case(case, "severity", {"severity": to, "note": note, "by": by}, own_id), json))


@cases.command("propose")
def propose(
    case: Case,
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="A remedy of policies/recovery.yaml.")],
    amount: Annotated[
        str | None, typer.Option("--amount", metavar="N", help="What it is worth, in the policy's currency.")
    ] = None,
    note: Note = None,
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Propose a remedy: it is granted at once where nobody has to say yes, else somebody is asked."""
    from starter.cli_case_actions import act_on_case

    said = {"kind": kind, "amount": amount, "note": note, "by": by}
    raise typer.Exit(show(act_on_case(case, "propose", said, own_id), json))


@cases.command("approve")
def approve(
    case: Case, remedy: Remedy, note: Note = None, by: By = OPERATOR, own_id: OwnId = None, json: Json = False
) -> None:
    """Grant a remedy that waits for a yes."""
    from starter.cli_case_actions import act_on_case

    raise typer.Exit(show(act_on_case(case, "approve", {"remedy": remedy, "note": note, "by": by}, own_id), json))


@cases.command("decline")
def decline(
    case: Case,
    remedy: Remedy,
    note: Why,
    instead: Annotated[str | None, typer.Option("--instead", metavar="TEXT", help="What to offer instead.")] = None,
    by: By = OPERATOR,
    own_id: OwnId = None,
    json: Json = False,
) -> None:
    """Do not grant a remedy, and say why."""
    from starter.cli_case_actions import act_on_case

    said = {"remedy": remedy, "note": note, "alternative": instead, "by": by}
    raise typer.Exit(show(act_on_case(case, "decline", said, own_id), json))


@cases.command("withdraw")
def withdraw(
    case: Case, remedy: Remedy, note: Note = None, by: By = OPERATOR, own_id: OwnId = None, json: Json = False
) -> None:
    """Take back a remedy that waits for a yes."""
    from starter.cli_case_actions import act_on_case

    raise typer.Exit(show(act_on_case(case, "withdraw", {"remedy": remedy, "note": note, "by": by}, own_id), json))


@cases.command("delivered")
def delivered(
    case: Case, remedy: Remedy, note: Note = None, by: By = OPERATOR, own_id: OwnId = None, json: Json = False
) -> None:
    """Note that a granted remedy, which a person delivers, has reached the customer."""
    from starter.cli_case_actions import act_on_case

    raise typer.Exit(show(act_on_case(case, "delivered", {"remedy": remedy, "note": note, "by": by}, own_id), json))


@cases.command("not-delivered")
def not_delivered(
    case: Case, remedy: Remedy, note: Why, by: By = OPERATOR, own_id: OwnId = None, json: Json = False
) -> None:
    """Note that a granted remedy, which a person delivers, cannot be, and why."""
    from starter.cli_case_actions import act_on_case

    said = {"remedy": remedy, "note": note, "by": by}
    raise typer.Exit(show(act_on_case(case, "not_delivered", said, own_id), json))
