"""Files that messages carry or show: read with the home, judged by what they hold, published with the texts."""

import pytest

from domain.attachments import FILE_BYTES, packed, unpacked
from records.published import Published
from starter.home import load_home, read_home
from starter.publish import publish_home
from tests.starter.small_home import SmallHome

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50
PDF = b"%PDF-1.7\n" + b"x" * 500
HELLO = "templates/email/welcome/hello.html"


def said(home: SmallHome) -> list[str]:
    return [str(problem) for problem in load_home(read_home(home.folder)).problems]


def carrying(home: SmallHome, front: str = "attach: [files/terms.pdf]", body: str = "welcome.") -> None:
    home.change(HELLO, "class: marketing", f"class: marketing\n{front}")
    home.change(HELLO, "welcome.", body)


def test_a_file_is_part_of_the_home_byte_for_byte(home: SmallHome) -> None:
    home.write("templates/files/terms.pdf", PDF)
    home.write("templates/files/pictures/logo.png", PNG)
    carrying(home, body='<img src="files/pictures/logo.png" alt="Acme">')

    loaded = load_home(read_home(home.folder))

    assert loaded.problems == []
    assert unpacked(loaded.files["templates/files/terms.pdf"]) == PDF
    assert loaded.templates.names("email") == {"welcome/hello", "welcome/tips", "welcome/nudge"}


def test_files_that_are_not_there_are_missed_where_they_are_named(home: SmallHome) -> None:
    home.write("templates/files/terms.pdf", PDF)
    carrying(home, "attach: [files/term.pdf]", '<img src="files/logo.png" alt="">')

    assert said(home) == [
        f"{HELLO}:3: there is no file templates/files/term.pdf; did you mean 'files/terms.pdf'?",
        f"{HELLO}:6: there is no file templates/files/logo.png; there is files/terms.pdf",
    ]


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.pdf", b"MZ\x90\x00", "is none of pdf, png, jpg, gif, ics by what it holds; save it as one of these"),
        ("a.pdf", PNG, "is a png by what it holds; give it a name that ends in .png"),
        ("a", PNG, "is a png by what it holds; give it a name that ends in .png"),
        ("a b.png", PNG, "cannot be named in a template; use letters, digits, - and _ in its name"),
        ("a.png", PNG + b"\0" * FILE_BYTES, "the file is larger than 200 kB; make it smaller"),
        ("a.html", b"<p>", "is none of pdf, png, jpg, gif, ics by what it holds; save it as one of these"),
    ],
)
def test_a_file_is_what_it_holds(home: SmallHome, name: str, content: bytes, what: str) -> None:
    home.write(f"templates/files/{name}", content)

    assert said(home) == [f"templates/files/{name}:1: {what}"]


def test_policy_decides_what_may_travel_and_how_much(home: SmallHome) -> None:
    home.write("templates/files/terms.pdf", PDF * 100)
    home.write("templates/files/logo.png", PNG)
    home.change("policies/messaging.yaml", "topics:", "attachments: {types: [pdf], most: 40 kB}\ntopics:")
    carrying(home)

    assert said(home) == [
        f"{HELLO}:3: its files weigh 51 kB together, and 40 kB is allowed; make them smaller, or link to them",
        "templates/files/logo.png:1: is a png, and policies/messaging.yaml allows pdf; "
        "add it there, or take the file out",
    ]


@pytest.mark.parametrize("most", ["1 TB", "0 MB", "-1 kB", "much"])
def test_a_size_is_a_number_with_a_unit(home: SmallHome, most: str) -> None:
    home.change("policies/messaging.yaml", "topics:", f"attachments: {{most: {most}}}\ntopics:")

    [problem] = said(home)
    assert f"'{most}' is not a size; write it as 500 kB or 1 MB" in problem


def test_a_file_is_published_and_stays_as_long_as_its_message(records: SmallHome) -> None:
    records.write("templates/files/terms.pdf", PDF)
    carrying(records)
    publish_home(records.settings)
    (records.folder / "templates/files/terms.pdf").unlink()

    lines = publish_home(records.settings)

    assert any(f"{HELLO}:3: there is no file templates/files/terms.pdf" in line for line in lines), lines
    with records.database() as database:
        published = Published()
        files = database.read_now(lambda session: published.files(session, str(published.bundle(session))))
    assert files["templates/files/terms.pdf"] == packed(PDF)
    assert "attach" in files[HELLO]
