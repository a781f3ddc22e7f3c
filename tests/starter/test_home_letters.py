"""What `check` says of the letters of cases."""

from starter.home import load_files
from tests.home import shipped

HOME = shipped()
WHOLE = {**HOME.files, **{f"templates/{path}": text for path, text in HOME.templates.items()}}
ACKNOWLEDGED = "templates/email/service/acknowledged.html"


def said(files: dict[str, str]) -> list[str]:
    """Return what is said of the letters and their names."""
    found = load_files(files).problems
    return [str(each) for each in found if "letter" in each.what or "cases cannot write" in each.what]


def test_nothing_is_missing_in_the_example() -> None:
    assert said(WHOLE) == []


def test_letters_that_are_not_there_are_named_and_published_all_the_same() -> None:
    less = {path: text for path, text in WHOLE.items() if "service/offer" not in path and "service/closed." not in path}

    [warning] = [each for each in load_files(less).problems if "cases cannot write" in each.what]

    assert warning.warning
    assert str(warning).startswith("policies/recovery.yaml:1: warning: templates/email/service/ lacks closed, offer,")


def test_without_cases_no_letter_is_missed() -> None:
    none = {path: text for path, text in WHOLE.items() if "/service/" not in path and path != "policies/recovery.yaml"}

    assert said(none) == []


def test_a_letter_that_advertises_would_wait_for_the_case_it_is_about() -> None:
    text = WHOLE[ACKNOWLEDGED].replace("class: service\n", "")

    [problem] = [each for each in said(WHOLE | {ACKNOWLEDGED: text}) if "no advertisement" in each]

    assert problem.startswith(f"{ACKNOWLEDGED}:1: a letter of a case is no advertisement")


def test_a_sequence_cannot_be_called_as_a_letter_is() -> None:
    path = "sequences/service-update.yaml"

    assert f"{path}:1: 'service-update' is what cases call a letter of theirs; choose another name" in said(
        WHOLE | {path: "steps: [{send: service/update}]\n"}
    )
