"""`case`: cases opened, listed, worked on and told of at the command line."""

from typing import Any

import pytest

from starter.publish import publish_home
from tests.starter.case_desk import CARE, RECOVERY, DeskOfRecords
from tests.starter.small_home import SmallHome
from tests.starter.test_cli_pauses import impatient
from tests.starter.test_cli_tasks import TEAMS

__all__ = ["impatient"]

ANN = "ann@acme.example"


@pytest.fixture
def desk(records: SmallHome, monkeypatch: pytest.MonkeyPatch) -> SmallHome:
    """A home with a policy for cases, in which what is asked is done at once."""
    people = TEAMS.replace("teams:\n", "  max: {name: Max, email: max@acme.example}\nteams:\n" + CARE)
    records.write("policies/teams.yaml", people)
    records.write("policies/recovery.yaml", RECOVERY)
    publish_home(records.settings)
    assert records.type("contact", "add", "--email", ANN).status == 0
    monkeypatch.setattr("starter.cli_deeds.Desk", DeskOfRecords)
    return records


def opened(desk: SmallHome, *more: str, title: str = "The parcel was lost") -> dict[str, Any]:
    typed = desk.type("case", "open", "--contact", ANN, "--title", title, *more, "--json")
    assert typed.status == 0, typed.err
    document: dict[str, Any] = typed.document
    return document


