"""`pause`, `resume`, `retry`: what is typed, what is written, who is woken."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from records.hold_models import Pause
from records.models import Decision, Enrolment, Wake
from records.published import Published
from records.runs import end
from tests.starter.small_home import SmallHome

FUTURE = "2126-03-27T09:00:00Z"
ANN = "ann@acme.example"

# Temporal is out of reach in all of them; what they write must be there all the same.
pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens where Temporal should be, so there is nothing to wait for."""

    async def out_of_reach(*_: object, **__: object) -> None:
        raise RuntimeError("connection refused")

    monkeypatch.setattr("starter.cli_store.Client.connect", out_of_reach)


@pytest.fixture
def ann(records: SmallHome) -> SmallHome:
    """Ann is in `welcome`, carried by a wave."""
    records.type("contact", "add", "--email", ANN, "--consent", "product-news")
    assert records.type("enrol", "welcome", ANN).status == 0

    def carried(session: Session) -> None:
        run = session.exec(select(Enrolment)).one()
        run.state, run.wave, run.started_at = "running", "seq/welcome/1", run.entered_at
        session.add(run)

    with records.database() as database:
        database.write_now(carried)
    return records


def rows(home: SmallHome, table: Any) -> list[Any]:
    with home.database() as database:
        return list(database.read_now(lambda session: session.exec(select(table)).all()))


def test_a_contact_is_paused_and_the_wave_that_carries_them_is_woken(ann: SmallHome) -> None:
    typed = ann.type("pause", "welcome", ANN, "--until", FUTURE, "--reason", "on leave", "--json")

    assert typed.status == 0
    assert list(typed.document) == ["sequence", "contact", "paused_at", "until", "reason", "inside", "woken"]
    (row,) = rows(ann, Pause)
    assert (row.sequence, row.contact_id, row.by, row.reason) == (
        "welcome",
        typed.document["contact"],
        "cli",
        "on leave",
    )
    assert (row.until, row.paused_at.microsecond) == (datetime(2126, 3, 27, 9, tzinfo=UTC), 0)
    assert [wake.wave for wake in rows(ann, Wake)] == ["seq/welcome/1"]


def test_people_read_until_when_and_what_it_means(ann: SmallHome) -> None:
    assert ann.type("pause", "welcome", ANN).out == (
        f"{ANN} in welcome: paused until `rapport resume`; the clock stops\n"
    )
    assert ann.type("pause", "sequences/welcome.yaml", "--until", FUTURE).out == (
        "welcome: paused until 2126-03-27 09:00 UTC; nobody enters, messages wait\n"
    )


def test_who_is_paused_is_shown_so_with_when_and_why(ann: SmallHome) -> None:
    ann.type("pause", "welcome", ANN, "--until", FUTURE, "--reason", "on leave")

    shown = ann.type("contact", "show", ANN).out

    assert ": running, at hello until Wed 27 Mar 2126" in shown
    assert "(contact paused)" in shown
    assert "on leave" in shown
    (paused,) = (
        row for row in ann.type("contact", "show", ANN, "--json").document["timeline"] if row["kind"] == "pause"
    )
    assert (paused["sequence"], paused["until"], paused["reason"]) == ("welcome", FUTURE, "on leave")
    ann.type("resume", "welcome", ANN)
    assert "goes on" in ann.type("contact", "show", ANN).out


def test_resume_ends_it_once(ann: SmallHome) -> None:
    ann.type("pause", "welcome", ANN)

    typed = ann.type("resume", "welcome", ANN, "--json")

    assert typed.status == 0
    assert list(typed.document) == ["sequence", "contact", "paused_at", "resumed_at", "refused", "woken"]
    again = ann.type("resume", "welcome", ANN)
    assert (again.status, again.err) == (1, f"{ANN} in welcome: is not paused; there is nothing to resume\n")


