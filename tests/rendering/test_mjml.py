"""Messages written in MJML: compiled for everybody, safe whatever a contact wrote, judged on the author's line."""

import re
from html import unescape
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import escape

from rendering.mjml import NotMjml, compile_mjml
from rendering.parts import NotThere, Press
from rendering.plain import UnfitLink
from rendering.template import Library

LAYOUT = """<mjml lang="{% block lang %}en{% endblock %}">
<mj-head><mj-title>{% block subject %}{% endblock %}</mj-title></mj-head>
<mj-body>{% block html %}{% endblock %}
<mj-section><mj-column><mj-text><a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text></mj-column></mj-section>
</mj-body></mjml>
"""
HELLO = """---
topic: news
---
{% extends "layouts/base" %}
{% block subject %}Hi {{ contact.first_name }} <you>{% endblock %}
{% block preheader %}Two < three{% endblock %}
{% block html %}
<mj-section><mj-column>
<mj-image src="files/logo.png" alt="{{ contact.first_name }}" />
{% if 1 < 2 %}<mj-text>Hello {{ contact.first_name }}&nbsp;&amp; co</mj-text>{% endif %}
<mj-button href="https://acme.example/?a=1&amp;b={{ contact.first_name|urlencode }}">Go</mj-button>
</mj-column></mj-section>
{% endblock %}
"""
SOURCES = {"email/layouts/base.mjml": LAYOUT, "email/welcome/hello.mjml": HELLO, "files/logo.png": ""}


