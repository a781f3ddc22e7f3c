"""`check` and `preview`, what is typed wrongly, and the command as a process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from starter.cli import run
from tests.starter.small_home import ANN, FRIDAY, SmallHome

PROJECT = Path(__file__).parents[2]


# --- check -----------------------------------------------------------------------------------------------------------


def test_check_of_a_good_home_prints_nothing_and_is_fine(home: SmallHome) -> None:
    typed = home.type("check")

    assert (typed.status, typed.out) == (0, "")
    assert typed.err == "1 in sequences/, 2 in policies/, 3 in templates/: no problem\n"


def test_check_prints_all_problems_of_all_files_sorted(home: SmallHome) -> None:
    home.change("sequences/welcome.yaml", "send: welcome/tips", "send: welcome/tpis")
    home.change("sequences/welcome.yaml", "of: tips", "of: hello")
    home.write("sequences/other.yaml", "steps:\n  - sned: welcome/hello\n  - wait: 2 dayz\n")
    home.change("templates/email/welcome/nudge.html", "contact.first_name", "contact.frist_name")
    home.write("policies/events.yaml", "events: [\n")

    typed = home.type("check")
    lines = typed.out.splitlines()

    assert typed.status == 1
    assert lines == sorted(lines)
    assert [line.partition(": ")[0] for line in lines] == [
        "policies/events.yaml:1",
        "sequences/other.yaml:2",
        "sequences/other.yaml:3",
        "sequences/welcome.yaml:11",
        "sequences/welcome.yaml:12",
        "templates/email/welcome/nudge.html:5",
    ]


def test_check_as_json_is_one_document(home: SmallHome) -> None:
    home.change("sequences/welcome.yaml", "welcome/tips", "welcome/tpis")

    typed = home.type("check", "--json")

    assert typed.status == 1
    assert set(typed.document) == {"ok", "checked", "problems"}
    assert typed.document["checked"] == {"sequences": 1, "policies": 2, "templates": 3}
    first = typed.document["problems"][0]
    assert set(first) == {"path", "line", "what", "warning"}
    assert (first["path"], first["line"], first["warning"]) == ("sequences/welcome.yaml", 11, False)


def test_warnings_do_not_change_the_status(home: SmallHome) -> None:
    home.change("sequences/welcome.yaml", "goal: {event: meeting_booked}", "goal: {event: trial_started}")

    typed = home.type("check")

    assert typed.status == 0
    assert "sequences/welcome.yaml:7: warning: " in typed.out


def test_check_of_one_file_shows_that_file_and_counts_the_rest(home: SmallHome) -> None:
    home.write("sequences/other.yaml", "steps: [{sned: x}]\n")
    home.change("sequences/welcome.yaml", "welcome/tips", "welcome/tpis")

    typed = home.type("check", home.folder / "sequences/other.yaml")

    assert typed.status == 1
    assert all(line.startswith("sequences/other.yaml:") for line in typed.out.splitlines())
    assert "more in files that were not asked about; see `rapport check`" in typed.err


def test_a_sequence_elsewhere_is_checked_by_the_policies_of_the_home(home: SmallHome) -> None:
    draft = home.write("drafts/next.yaml", "topic: product-news\nsteps: [{send: welcome/hello}, {send: welcome/x}]\n")

    typed = home.type("check", draft)

    assert (
        typed.out
        == f"{draft}:2: template 'welcome/x' does not exist; templates/email/welcome/ has hello, nudge, tips\n"
    )


def test_check_of_nothing_says_so(home: SmallHome) -> None:
    typed = home.type("check", "no/such.yaml")

    assert typed.status == 1
    assert typed.out == "no/such.yaml:1: cannot be read (No such file or directory); check the path\n"


def test_check_needs_no_settings(home: SmallHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_WEB_PORT", "abc")

    assert home.type("check").status == 0


# --- typed wrongly, and our fault ---


@pytest.mark.parametrize(
    "words",
    [
        ["simulate", "welcome"],
        ["simulate", "welcome", "--contact", "x.json", "--at", "noon"],
        ["simulate", "welcome", "--contact", "x.json", "--until", "never"],
        ["preview", "welcome/hello", "--contact", "x.json", "--data", "{"],
        ["preview", "welcome/hello", "--contact", "x.json", "--data", "[]"],
        ["preview", "welcome/hello", "--contact", "x.json", "--data", '{"amount": NaN}'],
        ["preview", "welcome/hello", "--contact", "x.json", "--data", '{"amount": -Infinity}'],
        ["preview", "welcome/hello", "--contact", "x.json", "--data", '{"amount": [1e999]}'],
        ["chekc"],
        ["check", "--jsn"],
    ],
)
def test_a_command_typed_wrongly_has_status_2_and_says_why(home: SmallHome, words: list[str]) -> None:
    typed = home.type(*words)

    assert (typed.status, typed.out) == (2, "")
    assert "Error: " in typed.err


def test_what_nobody_foresaw_is_one_line_and_status_3(
    home: SmallHome, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of course")

    monkeypatch.setattr("starter.cli_home.load_home", broken)
    (home.folder / ".rapport/logs").mkdir(parents=True)

    typed = home.type("check", "--json")

    assert typed.status == 3
    assert typed.err.count("\n") == 1
    assert "this is our fault, please report it; the details are in " in typed.err
    assert typed.document["problems"][0]["what"] + "\n" == typed.err
    assert "ZeroDivisionError: of course" in (home.folder / ".rapport/logs/cli.log").read_text()


# --- preview ---------------------------------------------------------------------------------------------------------


@pytest.mark.system
def test_a_preview_has_all_parts_and_headers(home: SmallHome) -> None:
    typed = home.type("preview", "welcome/hello", "--contact", home.json("ann", ANN), "--json")

    document = typed.document
    assert list(document) == [
        "template", "class", "topic", "locale", "headers", "subject", "preheader", "html", "text",
        "links", "pictures", "files", "invitation", "bytes", "hints", "eml",
    ]  # fmt: skip
    assert document["headers"]["Subject"] == document["subject"] == "Hello & welcome"
    assert document["headers"]["List-Unsubscribe"] == "<https://example.invalid/u/preview>"
    assert "Hello Ann, welcome." in document["text"]
    assert (document["class"], document["topic"]) == ("marketing", "product-news")


@pytest.mark.system
def test_a_preview_in_a_language_of_a_file_given_by_its_path(home: SmallHome) -> None:
    text = (home.folder / "templates/email/welcome/hello.html").read_text()
    file = home.write("templates/email/welcome/hello.de.html", text.replace("Hello & welcome", "Grüß Gott"))

    typed = home.type("preview", file, "--contact", home.json("ann", ANN), "--out", home.folder / "out")

    assert "Subject: Grüß Gott" in typed.out
    assert sorted(each.suffix for each in (home.folder / "out").iterdir()) == [".eml", ".html", ".html", ".txt"]


@pytest.mark.system
def test_a_preview_says_which_value_is_missing(home: SmallHome) -> None:
    home.change("templates/email/welcome/hello.html", "welcome.", "of {{ contact.company }}")

    typed = home.type("preview", "welcome/hello", "--contact", home.json("ann", ANN))

    assert typed.status == 1
    assert "contact.company is missing; fill it in, or write {{ contact.company|fallback('…') }}" in typed.err


def test_a_template_that_is_not_there_is_said_with_the_nearest(home: SmallHome) -> None:
    typed = home.type("preview", "welcome/hallo", "--contact", home.json("ann", ANN))

    assert (typed.status, typed.err) == (
        1,
        "template 'welcome/hallo' does not exist; did you mean 'welcome/hello'?\n",
    )


# --- as a process ----------------------------------------------------------------------------------------------------


@pytest.mark.system
def test_the_command_as_it_is_typed(home: SmallHome) -> None:
    command = [sys.executable, "-m", "starter.cli"]
    there = {"PYTHONPATH": str(PROJECT), "RAPPORT_HOME": str(home.folder), "PATH": ""}

    checked = subprocess.run([*command, "check", "--json"], env=there, capture_output=True, text=True, timeout=60)
    assert (checked.returncode, json.loads(checked.stdout)["ok"]) == (0, True)

    told = [*command, "simulate", "welcome", "--contact", home.json("ann", ANN), "--at", FRIDAY]
    first, second = (subprocess.run(told, env=there, capture_output=True, text=True, timeout=60) for _ in range(2))
    assert (first.returncode, first.stdout) == (0, second.stdout)


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0

    printed = capsys.readouterr().out
    assert all(f"\n  {name} " in printed for name in ("up", "check", "simulate", "contact", "inbox", "message"))


def test_check_of_a_folder_says_that_it_looked(home: SmallHome) -> None:
    typed = home.type("check", home.folder / "templates")

    assert (typed.status, typed.out, typed.err) == (0, "", f"{home.folder / 'templates'}: no problem\n")


def test_check_of_a_folder_that_holds_nothing_is_a_problem(home: SmallHome) -> None:
    elsewhere = home.folder / "docs"
    elsewhere.mkdir()

    typed = home.type("check", elsewhere)

    assert typed.status == 1
    assert typed.out == f"{elsewhere}:1: holds nothing to check; give a .yaml file, or a folder with some\n"
