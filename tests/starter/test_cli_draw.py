"""`draw`: a picture of a sequence on stdout or in a file, in the form its name says."""

from xml.etree import ElementTree

from tests.starter.small_home import SmallHome


def test_a_sequence_is_drawn_as_mermaid_on_stdout(home: SmallHome) -> None:
    typed = home.type("draw", "welcome")

    assert (typed.status, typed.err) == (0, "")
    assert typed.out.startswith("flowchart TD\n")
    assert '["wait 2 days at 09:00"]' in typed.out


def test_a_file_s_name_says_its_form(home: SmallHome) -> None:
    picture, chart = home.folder / "pictures/welcome.svg", home.folder / "welcome.mmd"

    assert home.type("draw", "welcome", "--out", picture).out == ""
    assert home.type("draw", "welcome", "--out", chart).status == 0

    assert ElementTree.fromstring(picture.read_text(encoding="utf-8")).tag.endswith("svg")
    assert chart.read_text(encoding="utf-8").startswith("flowchart TD\n")


def test_the_form_may_be_said(home: SmallHome) -> None:
    assert home.type("draw", "welcome", "--format", "svg").out.startswith("<svg ")
    assert home.type("draw", "welcome", "--format", "png").status == 2


def test_a_name_that_says_no_form_is_a_problem(home: SmallHome) -> None:
    typed = home.type("draw", "welcome", "--out", home.folder / "welcome.png")

    assert typed.status == 1
    assert "end it in .svg or .mmd, or give --format" in typed.err


def test_a_file_that_cannot_be_written_is_a_problem(home: SmallHome) -> None:
    typed = home.type("draw", "welcome", "--out", home.folder / "sequences", "--format", "svg")

    assert typed.status == 1
    assert "cannot be written" in typed.err


def test_programs_get_a_document(home: SmallHome) -> None:
    document = home.type("draw", "welcome", "--json").document

    assert (document["sequence"], document["format"]) == ("welcome", "mermaid")
    assert document["drawing"].startswith("flowchart TD\n")


def test_a_sequence_with_a_mistake_is_not_drawn(home: SmallHome) -> None:
    home.change("sequences/welcome.yaml", "wait: 2 days", "wait: 2 dayz")

    typed = home.type("draw", "welcome")

    assert typed.status == 1
    assert "sequences/welcome.yaml:10:" in typed.err
