"""What `why` says of rows: situations and their sentences, without a database."""

import ast
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.consent import EXPIRED, NAMES
from domain.entry import PASSED
from domain.program import Program, Trigger
from domain.zones import Zone
from records.entry_models import WaitingEntry
from starter.telling import DEEDS, deed
from starter.why_answer import Question, answered
from starter.why_known import File, Known
from starter.why_rules import DOOR, GATE, way_out
from starter.why_said import Said, instant, of_messages, said
from starter.why_silence import SENT, Walk, never_in, nothing_sent

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ROOT = Path(__file__).parents[2]
POLICIES = "sha256:aaaabbbbccccdddd"
SUSPENDED = "suspended: case c-9 (S2), until it is released"
VOCABULARY = (
    "sent held deferred skipped waited matched timed_out took updated opened called started stopped notified exited"
    " refused unknown"
)


def row(did: str, why: list[str] | None = None, **more: Any) -> dict[str, Any]:
    about: dict[str, Any] = {"kind": "decision", "step_kind": "send", "step": "hello", "visit": 1, "asked": ""}
    about |= {"sequence": "welcome", "version": "sha256:1", "final": did not in ("deferred", "held"), "at": MONDAY}
    columns = [name for name in ("kind", "step", "at", "visit", "message") if name in more]
    own = {name: more.pop(name) for name in columns + (["asked"] if more.get("asked") == "when" else [])}
    return about | {"did": did, "why": why or [], "more": more} | own


def tell(*rows: dict[str, Any], **messages: Any) -> list[Said]:
    return said(rows, messages, BERLIN, "ann@acme.example")


def gate(question: str, answer: str) -> dict[str, Any]:
    return {"template": "welcome/hello", "policies": POLICIES, "asked": [["expired", "of use"], [question, answer]]}


SITUATIONS: list[tuple[dict[str, Any], str, str]] = [
    (row("entered", ["not suppressed"], kind="entry", step=None), "entered", "not suppressed"),
    (
        row("refused:again", ["not suppressed", "again: never, and was in it before"], kind="entry", step=None),
        "did not enter: again",
        "by `enter.again` of the sequence",
    ),
    (
        row("waits:consent", ["pending"], kind="entry", step=None, until="2026-03-05T09:00:00Z"),
        "waits to enter: consent, until Thu 05 Mar 2026 10:00 at most",
        "what lets it through: a yes to the sequence's topic",
    ),
    (row("sent", subject="Hi", template="welcome/hello"), "sent “Hi”", ""),
    (
        row("skipped", ["no consent: news is opted_out"], **gate("consent", "no consent: news is opted_out")),
        "not sent",
        "by `topics` of policies/messaging.yaml, and what the contact said (policies sha256:aaaabbbbcccc)",
    ),
    (
        row("skipped", ["no consent: news is opted_out"], **gate("consent", "no consent: news is opted_out")),
        "not sent",
        "asked: expired: of use · consent: no consent: news is opted_out",
    ),
    (
        row("deferred", [SUSPENDED], **gate("case", SUSPENDED)),
        "put off",
        "by a case of the contact that is not released (policies sha256:aaaabbbbcccc)",
    ),
    (
        row("deferred", ["contact paused"], **gate("hold", "contact paused")),
        "put off",
        "by the pause of this contact (policies sha256:aaaabbbbcccc)",
    ),
    (
        row("held", ["contact.plan is missing"], template="welcome/hello", until="2026-03-05T09:00:00Z"),
        "held back until Thu 05 Mar 10:00",
        "by the template: a value is missing",
    ),
    (
        row("took", ["score >= 60 is false"], arm="otherwise", read={"contact.score": 12, "contact.plan": None}),
        "took otherwise",
        "read: contact.score = 12, contact.plan = missing",
    ),
    (row("took", ["true"], asked="when"), "its 'when' is true", "true"),
    (row("skipped", ["score is 12"], asked="when"), "left out: its 'when' is not true", "score is 12"),
    (row("exited:bought", ["bought"], kind="end", step=None, reason="exited:bought"), "left: bought", "bought"),
    (row("retried", kind="retry", step=None), "put back where it had failed", ""),
]


@pytest.mark.parametrize(("given_row", "what", "because"), SITUATIONS)
def test_a_situation_has_its_sentence_its_rule_and_its_values(
    given_row: dict[str, Any], what: str, because: str
) -> None:
    (told,) = tell(given_row)

    assert told.what == what
    assert because == "" or because in told.because


def test_the_question_that_said_no_is_named_though_others_were_asked_behind_it() -> None:
    asked = [["suppression", "suppressed: complaint"], ["cap", "1 of 3"], ["throttle", "free"]]

    (told,) = tell(row("skipped", ["suppressed: complaint"], template="welcome/hello", asked=asked))

    assert "by the table of docs/consent.md, by the class of the template" in told.because


def test_a_way_out_names_what_a_command_needs() -> None:
    assert way_out(GATE["hold"], "welcome", "ann@acme.example").startswith("`rapport resume welcome ann@acme.example`")