def told(desk: SmallHome, case: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = desk.type("case", "show", str(case["number"]), "--json").document
    return document


def does(desk: SmallHome, *words: str) -> dict[str, Any]:
    typed = desk.type("case", *words, "--json")
    assert typed.status == 0, typed.err
    document: dict[str, Any] = typed.document
    return document


def test_a_case_is_opened_once_for_each_id_given_to_somebody_and_listed(desk: SmallHome) -> None:
    first = opened(desk, "--severity", "S2", "--incident", "o-1", "--note", "She is angry", "--by", "lea", "--id", "x1")
    again = opened(desk, "--severity", "S2", "--incident", "o-1", "--by", "lea", "--id", "x1")
    joins = opened(desk, "--severity", "S1", "--incident", "o-1", "--id", "x2")

    assert (first["status"], again["status"], joins["status"]) == ("opened", "repeated", "joined")
    assert (first["number"], first["severity"], first["owner"], first["stage"]) == (1001, "S2", "ada", "open")
    assert joins["severity"] == "S1", "what is told again, and worse, is worse"
    listed = desk.type("case", "list")
    assert (
        "1001  S1        open   ada?  acknowledgement" in " ".join(listed.out.split("\n")[:2]) or "1001" in listed.out
    )
    story = told(desk, first)
    assert [each["severity"] for each in story["severities"]] == ["S2", "S1"]
    assert [each["data"]["note"] for each in story["timeline"] if each["event"] == "case_commented"] == ["She is angry"]


def test_everything_a_person_does_is_one_command(desk: SmallHome) -> None:
    case = str(opened(desk, "--severity", "S2")["number"])

    assert does(desk, "accept", case, "--by", "ada")["accepted"] is True
    assert does(desk, "reassign", case, "--to", "bob", "--by", "lea")["owner"] == "bob"
    assert does(desk, "contacted", case, "--channel", "phone", "--note", "Angry", "--by", "bob")["did"] == "contacted"
    assert does(desk, "update", case, "--text", "We have found it", "--by", "bob")["next"] is not None
    assert does(desk, "ask", case, "--text", "Where do you live?", "--by", "bob")["stage"] == "waiting"
    assert does(desk, "answered", case, "--note", "In Bonn", "--by", "bob")["stage"] == "open"
    assert does(desk, "diagnose", case, "--cause", "lost-parcel", "--by", "bob")["cause"] == "lost-parcel"
    assert does(desk, "severity", case, "--to", "S3", "--note", "calm now", "--by", "lea")["severity"] == "S3"
    assert does(desk, "comment", case, "--note", "Nice dog", "--by", "bob")["did"] == "comment"
    assert does(desk, "resolve", case, "--text", "Here it is", "--by", "bob")["stage"] == "resolved"
    reopened = does(desk, "reopen", case, "--note", "Broken again", "--by", "bob")
    assert (reopened["stage"], reopened["severity"], reopened["rounds"]) == ("open", "S2", 2)
    assert does(desk, "close", case, "--outcome", "gave_up", "--silent", "--by", "lea")["stage"] == "closed"
    assert does(desk, "release", case, "--note", "They asked for it", "--by", "lea")["released_at"] is not None


def test_a_remedy_is_proposed_granted_declined_and_withdrawn(desk: SmallHome) -> None:
    case = str(opened(desk, "--severity", "S2")["number"])

    for number in range(3):
        does(
            desk,
            "propose",
            case,
            "--kind",
            "refund",
            "--amount",
            f"{100 + number}",
            "--by",
            "ada",
            "--id",
            f"r{number}",
        )
        remedy = next(each for each in told(desk, {"number": case})["remedies"] if each["state"] == "asked")
        assert remedy["proposed_by"] == "ada"
        assert desk.type("case", "approve", case, remedy["id"], "--by", "ada").status == 1, "never their own"
        who = remedy["asked"][0]
        if number == 0:
            does(desk, "decline", case, remedy["id"], "--note", "Too much", "--instead", "a voucher", "--by", who)
        elif number == 1:
            does(desk, "withdraw", case, remedy["id"], "--note", "Not needed", "--by", "ada")
        else:
            does(desk, "approve", case, remedy["id"], "--by", who)

    found = {each["state"]: each for each in told(desk, {"number": case})["remedies"]}
    assert set(found) == {"refused", "withdrawn", "approved"}
    assert (found["refused"]["why"], found["refused"]["alternative"]) == ("Too much", "a voucher")
    shown = desk.type("case", "show", case).out
    assert "Too much; instead: a voucher" in shown


def test_the_whole_story_stands_on_one_page(desk: SmallHome) -> None:
    case = str(opened(desk, "--severity", "S2", "--incident", "o-7")["number"])
    does(desk, "contacted", case, "--by", "ada")
    does(desk, "ask", case, "--text", "Where?", "--by", "ada")

    page = desk.type("case", "show", case).out
    for line in (
        f"case {case}: The parcel was lost",
        "severity S2, waiting for the customer since ",
        f"of {ANN}, incident o-7; with ada, who accepted it ",
        "cause: not known yet",
        "promises",
        "first contact",
        "pauses",
        "letters to the customer",
        "the acknowledgement",
        "what happened",
        "the customer was contacted by phone",
        "what comes next by itself",
        "the customer is reminded of our question",
        " of its time",
    ):
        assert line in page, line


def test_cases_are_found_by_what_they_are(desk: SmallHome) -> None:
    first = opened(desk, "--severity", "S2", title="One")
    second = opened(desk, "--severity", "S4", title="Two")
    does(desk, "diagnose", str(first["number"]), "--cause", "lost-parcel", "--by", "ada")
    does(desk, "resolve", str(first["number"]), "--by", "ada")

    def listed(*words: str) -> list[str]:
        return [each["title"] for each in desk.type("case", "list", *words, "--json").document["cases"]]

    assert sorted(listed()) == ["One", "Two"]
    assert listed("--open") == ["Two"]
    assert listed("--severity", "S2") == ["One"]
    assert listed("--mine", "bob") == ["Two"]
    assert listed("--late") == []
    assert desk.type("case", "list", "--mine", "nobody").status == 1
    assert desk.type("case", "list", "--severity", "S9").status == 1
    does(desk, "close", str(second["number"]), "--outcome", "done")
    assert listed() == ["One"]
    assert sorted(listed("--all", "--contact", ANN)) == ["One", "Two"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("diagnose", "1001", "--cause", "gremlins"), "'gremlins' is no cause of policies/recovery.yaml"),
        (("resolve", "1001"), "is not resolved without its cause"),
        (("answered", "1001"), "does not wait for the customer"),
        (("reopen", "1001", "--note", "x"), "case 1001 is open"),
        (("release", "1001", "--note", "x"), "is not closed"),
        (("comment", "1001", "--note", "x", "--by", "zoe"), "there is nobody 'zoe'"),
        (("severity", "1001", "--to", "S9"), "'severity' cannot be 'S9'"),
        (("propose", "1001", "--kind", "gold"), "'gold' is no remedy"),
        (("close", "1001"), "'outcome' is missing"),
        (("comment", "4711", "--note", "x"), "there is no 4711"),
        (("open", "--contact", ANN, "--title", " "), "the title is not one of 1 to 200"),
        (("open", "--contact", ANN, "--title", "x", "--team", "moon"), "there is no team 'moon'"),
        (("open", "--contact", ANN, "--title", "x", "--severity", "bad"), "severity 'bad' is none"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(desk: SmallHome, words: tuple[str, ...], why: str) -> None:
    opened(desk, "--severity", "S2")

    typed = desk.type("case", *words)

    assert typed.status == 1
    assert why in typed.err


def test_without_a_policy_no_case_is_opened_by_hand(records: SmallHome) -> None:
    records.type("contact", "add", "--email", ANN)

    typed = records.type("case", "open", "--contact", ANN, "--title", "Lost")

    assert typed.status == 1
    assert "there is no policies/recovery.yaml" in typed.err


def test_nobody_answering_names_the_key_to_ask_again_with(records: SmallHome, impatient: None) -> None:
    records.write("policies/teams.yaml", TEAMS.replace("teams:\n", "teams:\n" + CARE.replace(", manager: max", "")))
    records.write("policies/recovery.yaml", RECOVERY)
    publish_home(records.settings)
    records.type("contact", "add", "--email", ANN)
    case = opened(records)["number"]

    typed = records.type("case", "comment", str(case), "--note", "x", "--id", "k1")

    assert typed.status == 3
    assert "out of reach" in typed.err