def test_a_paused_sequence_refuses_entries_and_says_how_many_when_it_goes_on(ann: SmallHome) -> None:
    ann.type("contact", "add", "--email", "bob@acme.example", "--consent", "product-news")
    ann.type("pause", "welcome")

    refused = ann.type("enrol", "welcome", "bob@acme.example")

    assert (refused.status, refused.err) == (
        1, "welcome: bob@acme.example does not enter (paused): sequence paused\n",
    )  # fmt: skip
    assert rows(ann, Wake) == []
    assert ann.type("resume", "welcome").out.splitlines() == [
        "welcome: goes on; Temporal is out of reach, so it does when a worker looks",
        "1 entry was refused while it was paused (`refused:paused` in the timelines)",
    ]
    assert [wake.wave for wake in rows(ann, Wake)] == ["seq/welcome/1"]
    assert ann.type("enrol", "welcome", "bob@acme.example").status == 0


def test_versions_says_that_a_sequence_is_paused(ann: SmallHome) -> None:
    ann.type("pause", "welcome", "--until", FUTURE, "--reason", "the offer is over")

    told = ann.type("versions", "welcome", "--json").document["paused"]

    assert (told["until"], told["reason"]) == (FUTURE, "the offer is over")
    assert "paused since" in ann.type("versions", "welcome").out
    ann.type("resume", "welcome")
    assert ann.type("versions", "welcome", "--json").document["paused"] is None


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["pause", "welcom"], "sequence 'welcom' is not published; did you mean 'welcome'?"),
        (["pause", "welcome", "bob@acme.example"], "there is no contact bob@acme.example; add one with"),
        (["pause", "other", ANN], f"other: {ANN} is not in it; they are in welcome"),
        (["pause", "welcome", "--until", "2020-01-01T00:00:00Z"], "--until: 2020-01-01 00:00 UTC is over; give a time"),
        (["resume", "welcome"], "welcome: is not paused; there is nothing to resume"),
        (["retry", "welcome", ANN], f"welcome: no run of {ANN} has failed; see `rapport contact show`"),
    ],
)
def test_what_cannot_be_done_is_said_and_writes_nothing(ann: SmallHome, words: list[str], what: str) -> None:
    typed = ann.type(*words)

    assert typed.status == 1
    assert what in typed.err
    assert (rows(ann, Pause), rows(ann, Wake)) == ([], [])


# --- retry -----------------------------------------------------------------------------------------------------------


def fail(home: SmallHome) -> None:
    """Park Ann's run."""

    def work(session: Session) -> None:
        run = session.exec(select(Enrolment)).one()
        program = Published().program(session, run.version)
        end(session, program, run, "failed", datetime.now(UTC) - timedelta(hours=1), ["KeyError in step hello"])

    with home.database() as database:
        database.write_now(work)


def test_contact_show_says_what_failed_and_how_it_is_put_back(ann: SmallHome) -> None:
    fail(ann)

    shown = ann.type("contact", "show", ANN).out

    assert f": failed (KeyError in step hello); `rapport retry welcome {ANN}` puts it back" in shown


def test_retry_puts_the_run_back(ann: SmallHome) -> None:
    fail(ann)

    typed = ann.type("retry", "welcome", ANN, "--json")

    assert typed.status == 0
    assert list(typed.document) == ["sequence", "contact", "enrolment", "version", "ended", "more", "woken"]
    (run,) = rows(ann, Enrolment)
    assert (run.id, run.state, run.wave, run.end_reason) == (typed.document["enrolment"], "starting", None, None)
    assert "retried" in [row.did for row in rows(ann, Decision)]
    assert "put back where it had failed" in ann.type("contact", "show", ANN).out


def test_retry_says_when_it_begins(ann: SmallHome) -> None:
    fail(ann)

    assert ann.type("retry", "welcome", ANN).out == (
        f"{ANN} in welcome: Temporal is out of reach; it begins again when a worker looks\n"
    )


def test_who_entered_again_is_not_put_back(ann: SmallHome) -> None:
    fail(ann)
    assert ann.type("enrol", "welcome", ANN).status == 0

    typed = ann.type("retry", "welcome", ANN)

    assert typed.status == 1
    assert typed.err == f"welcome: {ANN} entered again since; end that run first, or leave the failed one as it is\n"
