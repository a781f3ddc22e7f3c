"""From template and context to subject, preheader, HTML and text."""

import datetime as dt
import socket
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jinja2.exceptions import SecurityError

from rendering.parts import NotThere, Press, TooBig
from rendering.plain import UnfitLink, check_link, read_html
from rendering.sandbox import HoleFound

HTML = "{% block subject %}S{% endblock %}{% block html %}BODY{% endblock %}"
CONTEXT: dict[str, Any] = {
    "contact": {"first_name": "Ann & Bo", "company": " ", "since": dt.date(2026, 3, 1), "time_zone": "Asia/Tokyo"},
    "organisation": {"locale": "en", "name": "Acme"},
    "total": Decimal("1234.5"),
    "now": dt.datetime(2026, 3, 28, 22, 30, tzinfo=dt.UTC),
    "gaps": [None],
    "lines": [{"name": "a", "price": 1}, {"name": "b"}],
}


def parts(
    sources: dict[str, str], name: str = "a/b", locale: str | None = None, channel: str = "email"
) -> dict[str, Any]:
    return Press(sources, output=100_000).render(channel, name, locale, CONTEXT)


def shown(expression: str, locale: str | None = None) -> str:
    html = parts({"email/a/b.html": HTML.replace("BODY", expression)}, locale=locale)["html"]
    assert isinstance(html, str)
    return html


def test_html_is_escaped_and_subject_and_text_are_not() -> None:
    body = "".join(
        f"{{% block {part} %}}{{{{ contact.first_name }}}}{{% endblock %}}" for part in ("subject", "html", "text")
    )

    message = parts({"email/a/b.html": body})

    assert (message["subject"], message["html"], message["text"]) == ("Ann & Bo", "Ann &amp; Bo", "Ann & Bo")


def test_a_layout_surrounds_the_html_block_and_places_subject_and_preheader() -> None:
    head = "<html><title>{% block subject %}{% endblock %}</title>"
    layout = head + "<body>{% block html %}{% endblock %}<i>foot</i></body></html>"
    body = "{% extends 'layouts/base' %}{% block subject %}Hi{% endblock %}{% block html %}<p>Hello</p>{% endblock %}"

    message = parts({"email/layouts/base.html": layout, "email/a/b.html": body})

    assert message["html"] == "<html><title>Hi</title><body><p>Hello</p><i>foot</i></body></html>"
    assert message["text"] == "Hello\n\nfoot"


def test_a_preheader_the_layout_does_not_place_stands_unseen_before_the_page() -> None:
    message = parts({"email/a/b.html": HTML + "{% block preheader %}Look & see{% endblock %}"})

    assert message["preheader"] == "Look & see"
    assert message["html"].startswith('<div style="display:none')
    assert "Look &amp; see" in message["html"]
    assert message["text"] == "BODY"


def test_blocks_see_imports_and_sets_outside_of_blocks_and_call_super() -> None:
    layout = "{% block html %}[{% block inner %}base{% endblock %}]{% endblock %}"
    macros = "{% macro bold(x) %}<b>{{ x }}</b>{% endmacro %}"
    body = (
        "{% extends 'layouts/base' %}{% import 'parts/m' as m %}{% set who = 'you' %}"
        "{% block subject %}{{ who }}{% endblock %}{% block inner %}{{ super() }}{{ m.bold(who) }}{% endblock %}"
    )

    message = parts({"email/layouts/base.html": layout, "email/parts/m.html": macros, "email/a/b.html": body})

    assert (message["subject"], message["html"]) == ("you", "[base<b>you</b>]")


def test_a_text_file_beside_is_the_text_part() -> None:
    message = parts({"email/a/b.html": HTML, "email/a/b.txt": "Dear {{ contact.first_name }},\n\n\n\nbye\n"})

    assert message["text"] == "Dear Ann & Bo,\n\nbye"


def test_a_plain_text_template_has_no_html() -> None:
    message = parts({"sms/a/b.txt": "---\nclass: service\n---\nHi {{ contact.first_name }}"}, channel="sms")

    assert (message["text"], message["html"], message["subject"]) == ("Hi Ann & Bo", "", "")


