"""Links are replaced at their place; every other byte of a message stays."""

import re
import time
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendering.links import Page, replace_in_text

OURS = "https://go.example/l/TOKEN"
URL = "https://acme.example/x"


def ours(url: str) -> str | None:
    return OURS if url.startswith("http") else None


def rewritten(html: str) -> str:
    return Page(html).rewritten(ours)


@pytest.mark.parametrize(
    ("html", "after"),
    [
        (f'<a href="{URL}">{URL}</a>', f'<a href="{OURS}">{URL}</a>'),
        (f"<a href='{URL}' class=b>x</a>", f"<a href='{OURS}' class=b>x</a>"),
        (f"<A class=b HREF={URL}>x</A>", f"<A class=b HREF={OURS}>x</A>"),
        (f'<a title=\'href="{URL}"\' href = "{URL}">x', f'<a title=\'href="{URL}"\' href = "{OURS}">x'),
        (f'<a data-href="{URL}" href="{URL}">x', f'<a data-href="{URL}" href="{OURS}">x'),
        (f'<a href="{URL}" href="https://b.example/">x', f'<a href="{OURS}" href="https://b.example/">x'),
        (f'<a\n\n href="{URL}"\n>x</a\n><area href={URL}>', f'<a\n\n href="{OURS}"\n>x</a\n><area href={OURS}>'),
        ('ü\n<p>é</p>\n <a href="https://acme.example/?a=1&amp;b=2">x', f'ü\n<p>é</p>\n <a href="{OURS}">x'),
    ],
)
def test_an_address_is_replaced_where_it_stands(html: str, after: str) -> None:
    assert rewritten(html) == after


@pytest.mark.parametrize(
    "html",
    [
        '<a href="mailto:x@acme.example">x</a><a href="tel:+49">y</a><a href="#top">z</a><a name=x>w</a><a href>v</a>',
        f'<a href="{URL}" data-track="off">x</a><a href="{URL}" data-track=OFF>y</a>',
        f'<!-- <a href="{URL}">x</a> -->',
        f'<style>a[href="{URL}"] {{ color: red }}</style><script>"<a href=\'{URL}\'>"</script>',
        f'<img src="{URL}" alt="<a href=\'{URL}\'>"><link href="{URL}">',
        f'a &lt;a href="{URL}"&gt; < a href="{URL}">',
        f'<a href="{URL}',
    ],
)
def test_what_is_no_link_to_follow_or_is_marked_stays(html: str) -> None:
    assert rewritten(html) == html


def test_what_is_decoded_is_what_is_asked_for() -> None:
    asked: list[str] = []
    Page('<a href="https://a.example/?x=1&amp;y=&quot;2&#34;&copy=3&sect">x').rewritten(lambda url: asked.append(url))

    assert asked == ['https://a.example/?x=1&y="2"&copy=3§'], "as browsers read it"


def test_the_trap_stands_first_and_the_picture_last_and_nobody_sees_either() -> None:
    html = '<!doctype html><html><BODY class="a > b">Hello<p>you</p></BODY></html>'

    after = Page(html).rewritten(ours, "https://go.example/l/TRAP", "https://go.example/o/P.gif")

    trap, picture = re.findall(r"<a [^>]*TRAP[^>]*></a>|<img [^>]*>", after)
    assert after == html.replace("Hello", trap + "Hello").replace("</BODY>", picture + "</BODY>")
    assert 'aria-hidden="true"' in trap
    assert 'tabindex="-1"' in trap
    assert "display:none" in trap
    assert 'alt=""' in picture


def test_a_page_without_a_body_gets_them_where_they_do_no_harm() -> None:
    assert Page("<p>x</p>").rewritten(ours, "https://t.example/").endswith("</a><p>x</p>")
    assert Page("<!doctype html><p>x</p>").rewritten(ours, "https://t.example/") == "<!doctype html><p>x</p>"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"See {URL}.", f"See {OURS}."),
        (f"tips ({URL}), and {URL}_(1)!", f"tips ({OURS}), and {OURS}!"),
        (f"<{URL}>\n\n[{URL}]", f"<{OURS}>\n\n[{OURS}]"),
        ("mailto:x@acme.example www.acme.example", "mailto:x@acme.example www.acme.example"),
    ],
)
def test_in_a_text_an_address_ends_where_its_sentence_goes_on(text: str, after: str) -> None:
    assert replace_in_text(text, ours) == after


@pytest.mark.parametrize("behind", [")", ")]", ").,", "}", "."])
def test_a_text_made_to_keep_us_busy_does_not(behind: str) -> None:
    began = time.process_time()

    assert replace_in_text(f"{URL}{behind * 200_000}", ours) == f"{OURS}{behind * 200_000}"
    assert time.process_time() - began < 2


class _Seen(HTMLParser):
    """What a reader sees of a page: its tags without the links' addresses, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.seen: list[object] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        others = [(name, value) for name, value in attrs if name != "href" or tag not in ("a", "area")]
        self.seen.append((tag, others, len(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(tag)

    def handle_data(self, data: str) -> None:
        self.seen.append(data)

    def handle_entityref(self, name: str) -> None:
        self.seen.append(name)

    def handle_charref(self, name: str) -> None:
        self.seen.append(name)

    def handle_comment(self, data: str) -> None:
        self.seen.append(data)


PIECES = st.sampled_from(
    [
        f'<a href="{URL}">', f"<a href='{URL}?a=1&amp;b=2'>", f"<a href={URL}>", "</a>", "<p>", "</p>", "<!--", "-->",
        "<", ">", '"', "'", "=", "href=", " ", "\n", "&amp;", "&lt;", "text", "ü", "<style>", "</style>", "<script>",
        "</script>", "<a ", f'<area href="{URL}"/>', '<img alt="', "<body>", "</body>", "/", URL, "data-track=off ",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join))
def test_whatever_is_written_only_addresses_of_links_change(html: str) -> None:
    # Ours has the same letters throughout, so that nothing that is read can depend on where it stands.
    after = rewritten(html)

    assert _Seen(after).seen == _Seen(html).seen
    assert after.replace(OURS, "") in _without(html) or after == html


def _without(html: str) -> set[str]:
    """Every page that is left when some of its addresses are cut out."""
    left = {""}
    for piece in re.split(rf"({re.escape(URL)}[^\s\"'<>]*)", html):
        both = {"", piece} if piece.startswith(URL) else {piece}
        left = {before + each for before in left for each in both}
    return left | {unescape(each) for each in left}


@given(st.lists(st.sampled_from([URL, "(", ")", ".", " ", "\n", "text", "<", ">", "https://", "ü", '"']), max_size=12))
def test_whatever_is_written_in_a_text_only_addresses_change(pieces: list[str]) -> None:
    text = "".join(pieces)

    assert re.sub(r"https?://\S*|[().]", "", replace_in_text(text, lambda url: None)) == re.sub(
        r"https?://\S*|[().]", "", text
    )
    assert replace_in_text(text, lambda url: url) == text