def written(first_name: str, sources: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    context = {"contact": {"first_name": first_name, **more}, "unsubscribe_url": "https://acme.example/u/T"}
    return Press(sources or SOURCES, 2_000_000).render("email", "welcome/hello", None, context)


def section(inner: str) -> str:
    return f"<mj-section><mj-column>{inner}</mj-column></mj-section>"


def said(body: str) -> list[tuple[int, str]]:
    head = "---\nclass: service\n---\n{% block subject %}a < b{% endblock %}\n"
    text = f"{head}{{% block html %}}{body}{{% endblock %}}"
    return [(each.line, each.what) for each in Library({"email/welcome/hello.mjml": text}).problems()]


def test_a_message_in_mjml_becomes_a_page_with_all_parts() -> None:
    parts = written("Ann")

    assert parts["subject"] == "Hi Ann <you>"
    assert parts["html"].lower().startswith("<!doctype html>")
    assert "<mj-" not in parts["html"]
    assert "<title>Hi Ann &lt;you&gt;</title>" in parts["html"]
    assert '<img alt="Ann"' in parts["html"]
    assert "Hello Ann&nbsp;&amp; co" in parts["html"]
    assert 'href="https://acme.example/?a=1&amp;b=Ann"' in parts["html"]
    assert "Two &lt; three</div>" in parts["html"]
    assert parts["text"].split("\n\n") == [
        "Ann",
        "Hello Ann\xa0& co",
        "Go (https://acme.example/?a=1&b=Ann)",
        "Unsubscribe (https://acme.example/u/T)",
    ]
    assert parts["pictures"] == ["files/logo.png"]


@pytest.mark.parametrize(
    "name",
    [
        "<mj-raw><script>alert(1)</script></mj-raw>",
        '"><script>alert(1)</script>',
        "' onerror='alert(1)",
        "&#34; onerror=&#34;alert(1)",
        "&lt;/mj-text&gt;&lt;mj-raw&gt;&lt;script&gt;",
        "--><script>alert(1)</script><!--",
        "]]></mj-text>",
        "{{ 7*7 }}{% include 'layouts/base' %}",
        "\ue0f0lt;script\ue0f0gt;",
    ],
)
def test_nothing_a_contact_wrote_becomes_a_tag(name: str) -> None:
    page = written(name)["html"]
    tame = written("tame")["html"]

    assert re.findall(r"<[a-zA-Z/!][^\s>]*", page) == re.findall(r"<[a-zA-Z/!][^\s>]*", tame)
    assert re.findall(r'\s[a-z]+="', page) == re.findall(r'\s[a-z]+="', tame)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
@example("👩\u200d💻 \\ \u00ad soft \u202e back\\n ꙮ26ꙮ &amp; \x00\x1f e\u0301")
def test_what_a_contact_wrote_is_shown_as_it_was_written(name: str) -> None:
    page = written(f"-{name}-")["html"]
    shown = re.search(r'<img alt="([^"]*)"', page)

    assert shown
    assert as_read(shown[1]) == as_read(str(escape(f"-{name}-")))
    assert as_read(str(escape(f"Hello -{name}-"))) in as_read(page)


def as_read(html: str) -> str:
    return re.sub(r"[\n\r\t]+", " ", unescape(html))


def test_a_whole_document_and_bare_sections_are_both_fine() -> None:
    inner = section("<mj-text>Hello</mj-text>")
    bare = "{% block subject %}Hi{% endblock %}{% block html %}" + inner + "{% endblock %}"
    whole = bare.replace(inner, f"<mjml><mj-body>{inner}</mj-body></mjml>")

    pages = [written("Ann", {"email/welcome/hello.mjml": each})["html"] for each in (bare, whole)]

    assert pages[0] == pages[1]


def test_a_german_variant_may_stand_in_mjml_beside_html() -> None:
    block = "{% block subject %}Hi{% endblock %}{% block html %}"
    sources = {
        "email/welcome/hello.html": block + "<p>Hello{% endblock %}",
        "email/welcome/hello.de.mjml": block + section("<mj-text>Hallo</mj-text>") + "{% endblock %}",
    }

    parts = [Press(sources, 99_999).render("email", "welcome/hello", tag, {}) for tag in ("en", "de-AT")]

    assert [each["text"] for each in parts] == ["Hello", "Hallo"]


def test_links_are_judged_as_in_html() -> None:
    hello = HELLO.replace("https://acme.example/?a=1&amp;b=", "javascript:")

    with pytest.raises(UnfitLink):
        written("Ann", SOURCES | {"email/welcome/hello.mjml": hello})


def test_a_picture_that_is_not_published_is_missed() -> None:
    with pytest.raises(NotThere, match=r"no picture templates/files/logo.png"):
        written("Ann", {path: text for path, text in SOURCES.items() if path != "files/logo.png"})


@pytest.mark.parametrize(
    "text", ["<mj-text>a", "<mj-include path='/etc/passwd' />", "<mj-text><a href=x>y</a></mj-text>", "</mjml>"]
)
def test_what_cannot_be_compiled_says_where(text: str) -> None:
    with pytest.raises(NotMjml, match=r"^this is no MJML \(.*; close every tag, and put values into quotes$"):
        compile_mjml(text, 1_000_000)


def test_nothing_is_read_from_elsewhere() -> None:
    head = "<mj-head><mj-font name='A' href='https://fonts.example/a.css' /></mj-head>"
    body = section("<mj-text font-family='Ubuntu'>a</mj-text>")

    page = compile_mjml(f"<mjml><mj-head></mj-head><mj-body>{body}</mj-body></mjml>", 99_999)

    assert "googleapis" not in page
    assert "@import" not in page
    assert [what for _, what in said(f"<mjml>{head}<mj-body>{body}</mj-body></mjml>")] == [
        "<mj-font> is not read here; nothing is loaded from elsewhere; name a font that readers have, such as Arial"
    ]


def test_sound_mjml_has_no_problem() -> None:
    assert Library(SOURCES).problems() == []


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("\n\n<mj-foo>x</mj-foo>", (7, "there is no tag <mj-foo>; did you mean <mj-hero>?")),
        ("\n<mj-txt>x</mj-txt>", (6, "there is no tag <mj-txt>; did you mean <mj-text>?")),
        ("\n<mj-include path='x' />", (6, "<mj-include> is not read here; nothing is read from elsewhere")),
        ("\n<mj-column>\n<mj-text>a\n</mj-column>", (7, "<mj-text> has no end; write </mj-text> behind it")),
        ("\n<mj-text>1 < 2</mj-text>", (6, "this '<' begins no tag; write &lt; for the sign")),
        ("\n<mj-text>\n<a href=x>y</a></mj-text>", (7, 'the value of href has no quotes; write href="…"')),
        (
            "<mj-column>\n<p>a</p></mj-column>",
            (6, "<p> is HTML, and stands inside <mj-column> (line 5); put it into <mj"),
        ),
        ("<mj-section><mj-text>a</mj-text></mj-section>", (5, "<mj-text> stands inside <mj-section> (line 5); put it")),
        (
            "<mj-text><mj-button>a</mj-button></mj-text>",
            (5, "<mj-button> stands inside <mj-text> (line 5), which holds"),
        ),
        ("\n</mj-text>", (6, "</mj-text> ends nothing; delete it")),
        ("<mj-text>a<br></br></mj-text>", (5, "<br> has no end; write <br> alone")),
        ("<mj-text><li>a<li>b</mj-text>", (5, "<li> has no end; write </li> behind it")),
        ('\n<mj-image src="files/x.png" />', (6, "there is no file templates/files/x.png; put it there")),
        (
            '<mj-raw>\n<link rel="stylesheet" href="https://x.example/"></mj-raw>',
            (6, "a style sheet from elsewhere is"),
        ),
    ],
)
def test_check_says_what_the_compiler_passes_over(body: str, what: tuple[int, str]) -> None:
    found = said(body)

    assert any(line == what[0] and each.startswith(what[1]) for line, each in found), found


@pytest.mark.parametrize(
    "body",
    [
        section("{% if a_thing is defined and 1 < 2 %}<mj-text>{{ contact.city|fallback('<') }}</mj-text>{% endif %}"),
        section("<!-- <mj-foo> --><mj-table><tr><td>a</td></tr></mj-table><mj-divider />"),
        "{% for one in run.event.items %}" + section('<mj-image src="{{ one.picture }}" alt=""/>') + "{% endfor %}",
        "<mjml><mj-head><mj-style>a > b{}</mj-style><mj-attributes><mj-all font-family='Arial'/><mj-class name='x' "
        "color='red'/><mj-text padding='0'/></mj-attributes></mj-head><mj-body></mj-body></mjml>",
    ],
)
def test_what_is_right_is_let_be(body: str) -> None:
    assert [each for each in said(body) if "a_thing" not in each[1]] == []
