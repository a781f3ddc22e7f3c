"""Reading a home ends in texts and problems, whatever lies there."""

import os
from pathlib import Path

import pytest

from starter.home import Unreadable, load_home, read_home, read_text
from tests.starter.small_home import SmallHome


def said(home: SmallHome) -> list[str]:
    return [str(problem) for problem in load_home(read_home(home.folder)).problems]


def test_a_good_home_has_no_problem_and_its_sequence(home: SmallHome) -> None:
    loaded = load_home(read_home(home.folder))

    assert loaded.problems == []
    assert list(loaded.programs) == ["welcome"]
    assert loaded.templates.class_of("email", "welcome/hello") == "marketing"


def test_a_folder_without_a_home_is_said_with_the_way_out(tmp_path: Path) -> None:
    home = read_home(tmp_path / "nowhere")

    assert home.files == {}
    assert "go to the folder that has them, or give --home" in str(home.problems[0])


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"description: caf\xe9\n", ":1: this is not UTF-8 text; save it as UTF-8"),
        (b"a: 1\nb: \x00\n", ":2: there is a NUL byte; save it as UTF-8 text"),
        (b"#" * 300_000, ":1: the file is larger than 256 kB; make it smaller"),
    ],
)
def test_bytes_that_are_no_text_are_a_problem_of_that_file_only(home: SmallHome, content: bytes, what: str) -> None:
    home.write("sequences/odd.yaml", content)

    loaded = load_home(read_home(home.folder))

    assert [str(problem) for problem in loaded.problems] == [f"sequences/odd.yaml{what}"]
    assert list(loaded.programs) == ["welcome"]


def test_a_byte_order_mark_is_no_part_of_the_text(home: SmallHome) -> None:
    file = home.write("policies/events.yaml", b"\xef\xbb\xbfevents: {}\n")

    assert read_text(file) == "events: {}\n"


def test_links_out_of_the_home_are_refused(home: SmallHome, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.yaml").write_text("steps: []\n")
    (home.folder / "sequences/secret.yaml").symlink_to(outside / "secret.yaml")
    (home.folder / "templates/email/more").symlink_to(outside)

    problems = said(home)

    assert "sequences/secret.yaml:1: leads out of the home; put the file itself here" in problems
    assert "templates/email/more:1: is a link; put the folder itself here" in problems
    assert "sequences/secret.yaml" not in read_home(home.folder).files


def test_a_link_that_leads_to_itself_and_a_pipe_keep_nobody_waiting(home: SmallHome) -> None:
    (home.folder / "sequences/loop.yaml").symlink_to(home.folder / "sequences/loop.yaml")
    os.mkfifo(home.folder / "sequences/pipe.yaml")

    problems = said(home)

    assert any(problem.startswith("sequences/loop.yaml:1: ") for problem in problems)
    assert "sequences/pipe.yaml:1: is not a file; give one" in problems


def test_what_editors_and_systems_leave_behind_is_not_ours(home: SmallHome) -> None:
    home.write("templates/email/.DS_Store", b"\xff\xfe")
    home.write("sequences/.welcome.yaml.swp", b"\xff\xfe")
    home.write("templates/email/welcome/hello.html~", "old")

    assert said(home) == []


def test_sequences_are_not_read_from_folders_and_that_is_said(home: SmallHome) -> None:
    home.write("sequences/drafts/later.yaml", "steps: []\n")

    assert said(home) == [
        "sequences/drafts/later.yaml:1: sequences are not read from folders; move it up into sequences/"
    ]


def test_a_name_that_is_no_text_can_still_be_printed(home: SmallHome) -> None:
    (Path(os.fsdecode(os.fsencode(home.folder)) + "/sequences") / os.fsdecode(b"a\xff\n.yaml")).write_text("steps: []")

    (problem,) = said(home)

    assert problem.encode().decode().isprintable()
    assert problem.endswith("its name has characters that are no text; rename it")


def test_a_template_names_only_topics_and_senders_there_are(home: SmallHome) -> None:
    home.change("templates/email/welcome/tips.html", "class: marketing", "class: marketing\ntopic: prodct-news")

    assert said(home) == [
        "templates/email/welcome/tips.html:3: topic 'prodct-news' is not in policies/messaging.yaml; "
        "did you mean 'product-news'?"
    ]


def test_a_broken_policy_is_said_once_not_wherever_it_is_used(home: SmallHome) -> None:
    home.change("policies/messaging.yaml", "topics:", "topicz:")

    assert [problem.partition(":")[0] for problem in said(home)] == ["policies/messaging.yaml"]


@pytest.mark.parametrize("place", ["no/such/file", ".", "\0"])
def test_a_file_that_cannot_be_read_says_so(place: str) -> None:
    with pytest.raises(Unreadable):
        read_text(Path(place))