def test_the_language_goes_from_region_to_language_to_default_and_takes_the_layout_along() -> None:
    sources = {
        "email/layouts/base.html": "en:{% block html %}{% endblock %}",
        "email/layouts/base.de.html": "de:{% block html %}{% endblock %}",
        "email/a/b.html": "{% extends 'layouts/base' %}{% block html %}hello {{ now|date }}{% endblock %}",
        "email/a/b.de.html": "{% extends 'layouts/base' %}{% block html %}hallo {{ now|date }}{% endblock %}",
    }

    assert parts(sources, locale="de-AT")["html"] == "de:hallo 29. März 2026"
    assert parts(sources, locale="de-AT")["locale"] == "de"
    assert parts(sources, locale="fr")["html"] == "en:hello March 29, 2026"
    assert parts(sources, locale="fr")["locale"] is None


@pytest.mark.parametrize(
    ("expression", "locale", "said"),
    [
        ("{{ contact.since|date }}", "en-GB", "1 March 2026"),
        ("{{ contact.since|date('EEEE') }}", None, "Sunday"),
        ("{{ now|date('short') }} {{ now|time('HH:mm') }}", None, "3/29/26 07:30"),
        ("{{ '2026-03-01'|date('medium') }}", None, "Mar 1, 2026"),
        ("{{ total|number }} {{ total|number(2) }}", None, "1,234.5 1,234.50"),
        ("{{ total|money('EUR') }}", None, "€1,234.50"),
        ("{{ contact.company|fallback('you') }}", None, "you"),
        ("{{ contact.nobody.knows|default('x') }}", None, "x"),
        ("{% if contact.company %}a{% else %}b{% endif %}", None, "b"),
        ("{% if contact.company is none and contact.x is undefined %}gone{% endif %}", None, "gone"),
        ("{{ 'a' + 'b' }}{{ 7 * 6 }}{{ total * 2 }}{{ 1.5 + total }}", None, "ab422469.01236.0"),
        ("{{ (now|date) ~ lines[0].name }}", None, "March 29, 2026a"),
        ("{% for l in lines %}{{ loop.index }}{{ loop.cycle('x', 'y') }}{% endfor %}", None, "1x2y"),
        ("{{ lines|map(attribute='name')|join(', ') }}", None, "a, b"),
        ("{{ 'x' if contact.company }}", None, ""),
        ("{{ contact.first_name[:3] }}", None, "Ann"),
    ],
)
def test_what_a_template_can_say(expression: str, locale: str | None, said: str) -> None:
    assert shown(expression, locale).replace("\u202f", " ") == said


@pytest.mark.parametrize(
    "expression",
    [
        "{{ contact.company }}",
        "{{ contact.nobody }}",
        "{{ contact.nobody.knows }}",
        "{{ nobody }}",
        "{{ contact.nobody|upper }}",
        "{{ contact.nobody|date }}",
        "{{ contact.nobody ~ 'x' }}",
        "{{ contact.nobody + 1 }}",
        "{{ contact.nobody > 1 }}",
        "{{ contact.nobody == 1 }}",
        "{% for x in contact.nobody %}{% endfor %}",
        "{{ lines[1].price }}",
        "{{ lines[7] }}",
        "{{ contact.first_name.upper }}",
        "{{ contact.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ contact['__class__'] }}",
        "{{ self.__init__ }}",
        "{{ lines|map(attribute='__class__')|list|first }}",
    ],
)
def test_a_hole_never_goes_out(expression: str) -> None:
    with pytest.raises(HoleFound):
        shown(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "{{ contact }}",
        "{{ lines }}",
        "{{ gaps[0] }}",
        "{{ 'a' * 3 }}",
        "{{ '%s' % 1 }}",
        "{{ [1] + [2] }}",
        "{{ 2 ** 65 }}",
        "{{ 9 ** (9 ** 9) }}",
        "{{ contact.first_name.upper() }}",
        "{{ contact.items() }}",
        "{{ range(3) }}",
        "{{ lipsum() }}",
        "{{ namespace() }}",
        "{{ (now - now) }}",
    ],
)
def test_what_is_not_for_templates_is_refused(expression: str) -> None:
    with pytest.raises(SecurityError):
        shown(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "{{ 'x'|date }}",
        "{{ 'x'|number }}",
        "{{ 1|money('EURO') }}",
        "{{ '1e999999'|number }}",
        "{{ 1|number(99) }}",
        "{{ now|date('y' * 1) }}",
    ],
)
def test_values_that_do_not_fit_a_filter_are_refused(expression: str) -> None:
    with pytest.raises((ValueError, SecurityError)):
        shown(expression)


