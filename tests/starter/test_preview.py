"""`preview` shows everything a reader gets before anybody gets it."""

import json
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from icalendar import Calendar

from starter.preview_page import in_light
from tests.home import PROJECT
from tests.starter.small_home import ANN, SmallHome

pytestmark = pytest.mark.system

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50
HELLO = "templates/email/welcome/hello.html"
STARTS = "2026-05-08T09:00:00+02:00"


def previewed(home: SmallHome, *more: str) -> str:
    typed = home.type("preview", "welcome/hello", "--contact", home.json("ann", ANN), *more)
    assert typed.status == 0, typed.err
    return typed.out + typed.err


def test_links_files_pictures_and_sizes_are_listed(home: SmallHome) -> None:
    home.write("templates/files/logo.png", PNG)
    home.change(HELLO, "class: marketing", "class: marketing\nattach: [files/logo.png]")
    home.change(HELLO, "welcome.", '<a href="https://acme.example/tips"><img src="files/logo.png" alt="Tips"></a>')

    lines = previewed(home).splitlines()

    assert "picture: files/logo.png, 1 kB" in lines
    assert "file: files/logo.png, 1 kB" in lines
    assert "link: Tips → https://acme.example/tips" in lines
    assert "link: Unsubscribe → https://example.invalid/u/preview" in lines
    assert any(line.startswith("size: ") for line in lines)


def test_what_is_worth_mending_is_said(home: SmallHome) -> None:
    home.change(HELLO, "Hello & welcome", "Hello and welcome " * 5)
    home.change(HELLO, "welcome.", "word " * 25_000)

    said = previewed(home)

    assert "the subject has 89 characters; a telephone shows about" in said
    assert "there is no preheader" in said
    assert "the HTML part is 125 kB, and Gmail hides what stands behind 102 kB; make it shorter" in said


def test_every_language_is_shown_beside_the_others(home: SmallHome) -> None:
    text = (home.folder / HELLO).read_text()
    home.write("templates/email/welcome/hello.de.html", text.replace("Hello & welcome", "Grüß Gott"))
    out = home.folder / "out"

    document = home.type(
        "preview", "welcome/hello", "--contact", home.json("ann", ANN), "--all-locales", "--json"
    ).document
    previewed(home, "--all-locales", "--out", str(out))

    assert [(each["locale"], each["subject"]) for each in document["variants"]] == [
        (None, "Hello & welcome"),
        ("de", "Grüß Gott"),
    ]
    assert sorted(path.name for path in out.iterdir()) == [
        "welcome-hello-preview.html",
        *(f"welcome-hello{tag}.{ending}" for tag in (".de", "") for ending in ("eml", "html", "txt")),
    ]


def test_the_page_runs_nothing_and_loads_nothing(home: SmallHome) -> None:
    home.change(HELLO, "welcome.", '<script>alert(1)</script><img src="https://x.example/p.gif" alt="">"><b>')
    out = home.folder / "out"

    previewed(home, "--out", str(out))

    page = (out / "welcome-hello-preview.html").read_text()
    assert page.count("<iframe ") == page.count('<iframe sandbox="" ') == 4
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "<img" not in page


def test_a_frame_is_dark_whatever_the_browser_is() -> None:
    rules = "@media (prefers-color-scheme: dark) {a} @media (prefers-color-scheme:light) {b}"

    assert in_light(rules, "dark") == "@media (min-width: 0px) {a} @media (max-width: 0px) {b}"


def test_set_up_days_of_the_gallery_go_into_the_calendar(tmp_path: Path, home: SmallHome) -> None:
    data = json.dumps({"visit": "v-1", "starts_at": STARTS, "place": "Am Hof 3, Wien"})
    found = {}
    for name in ("confirmed", "cancelled"):
        typed = home.type(
            *(
                "--home",
                PROJECT,
                "preview",
                f"appointment/{name}",
                "--contact",
                home.json("ann", ANN | {"language": "de"}),
            ),
            *("--data", data, "--out", tmp_path),
        )
        assert typed.status == 0, typed.err
        mail = message_from_bytes((tmp_path / f"appointment-{name}.eml").read_bytes(), policy=default)
        [part] = [each for each in mail.walk() if each.get_filename() == "invite.ics"]
        found[name] = Calendar.from_ical(part.get_content())

    [put_in], [taken_out] = (each.walk("VEVENT") for each in found.values())
    assert [str(each["METHOD"]) for each in found.values()] == ["REQUEST", "CANCEL"]
    assert put_in["UID"] == taken_out["UID"]
    assert put_in["SUMMARY"] == "Einrichtungstag mit Acme Flow"
    assert put_in["LOCATION"] == "Am Hof 3, Wien"
    assert put_in.decoded("DTSTART").isoformat() == "2026-05-08T07:00:00+00:00"
    assert (put_in.decoded("DTEND") - put_in.decoded("DTSTART")).total_seconds() == 180 * 60