def test_what_was_put_off_again_and_again_for_one_reason_is_said_once() -> None:
    night = ["quiet hours (night)"]
    first = row("deferred", night, **gate("quiet", night[0]))
    last = row("deferred", night, at=MONDAY + HOUR, times=14, **gate("quiet", night[0]))

    (told,) = tell(first, last)

    until = "from Mon 02 Mar 2026 10:00 (09:00 UTC) to Mon 02 Mar 2026 11:00 (10:00 UTC)"
    assert told.what == f"put off; asked 14 times {until}: quiet hours (night)"
    assert (told.first, told.last, told.times) == (MONDAY, MONDAY + HOUR, 14)


def test_the_same_reason_at_two_visits_is_told_twice() -> None:
    assert len(tell(row("deferred", ["cap"]), row("deferred", ["cap"], visit=2))) == 2


def test_the_door_stands_before_the_step_that_was_asked_in_the_same_second() -> None:
    door = row("entered", step=None, kind="entry", at=MONDAY + timedelta(milliseconds=308))

    told = tell(door, row("held", ["contact.city is missing"], at=MONDAY))

    assert [each.where for each in told] == ["at the door", "hello"]


def test_instants_are_on_the_contacts_clock_and_in_utc() -> None:
    assert instant(MONDAY, UTC) == "Mon 02 Mar 2026 09:00 UTC"
    assert instant(datetime(2026, 3, 1, 23, 30, tzinfo=UTC), BERLIN) == "Mon 02 Mar 2026 00:30 (Sun 01 Mar 23:30 UTC)"


LEDGER: dict[str, Any] = {"id": "m1", "state": "unknown", "subject": "Hi", "step": "hello", "unknown_at": MONDAY}


def test_a_message_of_unknown_fate_says_how_to_tell_it() -> None:
    (told,) = tell(row("unknown", ["the worker died"], message="m1", template="a"), m1=LEDGER)

    assert told.because[-1].endswith("; `rapport message settle m1` tells what became of it")


def test_a_message_that_no_decision_speaks_of_is_told_from_the_ledger() -> None:
    skipped = LEDGER | {
        "state": "skipped",
        "unknown_at": None,
        "skipped_at": MONDAY,
        "reason": "the run ended: converted",
    }

    (told,) = of_messages([skipped], BERLIN)

    assert told.what == "message skipped “Hi”"
    assert told.because[0].endswith(": the run ended: converted")


# --- laws ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(sorted(DEEDS - {""})), st.sampled_from("abc"), st.integers(1, 3))))
def test_every_row_stands_behind_exactly_one_sentence(drawn: list[tuple[str, str, int]]) -> None:
    rows = [row(did, [why], visit=visit, at=MONDAY + n * HOUR, id=n) for n, (did, why, visit) in enumerate(drawn)]

    told = tell(*rows)

    assert sorted(each["more"]["id"] for one in told for each in one.rows) == list(range(len(rows)))
    assert all(each.what for each in told)
    assert [each.last for each in told] == sorted(each.last for each in told)


def deeds_in_code() -> Iterator[str]:
    """Yield each word that a row of a timeline is written with somewhere."""
    for folder in ("domain", "activities"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id == "Row"
                    and node.args
                ):
                    word = node.args[0]
                    if isinstance(word, ast.Constant):
                        yield str(word.value)


def test_every_deed_has_words() -> None:
    found = set(deeds_in_code())

    assert {"sent", "skipped", "deferred", "held", "took"} <= found
    assert found | set(VOCABULARY.split()) <= DEEDS


def test_every_question_of_the_gate_and_every_check_at_the_door_has_its_rule() -> None:
    assert {*NAMES.values(), EXPIRED, "throttle", "hold"} == set(GATE)
    assert {*PASSED, "closed"} == set(DOOR)


@pytest.mark.parametrize("did", VOCABULARY.split())
def test_why_says_what_a_timeline_says(did: str) -> None:
    (told,) = tell(row(did, template="a/b"))

    assert told.what == deed({"did": did, "template": "a/b", "kind": "send"}, BERLIN)


# --- what never happened -------------------------------------------------------------------------------------------


def walk(*rows: dict[str, Any], ended_at: datetime | None = None) -> Walk:
    run: dict[str, Any] = {"id": "r", "sequence": "welcome", "version": "sha256:1", "entered_at": MONDAY}
    return Walk(run | {"ended_at": ended_at, "end_reason": "completed" if ended_at else None}, rows)


WAITED = row("waited", ["3 days"], step="wait-2", at=MONDAY + 3 * DAY, until="2026-03-05T09:00:00Z")


