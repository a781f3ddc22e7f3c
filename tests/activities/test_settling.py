"""A need settled for many: what goes wrong for one of them is written down for that one, and holds nobody else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, col, select
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import deeds
from activities.batches import Alike, Batch
from activities.steps import MOST_RACES, Steps
from domain.loader import load
from domain.needs import Broken, Done, Outcome
from domain.run import entered, need
from records import contacts
from records.contacts import find_or_make
from records.entries import enter
from records.models import Contact, Decision
from records.published import Published, publish
from records.session import Database
from tests.databases import lay_down
from tests.domain.kit import POLICIES, TEMPLATES

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SEQUENCE = "steps: [{update: {stage: customer}}, {wait: 1 day}]"


@dataclass
class Two:
    """Ann and Bob, who stand at the same step."""

    database: Database
    published: Published = field(default_factory=Published)
    runs: dict[str, str] = field(default_factory=dict)

    def enter(self) -> "Two":
        files = {**POLICIES, "sequences/story.yaml": SEQUENCE}
        self.program = load(files, TEMPLATES).programs["story"]

        def work(session: Session) -> None:
            publish(session, files, {"story": self.program}, NOW)
            for name in ("ann", "bob"):
                contact = find_or_make(session, {"email": f"{name}@acme.example"}, "test", NOW)
                _, run = enter(session, self.published, self.program, contact, NOW)
                assert run is not None
                self.runs[name] = run.id

        self.database.write_now(work)
        return self

    async def settle(self, *names: str, attempt: int = 1) -> dict[str, Outcome]:
        """Settle the first step for these, and return what each was told."""
        run = entered(self.program, NOW)
        wanted, ids = need(self.program, run), [self.runs[name] for name in names]
        assert wanted is not None
        alike = Alike(visit=1, arrived_at=NOW, since=NOW, enrolments=tuple(ids))
        batch = Batch(
            sequence="story",
            version=self.program.version,
            step=run.position or "",
            kind="update",
            need=wanted,
            now=NOW,
            members=(alike,),
        )
        place = ActivityEnvironment()
        place.info = _attempt(place.info, attempt)
        answers = (await place.run(Steps(self.database, self.published).settle, batch)).by_enrolment(ids)
        return {name: answers[self.runs[name]] for name in names}

    def stages(self) -> list[str | None]:
        chosen = select(Contact).order_by(col(Contact.email))
        return self.database.read_now(lambda session: [each.stage for each in session.exec(chosen)])

    def decided(self, name: str) -> list[tuple[str, list[str]]]:
        mine = select(Decision).where(Decision.enrolment_id == self.runs[name], col(Decision.step).is_not(None))
        return self.database.read_now(lambda session: [(row.did, row.why) for row in session.exec(mine)])


def _attempt(info: activity.Info, number: int) -> activity.Info:
    return info.__class__(**{**{name: getattr(info, name) for name in info.__dataclass_fields__}, "attempt": number})


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    lay_down("main", f"sqlite:///{tmp_path}/main.db")
    database = Database(f"sqlite:///{tmp_path}/main.db")
    yield Two(database).enter()
    database.close()


def breaks_for_bob(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let something nobody thought of go wrong where Bob's record is written."""
    real: Callable[..., list[str]] = contacts.change

    def change(session: Session, contact: Contact, *rest: object) -> list[str]:
        if contact.email == "bob@acme.example":
            raise error
        return real(session, contact, *rest)

    monkeypatch.setattr(deeds, "change", change)


async def test_what_cannot_be_written_for_one_is_not_tried_for_ever(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks_for_bob(monkeypatch, KeyError("bob@acme.example"))

    with pytest.raises(ApplicationError) as raised:
        await two.settle("ann", "bob")

    # The wave halves the batch; nothing of it was kept, and no data stands in the history.
    assert raised.value.non_retryable
    assert "bob" not in str(raised.value)
    assert two.stages() == [None, None]
    assert await two.settle("ann") == {"ann": Done()}
    assert isinstance((await two.settle("bob"))["bob"], Broken)
    assert two.stages() == ["customer", None]
    assert two.decided("bob") == [("stopped", ["KeyError in step update-1"])]


async def test_a_run_that_was_parked_so_is_told_the_same_again(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks_for_bob(monkeypatch, KeyError("stage"))

    assert await two.settle("bob") == await two.settle("bob")
    assert len(two.decided("bob")) == 1


async def test_a_database_that_is_away_is_nobodys_fault(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks_for_bob(monkeypatch, OperationalError("UPDATE", {}, Exception("disk I/O error")))

    for attempt in (1, 100):
        with pytest.raises(OperationalError):
            await two.settle("ann", "bob", attempt=attempt)
    assert two.decided("bob") == []


async def test_what_the_database_forbids_may_be_a_race_but_not_for_ever(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks_for_bob(monkeypatch, IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed")))

    with pytest.raises(IntegrityError):
        await two.settle("ann", "bob")
    with pytest.raises(ApplicationError):
        await two.settle("ann", "bob", attempt=MOST_RACES)
    assert isinstance((await two.settle("bob", attempt=MOST_RACES))["bob"], Broken)
