"""A letter of a case is called one where people read of a contact."""

from tests.starter.small_home import SmallHome
from tests.starter.test_cli_cases import ANN, desk, opened

__all__ = ["desk"]


def test_a_letter_is_named_by_its_case_in_the_story_and_in_the_reasons(desk: SmallHome) -> None:
    number = opened(desk)["number"]

    shown, why = desk.type("contact", "show", ANN), desk.type("why", ANN)

    assert f"letter acknowledged of case {number} since" in shown.out
    assert f"letter acknowledged of case {number}: entered" in why.out
    assert f"letter acknowledged/1 of case {number}" in why.out