@pytest.mark.parametrize(
    ("day", "walks", "sentence"),
    [
        (1, [walk(WAITED)], "welcome waited at wait-2 until Thu 05 Mar 2026 10:00 (3 days)"),
        (-2, [walk(WAITED)], "welcome was entered later, Mon 02 Mar 2026 10:00 (09:00 UTC)"),
        (
            9,
            [walk(WAITED, ended_at=MONDAY + 4 * DAY)],
            "welcome had ended Fri 06 Mar 2026 10:00 (09:00 UTC): completed",
        ),
        (1, [], "the contact was in no sequence"),
    ],
)
def test_a_day_without_a_message_says_where_the_run_stood(day: int, walks: list[Walk], sentence: str) -> None:
    begin = MONDAY + day * DAY

    (told,) = nothing_sent(begin, begin + HOUR, walks, BERLIN, day=True)

    assert told == f"nothing was sent on {begin:%a %d %b %Y}: {sentence}"


@pytest.mark.parametrize("did", sorted(SENT))
def test_a_day_with_a_message_needs_no_excuse(did: str) -> None:
    assert nothing_sent(MONDAY, MONDAY + DAY, [walk(row(did))], BERLIN, day=True) == []


def test_who_was_never_in_a_sequence_is_told_what_starts_it() -> None:
    program = Program(sequence="welcome", enter=(Trigger(form="demo"), Trigger(event="trial_started")))

    assert never_in("welcome", program, {}, BERLIN) == (
        "was never in welcome: what starts it (form demo or event trial_started) never happened to them"
    )
    assert "there was trial_started, the last Mon 02 Mar" in never_in(
        "welcome", program, {"trial_started": MONDAY}, BERLIN
    )
    assert "nothing starts it but `rapport enrol x`" in never_in("x", Program(sequence="x"), {}, BERLIN)
    assert "it is draft" in never_in("x", Program(sequence="x", status="draft"), {}, BERLIN)


def test_a_day_is_one_of_the_contacts_clock() -> None:
    begin, end = Question(at=date(2026, 3, 29)).window(BERLIN) or (MONDAY, MONDAY)

    assert (begin, end - begin) == (datetime(2026, 3, 28, 23, tzinfo=UTC), 23 * HOUR)


def known(**more: Any) -> Known:
    empty: dict[str, Any] = {"walks": [], "doors": {}, "messages": {}, "waiting": {}, "entries": [], "broadcasts": []}
    empty |= {"contact": {"id": "c"}, "zone": Zone("Europe/Berlin", BERLIN, "contact"), "files": {}, "happened": {}}
    return Known(**empty | more)


IN_AUDIENCE: dict[str, Any] = {"broadcast": "spring", "sequence": "broadcast-1", "template": "news/spring"}
IN_AUDIENCE |= {"segment": "warm", "taken_at": MONDAY, "state": "refused", "reason": "consent", "enrolment": None}


@pytest.mark.parametrize(
    ("state", "reason", "sentence"),
    [
        ("refused", "consent", "was not let in: consent"),
        ("waiting", None, "waits to be let in"),
        ("entered", None, "was let in; see its run"),
        ("gone", None, "was gone when their turn came"),
        ("left_out", "stopped", "was left out: the broadcast was stopped: stopped"),
    ],
)
def test_what_a_broadcast_did_with_them_is_told(state: str, reason: str | None, sentence: str) -> None:
    (block,) = answered(known(broadcasts=[IN_AUDIENCE | {"state": state, "reason": reason}]), Question()).blocks

    assert block.head == "broadcast spring: news/spring"
    taken = "taken down Mon 02 Mar 2026 10:00 (09:00 UTC)"
    assert block.now == [f"was in its audience (segment warm, {taken}) and {sentence}"]


def test_an_entry_that_waits_says_what_lets_it_in() -> None:
    waits = WaitingEntry(contact_id="c", sequence="welcome", asks="group", until=MONDAY, asked_at=MONDAY, due_at=MONDAY)
    log = [row("waits:group", ["other runs"], kind="entry", step=None, until=MONDAY.isoformat())]

    (block,) = answered(known(doors={"welcome": log}, entries=[waits]), Question()).blocks

    assert block.now == [
        "waits to enter (group) until Mon 02 Mar 2026 10:00 (09:00 UTC) at most;"
        " what lets it in: the end of what runs in its group"
    ]


def test_a_message_let_go_with_its_run_stands_in_the_block_of_the_run() -> None:
    gone = LEDGER | {"state": "skipped", "unknown_at": None, "skipped_at": MONDAY, "reason": "the run ended: converted"}
    put_off = row("deferred", ["cap"], at=MONDAY - HOUR, message="m1")

    (block,) = answered(
        known(walks=[walk(put_off, ended_at=MONDAY)], messages={"m1": gone | {"enrolment_id": "r"}}), Question()
    ).blocks

    assert [each.what for each in block.told] == ["put off", "message skipped “Hi”"]


def test_two_thousand_decisions_are_answered_within_a_second() -> None:
    rows = [row("deferred", [f"cap {n % 700}"], at=MONDAY + n * HOUR, **gate("cap", "3 of 3")) for n in range(2000)]
    asked_about = known(walks=[walk(*rows)], files={"sha256:1": File()})

    began = process_time()
    (block,) = answered(asked_about, Question()).blocks

    assert process_time() - began < 1
    assert len(block.told) == 700
