"""One address, one template, one day: once, whoever asks, on both databases; and what the log keeps of each asking."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from domain.needs import Later, Outcome, Sent
from records.case_models import ServiceCase
from records.contacts import change, find_or_make, record_consent, suppress
from records.entries import enter
from records.models import Contact, Decision, Enrolment, Message, Wake
from records.service_cases import standstills, take_note
from records.session import Database
from records.timeline import Happening, record
from tests.records.test_caps import NOW, WORKERS, Office

pytestmark = pytest.mark.system

RECORDS = 6
TWICE = Sent("skipped", "duplicate")


class Crowd(Office):
    """Several records of one person, each in the same sequences, and several workers."""

    def _enter(self, session: Session) -> dict[str, str]:
        first = super()._enter(session)
        runs = {f"{name}/0": run for name, run in first.items()}
        for number in range(1, RECORDS):
            contact = find_or_make(session, {"email": f"ann-{number}@customer.example"}, "test", NOW)
            change(session, contact, {"email": "Ann@Customer.example"}, NOW)
            record_consent(session, contact.id, "news", "opted_in", NOW, basis="consent", source="test")
            for name in ("s1", "receipt"):
                run = enter(session, self.published, self.programs[name], contact, NOW, data={"order": number // 2})[1]
                assert run is not None
                runs[f"{name}/{number}"] = run.id
        return runs

    async def ask(self, sequence: str, number: int, *, worker: int = 0, later: timedelta = timedelta()) -> Outcome:
        run = self.enrolments[f"{sequence}/{number}"]
        self.enrolments[sequence] = run
        return await self.send(sequence, NOW + later, worker)

    async def ask_all(self, sequence: str) -> list[Outcome]:
        """Let every record's message be asked for at once, by all workers."""
        asked = []
        for number in range(RECORDS):
            asked.append(asyncio.ensure_future(self.ask(sequence, number, worker=number % WORKERS)))
            await asyncio.sleep(0)  # until it has read whose turn it is
        return list(await asyncio.gather(*asked))

    def log(self, did: str) -> list[Decision]:
        rows = select(Decision).where(Decision.did == did, Decision.kind == "send").order_by(Decision.id)  # type: ignore[arg-type]
        return self.workers[0].read_now(lambda session: list(session.exec(rows).all()))


@pytest.fixture
def crowd(main: Database) -> Iterator[Crowd]:
    others = [Database(main.url) for _ in range(WORKERS - 1)]
    yield Crowd([main, *others])
    for each in others:
        each.close()


async def test_six_records_of_one_address_get_one_message_though_three_workers_send_at_once(crowd: Crowd) -> None:
    found = await crowd.ask_all("s1")

    assert Counter(found) == {Sent("accepted"): 1, TWICE: RECORDS - 1}
    assert len(crowd.slow.taken) == 1
    kept = crowd.workers[0].read_now(lambda session: Counter(session.exec(select(Message.state)).all()))
    assert kept == {"accepted": 1, "skipped": RECORDS - 1}
    assert {row.why[0] for row in crowd.log("skipped")} == {"duplicate"}


async def test_six_records_of_one_address_that_are_sent_to_together_get_one_message(crowd: Crowd) -> None:
    runs = [crowd.enrolments[f"s1/{number}"] for number in range(RECORDS)]

    found = await crowd.send_batch("s1", runs)

    assert Counter(found.values()) == {Sent("accepted"): 1, TWICE: RECORDS - 1}
    assert len(crowd.slow.taken) == 1


async def test_the_next_day_it_may_go_again(crowd: Crowd) -> None:
    assert await crowd.ask("s1", 0) == Sent("accepted")

    assert await crowd.ask("s1", 1, later=timedelta(hours=14)) == TWICE
    assert await crowd.ask("s1", 2, later=timedelta(hours=16)) == Sent("accepted"), "it is Saturday in London"


async def test_a_service_message_goes_once_for_each_thing_that_started_its_run(crowd: Crowd) -> None:
    found = [await crowd.ask("receipt", number) for number in range(1, RECORDS)]

    # Orders 0, 1, 1, 2, 2.
    assert found == [Sent("accepted"), Sent("accepted"), TWICE, Sent("accepted"), TWICE]


