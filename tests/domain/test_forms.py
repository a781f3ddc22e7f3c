"""What answers mean: fields, consent, event; and what no answer can do."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.answers import clean_line, clean_text, clean_tree, is_yes, read_address, read_country
from domain.forms import ConsentGiven, FormMapping, NotThatForm, Submission, read_answers

DEMO = FormMapping.model_validate(
    {
        "fields": {"email": "mail", "first_name": "first", "company": "firm", "country": "land", "size": "size"},
        "consent": [{"topic": "product-news", "answer": "news", "wording": "Yes, write to me."}],
        "event": {"plan": "plan", "seats": "seats", "message": "message"},
    },
    extra="forbid",
)
CONTROL_OR_TURNING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
# Of two names that differ only by what cannot be stored, the inbox keeps one: no form calls its answers so.
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
any_answers = st.dictionaries(
    st.sampled_from(["mail", "first", "firm", "land", "size", "news", "plan", "seats", "message", "other"]),
    st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)),
)


def demo(**answers: object) -> Submission:
    return read_answers(DEMO, {"mail": "ann@acme.example"} | answers)


def refusal(tree: object) -> str:
    with pytest.raises(ValidationError) as refused:
        FormMapping.model_validate(tree, extra="forbid")
    return str(refused.value)


def test_answers_become_fields_of_the_contact() -> None:
    fields = demo(mail=" Ann@Acme.EXAMPLE ", first="  Ann\t", firm="Acme", land="de", size=40.0).fields

    assert fields == {
        "email": "ann@acme.example",
        "first_name": "Ann",
        "company": "Acme",
        "country": "DE",
        "size": "40",
    }


def test_an_answer_left_empty_is_no_field() -> None:
    assert demo(first="", firm=None, land="  ", plan="").model_dump() == {
        "fields": {"email": "ann@acme.example"},
        "consents": [],
        "event": {},
    }


def test_what_the_form_file_does_not_name_is_not_kept() -> None:
    assert "secret" not in demo(diagnosis="secret").model_dump_json()


def test_consent_is_given_by_a_yes_in_the_words_that_were_shown() -> None:
    given_now = [ConsentGiven(topic="product-news", channel="email", wording="Yes, write to me.")]

    assert demo(news=True).consents == given_now
    assert demo(news="on").consents == given_now


@pytest.mark.parametrize("answer", [False, "", "no", "off", "0", 0, None, [], {}, "yes if you must", {"yes": True}])
def test_anything_but_a_yes_gives_no_consent(answer: object) -> None:
    assert demo(news=answer).consents == []


def test_a_form_may_name_other_answers_that_mean_yes() -> None:
    assert is_yes(["Gerne, schreibt mir"], also=["gerne, schreibt mir"])
    assert not is_yes("Lieber nicht", also=["gerne, schreibt mir"])


def test_the_event_keeps_numbers_truth_and_line_breaks() -> None:
    event = demo(plan=["pro", "team"], seats=12, message="It broke.\r\nTwice.\0").event

    assert event == {"plan": ["pro", "team"], "seats": 12, "message": "It broke.\nTwice."}


NOT_ADDRESSES: list[object] = [
    "",
    None,
    7,
    "ann",
    "ann@",
    "@acme.example",
    "a b@acme.example",
    "ann@acme",
    "x" * 1_000_000,
    "ann@acme.example\r\nBcc: x@y.example",
    "用户@例子.example",
    "ann@acme.test",
    "\ud800@acme.example",
    ["ann"],
    {"email": "ann@acme.example"},
]


@pytest.mark.parametrize("address", NOT_ADDRESSES, ids=lambda address: repr(address)[:30])
def test_without_an_address_to_write_to_there_is_no_submission(address: object) -> None:
    with pytest.raises(NotThatForm, match=r"; |Check"):
        demo(mail=address)


def test_an_address_in_another_alphabet_is_kept_in_its_ascii_form() -> None:
    assert read_address("Ann@Käse.example") == "ann@xn--kse-qla.example"


def test_nobody_is_refused_for_an_odd_name() -> None:
    names = {
        "O\u2019Brien-Núñez": "O’Brien-Núñez",
        "Bj\u0061\u030arn": "Bjårn",
        "\u202eevil\u202c\0\r\n  Bob": "evil Bob",
        "محمد\u200cرضا": "محمد\u200cرضا",
        "👩\u200d🔬": "👩\u200d🔬",
        "Robert'); DROP TABLE contact;--": "Robert'); DROP TABLE contact;--",
        "{{ 7*7 }}": "{{ 7*7 }}",
        "x" * 1_000_000: "x" * 200,
    }
    assert {name: demo(first=name).fields["first_name"] for name in names} == names


def test_a_country_is_two_letters_or_nothing() -> None:
    countries = [read_country(name) for name in ("se", "Sweden", "Schweden", "The Netherlands", "UK", "Narnia", "")]

    assert countries == ["SE", "SE", "SE", "NL", "GB", None, None]


def test_a_form_file_without_an_address_is_refused_with_the_way_out() -> None:
    assert "fields has no email; say which answer" in refusal({"fields": {"first_name": "name"}})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"thankyou": "https://a.example"}, "thankyou"),
        ({"thank_you": "javascript:alert(1)"}, "is not the address of a page"),
        ({"thank_you": "https://a.example/\r\nSet-Cookie: x"}, "is not the address of a page"),
        ({"fields": {"email": "mail", "First Name": "x"}}, "'First Name' is not a name"),
        ({"event": {"site": "website"}}, "taken for a robot"),
        ({"consent": [{"topic": "news", "answer": "a", "wording": " "}]}, "as proof of what was agreed"),
        ({"consent": [{"topic": "news", "answer": "a", "wording": "w", "yess": []}]}, "yess"),
        ({"most_bytes": "10000000000"}, "less than or equal"),
    ],
)
def test_a_mistake_in_a_form_file_is_named(changed: dict[str, object], said: str) -> None:
    assert said in refusal({"fields": {"email": "mail"}} | changed)


def test_a_form_file_may_be_all_text_as_its_loader_reads_it() -> None:
    form = FormMapping.model_validate({"fields": {"email": "mail"}, "complaint": "true", "most_bytes": "2048"})

    assert (form.complaint, form.most_bytes) == (True, 2048)


@given(any_answers)
def test_reading_is_the_same_before_and_after_the_inbox(answers: dict[str, object]) -> None:
    answers = {"mail": "ann@acme.example"} | {key: each for key, each in answers.items() if key != "mail"}

    first = read_answers(DEMO, answers)

    assert read_answers(DEMO, clean_tree(answers)) == first  # type: ignore[arg-type]
    assert not any(CONTROL_OR_TURNING.search(value) or len(value) > 200 for value in first.fields.values())


@given(st.text(st.characters(), max_size=300))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    for clean in (clean_line, clean_text):
        once = clean(text)
        assert clean(once) == once
        assert once == unicodedata.normalize("NFC", once)


@given(st.text(st.characters(), max_size=80))
def test_an_address_is_read_or_refused_and_reading_it_again_changes_nothing(text: str) -> None:
    try:
        address = read_address(text)
    except ValueError:
        return
    assert read_address(address) == address
    assert address.isascii()