def test_an_unknown_template_and_a_flood_are_errors() -> None:
    with pytest.raises(NotThere):
        parts({"email/a/b.html": HTML}, name="a/c")
    with pytest.raises(TooBig):
        shown("x" * 100_001)


def test_css_is_inlined_and_media_rules_stay() -> None:
    style = "<style>p{color:red} @media (max-width:9px){p{color:blue}}</style>"

    html = shown(f"<html><head>{style}</head><body><p>x</p></body></html>")

    assert '<p style="color: red;">x</p>' in html
    assert "@media" in html


def test_no_style_sheet_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    sheet = tmp_path / "a.css"
    sheet.write_text("p { color: red }")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        there = f"http://127.0.0.1:{server.getsockname()[1]}/a.css"
        linked = (
            f'<link rel="stylesheet" href="{there}"><style>@import url({there}); @import url({sheet.as_uri()});</style>'
        )

        html = shown(f"<html><head>{linked}<style>b{{top:0}}</style></head><body><p>x</p></body></html>")

        with pytest.raises(BlockingIOError):
            server.accept()
    assert "red" not in html
    local = f'<link rel="stylesheet" href="{sheet.as_uri()}"><style>b {{ top: 0 }}</style>'
    assert "red" not in shown(f"<html><head>{local}</head><body><p>x</p></body></html>")


@pytest.mark.parametrize(
    "url", ["https://a.example/?a=1", "http://a.example", "mailto:a@b.example", "tel:+49", "#top", "HTTPS://A.example"]
)
def test_good_links_go_out(url: str) -> None:
    check_link("href", url)


@pytest.mark.parametrize(
    "html",
    [
        '<a href="javascript:alert(1)">',
        '<a href="java&#10;script:alert(1)">',
        '<a href=" JavaScript:alert(1)">',
        '<a href="&#1;javascript:alert(1)">',
        "<img src='data:text/html,x'>",
        '<a href="//evil.example">',
        '<a href="/offers">',
        '<a href="">',
        "<a href>",
        '<form action="vbscript:x">',
        '<img srcset="https://a.example/x 1x, data:x 2x">',
        '<a href="https://">',
    ],
)
def test_other_links_do_not(html: str) -> None:
    with pytest.raises(UnfitLink):
        read_html(html)


def test_the_text_of_a_page_keeps_its_shape() -> None:
    page = """<html><head><title>no</title><style>no{}</style></head><body><div style="display: none">no<br><img></div>
      <h1>A   title</h1><p>One<br>two &amp; <b>three</b>
      <a href="https://x.example">https://x.example</a> <a href="mailto:a@b.example">a@b.example</a>
      <a href="https://q.example"><img src="https://i.example/x.png" alt="Logo"></a></p>
      <ul><li>one <ol><li>sub<li>sub two</ol></li><li><p>two</p></li></ul>
      <table><tr><td>A</td><td>B</td></tr><tr><td>C</td></tr></table><hr><pre>a\n  b</pre></body></html>"""

    assert read_html(page).split("\n") == [
        "A title",
        "",
        "One",
        "two & three https://x.example a@b.example Logo (https://q.example)",
        "",
        "- one",
        "  1. sub",
        "  2. sub two",
        "- two",
        "",
        "A  B",
        "C",
        "",
        "--------------------",
        "",
        "a",
        "  b",
    ]