async def test_one_that_was_refused_keeps_nobody_from_getting_it(crowd: Crowd) -> None:
    await crowd.ask("s1", 0)

    def refuse(session: Session) -> None:
        [row] = session.exec(select(Message)).all()
        row.state = "refused"
        session.add(row)

    await crowd.workers[0].write(refuse)

    assert await crowd.ask("s1", 1) == Sent("accepted")


async def test_of_what_was_sent_the_log_keeps_every_question_and_the_policies(crowd: Crowd) -> None:
    await crowd.ask("s1", 0)

    [row] = crowd.log("sent")
    asked = dict(row.more["asked"])
    assert row.why == []
    assert list(asked) == [
        "expired", "suppression", "address", "consent", "case", "holdout", "pause", "own_pause", "duplicate", "survey",
        "cap", "quiet", "own_quiet", "window", "throttle",
    ]  # fmt: skip
    assert asked["consent"] == "consent: news is opted_in (basis: consent)"
    assert asked["cap"] == "under every cap: 0 of 2 in 7 days"
    bundle = crowd.workers[0].read_now(crowd.published.bundle)
    assert row.more["policies"] == bundle


async def test_a_case_that_is_opened_holds_marketing_until_it_is_closed(crowd: Crowd) -> None:
    main = crowd.workers[0]
    contact = main.read_now(lambda session: session.get(Enrolment, crowd.enrolments["s1/0"]).contact_id)  # type: ignore[union-attr]
    told = {"case": "c-9", "severity": "S2"}
    for _ in range(2):
        await main.write(lambda session: take_note(session, contact, "case_opened", told, NOW))
    [case] = main.read_now(lambda session: standstills(session, [contact]))[contact]

    held = await crowd.ask("s1", 0)

    assert held == Later(None, f"suspended: case {case.id} (S2), until it is released")
    assert await crowd.ask("s1", 1) == Sent("accepted"), "another contact"
    await main.write(lambda session: take_note(session, contact, "case_closed", {"case": "c-9"}, NOW))
    assert await crowd.ask("s1", 0) == TWICE


async def test_who_closes_a_case_wakes_the_runs_that_may_wait_for_it(crowd: Crowd) -> None:
    def close(session: Session) -> tuple[set[str], int]:
        run = session.get(Enrolment, crowd.enrolments["s1/0"])
        assert run is not None
        run.wave, run.state = "seq/s1/1", "running"
        session.add(run)
        contact = session.get(Contact, run.contact_id)
        assert contact is not None
        for name in ("case_opened", "case_closed"):
            happening = Happening(key=name, name=name, at=NOW, data={"case": "c-9", "outcome": "refunded"})
            record(session, crowd.published, contact, happening, NOW)
        [case] = session.exec(select(ServiceCase)).all()
        assert (case.incident, case.closed_at, case.outcome) == ("c-9", NOW, "refunded")
        return {each.wave for each in session.exec(select(Wake))}, run.stirred

    waves, stirred = await crowd.workers[0].write(close)

    assert waves == {"seq/s1/1"}
    assert stirred > 0


async def test_a_message_that_is_put_off_over_and_over_has_its_first_and_its_last_asking_in_the_log(
    crowd: Crowd,
) -> None:
    main = crowd.workers[0]
    contact = main.read_now(lambda session: session.get(Enrolment, crowd.enrolments["s1/0"]).contact_id)  # type: ignore[union-attr]
    await main.write(lambda session: take_note(session, contact, "case_opened", {"case": "c-9"}, NOW))

    for minute in range(5):
        await crowd.ask("s1", 0, later=timedelta(minutes=minute))

    first, last = crowd.log("deferred")
    assert (first.at, last.at) == tuple(NOW.replace(microsecond=0) + timedelta(minutes=each) for each in (0, 4))
    assert (first.shown, last.shown, last.more["times"]) == (True, False, 5)
    await main.write(lambda session: suppress(session, "contact", contact, "manual", NOW))
    assert await crowd.ask("s1", 0) == Sent("skipped", "suppressed: manual")
