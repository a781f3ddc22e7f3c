"""Reading and checking templates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendering.template import Front, Known, Library, NoTemplate, TemplateProblem, parse_template

LAYOUT = '<html><body>{% block html %}{% endblock %}<a href="{{ unsubscribe_url }}">Leave</a></body></html>'
HELLO = "{% extends 'layouts/base' %}{% block subject %}Hi{% endblock %}{% block html %}<p>Hi</p>{% endblock %}"


def problems(body: str, path: str = "email/welcome/hello.html", **more: str) -> list[str]:
    library = Library({"email/layouts/base.html": LAYOUT, path: body, **more})
    return [f"{one.path}:{one.line}: {one.what}" for one in library.problems()]


def in_html(body: str) -> str:
    return HELLO.replace("<p>Hi</p>", f"\n{body}\n")


def test_front_matter_says_class_topic_sender_and_pin() -> None:
    text = "---\nclass: service\ntopic: care\nsender: owner\npin: entry\n---\nbody"

    template = parse_template("email/welcome/hello.html", text)

    assert template.front == Front(class_="service", topic="care", sender="owner", pin="entry")
    assert (template.body, template.offset) == ("body", 6)


def test_a_template_that_says_nothing_is_marketing() -> None:
    front = Library({"email/welcome/hello.html": HELLO}).find("email", "welcome/hello").front

    assert front is not None
    assert front.class_ == "marketing"


@pytest.mark.parametrize(
    ("front", "line", "says"),
    [
        ("clas: service", 2, "did you mean 'class'?"),
        ("class: service\nclass: service", 3, "twice"),
        ("topic: NO\nclass: servic", 3, "marketing, service or transactional"),
        ("class: [", 3, "not YAML"),
        ("- class", 2, "not a list of keys"),
        ("topic: {a: b}", 2, "is not a word"),
        ("topic: ", 2, "not a topic"),
        ("[" * 3_000, 2, "not YAML"),
        ("x: " + "y" * 5_000, 2, "longer than"),
    ],
)
def test_bad_front_matter_is_named_with_its_line(front: str, line: int, says: str) -> None:
    with pytest.raises(TemplateProblem, match=says) as problem:
        parse_template("email/welcome/hello.html", f"---\n{front}\n---\n")

    assert problem.value.line == line


def test_front_matter_that_does_not_end_is_a_problem() -> None:
    with pytest.raises(TemplateProblem, match="not closed"):
        parse_template("email/welcome/hello.html", "---\nclass: service\n")


@pytest.mark.parametrize(
    "path", ["hello.html", "email/hello.html", "email/../x/y.html", "email/a/b.exe", "files/a/b.html"]
)
def test_a_path_that_names_no_template_is_refused(path: str) -> None:
    with pytest.raises(TemplateProblem):
        parse_template(path, "")


@given(st.text(max_size=300))
def test_whatever_the_text_only_problems_are_raised(text: str) -> None:
    for body in (text, f"---\n{text}\n---\n"):
        Library({"email/welcome/hello.html": body}).problems()


def test_a_reader_gets_the_nearest_language() -> None:
    library = Library({f"email/welcome/hello{tag}.html": HELLO for tag in ("", ".de", ".de-AT", ".pt-BR")})

    chosen = [library.find("email", "welcome/hello", tag).locale for tag in ("de-AT", "de_ch", "pt", "fr", None, "x!")]

    assert chosen == ["de-AT", "de", None, None, None, None]


def test_a_variant_without_front_matter_has_the_default_variants() -> None:
    service = f"---\nclass: service\n---\n{HELLO}"
    library = Library({"email/welcome/hello.html": service, "email/welcome/hello.de.html": HELLO})

    front = library.find("email", "welcome/hello", "de").front

    assert front is not None
    assert front.class_ == "service"


def test_an_unknown_template_is_answered_with_what_there_is() -> None:
    library = Library({"email/welcome/hello.html": HELLO, "email/welcome/nudge.html": HELLO})

    with pytest.raises(
        NoTemplate, match=r"'welcome/nugde' does not exist; templates/email/welcome/ has hello, nudge"
    ) as error:
        library.find("email", "welcome/nugde")

    assert error.value.nearest[0] == "welcome/nudge"


def test_layouts_are_not_names_that_can_be_sent() -> None:
    library = Library({"email/layouts/base.html": LAYOUT, "email/welcome/hello.html": HELLO, "sms/a/b.txt": "Hi"})

    assert (library.names("email"), library.names("sms"), library.channels()) == (
        ["welcome/hello"],
        ["a/b"],
        ["email", "sms"],
    )


def test_a_good_template_has_no_problems() -> None:
    body = in_html(
        "{% for o in run.event.lines %}{{ loop.index }} {{ o.name|upper }}{% endfor %}"
        "{% macro m(x) %}{{ x.y }}{% endmacro %}{{ m(contact) }}{{ super() }}"
        "{{ contact['first_name']|fallback('you') }}{% set z = contact.score %}{{ z|number }}"
    )

    assert problems(body) == []


def test_a_block_whose_name_is_mistyped_is_one_mistake() -> None:
    body = "{% block subject %}x{% endblock %}\n{% block htm %}{{ unsubscribe_url }}{% endblock %}"

    assert problems(body) == [
        "email/welcome/hello.html:2: there is no block 'htm', and 'html' is missing; did you mean 'html'?"
    ]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{{ contact.frist_name }}", ":2: contact.frist_name does not exist; did you mean 'contact.first_name'?"),
        ("{{ contact['frist_name'] }}", ":2: contact.frist_name does not exist"),
        ("{{ customer.name|fallback('x') }}", ":2: customer does not exist"),
        ("{% if contact.vip %}x{% endif %}", ":2: contact.vip does not exist"),
        ("{{ contact.score|moeny }}", ":2: there is no filter 'moeny'; did you mean 'money'?"),
        ("{{ 'a'|center(10**9) }}", ":2: there is no filter 'center'"),
        ("{% if contact.score is evn %}{% endif %}", ":2: there is no test 'evn'; did you mean 'even'?"),
        ("{% include 'parts/footer' %}", ":2: template 'parts/footer' does not exist"),
        ("{% include contact.email %}", ":2: the name of another template is computed"),
        ("{% autoescape false %}{{ contact.score }}{% endautoescape %}", ":2: 'autoescape' would make tags of what"),
        ("<a\nhref={{ contact.email }}>x</a>", ":2: the value of href has no quotes"),
        ("{{ range(3) }}", ":2: range() cannot be called"),
        ("{{ contact.delete() }}", ":2: contact.delete() cannot be called"),
        ("{% if %}", ":2: Expected an expression"),
        ("{% block a %}{% endblock %}{% block a %}{% endblock %}", ":2: block 'a' stands here twice"),
        ("{{ " + "9" * 5_000 + " }}", ":1: a number is too long"),
        ("{{ " + "1+" * 5_000 + "1 }}", ":1: an expression is nested too deeply"),
        ("{{ " + "(" * 5_000 + " }}", ":1: an expression is nested too deeply"),
    ],
)
def test_each_static_problem_is_found_with_its_line(body: str, says: str) -> None:
    found = problems(in_html(body))

    assert len(found) == 1
    assert f"email/welcome/hello.html{says}" in found[0]


def test_lines_are_counted_in_the_file_not_in_the_body() -> None:
    text = "---\nclass: service\n---\n" + HELLO.replace("<p>Hi</p>", "\n{{ contact.nmae }}")

    assert problems(text)[0].startswith("email/welcome/hello.html:5:")


def test_arithmetic_is_not_run_while_checking() -> None:
    assert problems(in_html("{{ 9**(9**9) }}{{ 'a' * 10**9 }}")) == []


def test_an_email_needs_a_subject_and_a_body() -> None:
    found = problems("---\nclass: service\n---\n<p>Hi</p>")

    assert [one.split(": ")[1].split(";")[0] for one in found] == [
        "the block 'html' is missing",
        "the block 'subject' is missing",
    ]


def test_own_fields_of_contacts_and_more_names_can_be_declared() -> None:
    library = Library(
        {"email/layouts/base.html": LAYOUT, "email/a/b.html": in_html("{{ contact.vip }}{{ voucher.code }}")}
    )

    assert library.problems(Known.of(["vip"], {"voucher": None})) == []
    assert len(library.problems(Known())) == 2


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"email/a/b.html": HELLO.replace("{% extends 'layouts/base' %}", "")}, "without an unsubscribe link"),
        ({"email/a/b.html": HELLO + "{% block text %}Hi{% endblock %}"}, "the block 'text' has no unsubscribe link"),
        ({"email/a/b.html": HELLO, "email/a/b.txt": "Hi"}, "email/a/b.txt has no unsubscribe link"),
    ],
)
def test_marketing_without_a_way_out_is_a_problem(files: dict[str, str], says: str) -> None:
    found = Library({"email/layouts/base.html": LAYOUT, **files}).problems()

    assert len(found) == 1
    assert says in found[0].what


def test_service_messages_need_no_way_out() -> None:
    body = HELLO.replace("{% extends 'layouts/base' %}", "")

    assert problems(f"---\nclass: service\n---\n{body}") == []


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"email/a/b.de.html": HELLO}, "there is no variant for all other languages"),
        (
            {"email/a/b.html": HELLO, "email/a/b.de.html": f"---\nclass: service\n---\n{HELLO}"},
            "is service, the default variant marketing",
        ),
        (
            {"email/a/b.html": HELLO, "email/a/b.txt": "---\nclass: service\n---\n{{ unsubscribe_url }}"},
            "has front matter",
        ),
        (
            {"email/a/b.html": HELLO, "email/a/b.de.txt": "{{ unsubscribe_url }}{% block subject %}{% endblock %}"},
            "a text part without its message",
        ),
    ],
)
def test_files_of_one_name_must_agree(files: dict[str, str], says: str) -> None:
    found = Library({"email/layouts/base.html": LAYOUT, **files}).problems()

    assert [says in one.what for one in found] == [True]


def test_messages_to_staff_lie_in_one_folder_and_need_no_way_out() -> None:
    page = "{% block subject %}Call{% endblock %}{% block html %}<p>{{ contact.email }}</p>{% endblock %}"
    library = Library({"staff/lead-cold.html": page, "staff/layouts/page.html": "<p>{% block html %}{% endblock %}"})

    assert library.problems() == []
    assert library.names("staff") == ["lead-cold"]
    assert Library({"email/lead-cold.html": page}).names("email") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{% block subject %}Call{% endblock %}", "the block 'html' is missing"),
        ("{% block subject %}{{ topic.label }}{% endblock %}{% block html %}x{% endblock %}", "topic does not exist"),
    ],
)
def test_a_message_to_staff_is_checked_as_any_other(text: str, says: str) -> None:
    [problem] = Library({"staff/lead-cold.html": text}).problems()

    assert says in problem.what
