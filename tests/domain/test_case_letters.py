"""What a letter of a case may say: only what is known, still true, and meant for the customer."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.assignment import Staff
from domain.case_letters import LETTERS, letter_in, program_of, said, sequence_of
from domain.case_samples import sample_of
from domain.definition import NAME
from domain.loader import load_sequence
from domain.policies import Messaging, Policies, Sender
from domain.recovery import Case, Write
from domain.recovery_moves import contacted, diagnosed, opened, resolved, waits
from domain.recovery_policy import Recovery
from domain.remedies import Remedy
from domain.remedy_policy import Band, Remedied, Remedies
from domain.teams import Person, Team, TeamsPolicy
from rendering.catalogue import Catalogue
from tests.home import shipped

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
CARE = Team(label="Customer care", email="care@acme.example", members={"ada": 1})
STAFF = Staff(
    TeamsPolicy(people={"ada": Person(name="Ada Berger", email="ada@acme.example")}, teams={"care": CARE}),
    "care",
    ZoneInfo("UTC"),
)
VOUCHER = Remedied(label="a voucher for your next order", by="voucher")
GIVEN = Remedies(types={"voucher": VOUCHER}, bands=(Band(offer=("voucher",)),))
POLICY = Recovery(team="care", causes={"late": "Too late"}, remedies=GIVEN)


def case(**more: Any) -> Case:
    """A case of S1, just opened: a person speaks with the customer within the hour."""
    made = Case(
        id="c1",
        number=1042,
        title="The board came too late",
        team="care",
        owner="ada",
        severity="S1",
        clocks=POLICY.clocks_of("S1"),
        opened_at=NOW,
    )
    return opened(made, NOW).state.model_copy(update=more)


def told(letter: str, of: Case | None = None, now: datetime = NOW, **data: Any) -> dict[str, Any]:
    return said(of or case(), POLICY, STAFF, Write(letter, f"{letter}/1", data), now)


def test_the_acknowledgement_has_the_number_who_has_it_and_when_they_hear_more() -> None:
    found = told("acknowledged")

    assert (found["number"], found["owner"], found["team"]) == (1042, "Ada Berger", "Customer care")
    assert found["next_word"] == (NOW + timedelta(hours=1)).isoformat()
    assert [each["name"] for each in found["promises"]] == ["contact", "update", "resolve"]


def test_how_severe_we_call_it_is_never_told() -> None:
    assert not any("S1" in str(value) for each in LETTERS for value in told(each, text="We are on it").values())


def test_what_our_people_wrote_to_each_other_is_never_told() -> None:
    moved = diagnosed(case(), "late", "ada", NOW).state

    assert "late" not in told("update", moved, text="Found").values()


def test_a_team_stands_for_whoever_has_it_while_nobody_does() -> None:
    found = told("acknowledged", case(owner=None))

    assert ("owner" in found, found["signed"]) == (False, "Customer care")


def test_a_promise_whose_time_is_over_is_not_made_once_more() -> None:
    late = NOW + timedelta(days=30)

    assert not {"next_word", "resolve_by", "promises"} & told("acknowledged", now=late).keys()


def test_after_a_person_has_spoken_with_them_the_next_update_is_promised() -> None:
    spoken = contacted(case(), "ada", NOW + timedelta(minutes=30)).state

    assert told("update", spoken, text="Found")["next_word"] == (NOW + timedelta(hours=4, minutes=30)).isoformat()


def test_while_we_wait_for_them_nothing_is_promised_and_they_know_how_long_it_stays_open() -> None:
    asked = waits(case(), "ada", NOW, "Which board?").state

    found = told("question", asked, text="Which board?")

    assert "next_word" not in found
    assert found["closes_at"] == "2026-05-18T09:00:00+00:00"  # ten business days


def test_of_a_settled_case_is_said_when_it_is_closed_and_until_when_it_can_be_opened_again() -> None:
    done = resolved(case(cause="late"), "accepted", "ada", NOW).state

    found = told("resolved", done, text="It is with you.")

    assert found["closes_at"] == (NOW + timedelta(days=4)).isoformat()
    assert found["reopen_until"] == (NOW + timedelta(days=14)).isoformat()
    assert not {"next_word", "promises"} & found.keys()


def test_a_remedy_is_said_as_the_policy_calls_it_with_its_worth_and_what_belongs_to_it() -> None:
    remedy = Remedy(id="r1", kind="voucher", by="voucher", amount=Decimal(40), proposed_by="ada", proposed_at=NOW)

    found = told("offer", case(remedies=(remedy,)), remedy="r1", code="ACME-1", valid_until="2027-05-04")

    expected = {"kind": "voucher", "by": "voucher", "label": VOUCHER.label, "amount": "40.00", "currency": "EUR"}
    assert found["remedy"] == expected
    assert (found["code"], found["valid_until"]) == ("ACME-1", "2027-05-04")


def test_a_remedy_is_called_in_the_language_of_the_customer() -> None:
    redo = Remedied(label="a replacement", labels={"de": "ein Ersatz"}, by="person")
    given = Remedies(types={"redo": redo}, bands=(Band(offer=("redo",)),))
    remedy = Remedy(id="r1", kind="redo", by="person", proposed_by="ada", proposed_at=NOW)
    deed = Write("offer", "offer/r1", {"remedy": "r1"})

    for language, label in (("de-AT", "ein Ersatz"), ("fr", "a replacement")):
        of = case(remedies=(remedy,), language=language)
        found = said(of, POLICY.model_copy(update={"remedies": given}), STAFF, deed, NOW)
        assert found["remedy"]["label"] == label


def test_who_granted_a_remedy_and_why_another_was_refused_stays_with_us() -> None:
    refused = Remedy(
        id="r1",
        kind="voucher",
        proposed_by="bob",
        proposed_at=NOW,
        decided_by="max",
        why="abuse",
        alternative="Redo it",
    )

    found = told("refusal", case(remedies=(refused,)), remedy="r1")

    assert found["alternative"] == "Redo it"
    assert not any(word in str(found) for word in ("abuse", "max", "bob"))


@pytest.mark.parametrize("text", ["", "  \n ", None])
def test_without_a_text_there_are_no_paragraphs(text: str | None) -> None:
    assert not {"text", "paragraphs"} & told("resolved", text=text).keys()


def test_a_remedy_that_nobody_knows_any_more_is_left_out() -> None:
    assert "remedy" not in told("offer", remedy="gone")


@pytest.mark.parametrize("letter", LETTERS)
def test_every_letter_is_a_program_of_one_service_message_that_may_be_entered_again(letter: str) -> None:
    messaging = Messaging(senders={"care": Sender.model_validate({"from": "Care <care@acme.example>"})})
    program = program_of(letter, Policies(messaging=messaging, recovery=POLICY.model_copy(update={"sender": "care"})))

    assert NAME.fullmatch(program.sequence)
    assert letter_in(program.sequence) == letter
    assert (program.marketing, program.again.rule, program.enter, list(program.steps)) == (
        False,
        "always",
        (),
        ["letter"],
    )
    assert program.steps["letter"].sender == "care"  # type: ignore[attr-defined]


def test_a_program_does_not_change_while_its_sender_stays() -> None:
    assert program_of("update", Policies()).version == program_of("update", Policies(recovery=POLICY)).version


def test_a_sender_that_is_not_declared_any_more_keeps_nobody_from_being_written_to() -> None:
    gone = Policies(recovery=POLICY.model_copy(update={"sender": "gone"}))

    assert program_of("update", gone).steps["letter"].sender is None  # type: ignore[attr-defined]


def test_a_letter_compiles_as_a_sequence_that_says_the_same() -> None:
    text = "enter: {again: always}\non_unsubscribe: stay\npriority: 90\n"
    text += "description: 'Letter to the customer of a case: update'\n"
    text += "steps: [{send: service/update, id: letter, window: none}]\n"
    care = Sender.model_validate({"from": "a@acme.example"})
    policies = Policies(messaging=Messaging(senders={"default": care, "service": care}))

    program, problems = load_sequence(
        f"sequences/{sequence_of('update')}.yaml", text, policies, Catalogue(shipped().templates)
    )

    assert [each for each in problems if not each.warning] == []
    assert program == program_of("update", policies)


@pytest.mark.parametrize("letter", LETTERS)
def test_a_made_up_letter_is_made_by_the_same_rules(letter: str) -> None:
    name = f"service/{letter.replace('_', '-')}"

    found = sample_of(name, Policies(), NOW, "de-AT")

    assert (found["letter"], found["number"], found["owner"]) == (letter, 1042, "Ada Berger")
    assert ("question" in found) == (letter == "reminder")
    assert ("remedy" in found) == (letter in ("offer", "refusal"))
