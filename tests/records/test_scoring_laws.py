"""Whatever happens to somebody, in whatever order rounds come by: the score is what the whole timeline comes to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from sqlmodel import Session

from domain.scoring import newly_reached, score, still_reached, told
from domain.scoring_policy import Scoring
from records.score_models import ContactScore
from records.scoring import facts_of, past, sums_of
from records.session import Database
from records.timeline import review
from tests.databases import lay_down
from tests.records.door import NOW, Door
from tests.records.test_scoring import SCORING

DEEDS = some.sampled_from(["clicked", "trial_started", "delivered", "bigger", "smaller", "round"])
STORIES = some.lists(some.tuples(some.timedeltas(timedelta(seconds=1), timedelta(days=12)), DEEDS), max_size=14)


@dataclass
class Model:
    """The score as one would keep it by hand: every event from the first on, looked at whenever anything is."""

    scoring: Scoring
    reached: dict[str, datetime] = field(default_factory=dict)
    told: list[tuple[str, int]] = field(default_factory=list)

    def look(self, facts: Any, before: list[Any], after: list[Any]) -> int:
        was = score(self.scoring, facts, told(self.scoring, (), before))
        self.reached = still_reached(self.scoring, self.reached, was, facts.now)
        scored = score(self.scoring, facts, told(self.scoring, (), after))
        for name in newly_reached(self.scoring, self.reached, scored):
            self.reached[name] = facts.now
            self.told.append((name, scored.total))
        return scored.total


@contextmanager
def opened() -> Iterator[Door]:
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'records.db'}"
        lay_down("main", url)
        database = Database(url)
        door = Door(database)
        door.publish(scoring=SCORING)
        door.consent()
        yield door
        database.close()


@settings(max_examples=8)
@given(STORIES)
def test_the_score_is_what_the_whole_timeline_comes_to(story: list[tuple[timedelta, str]]) -> None:
    with opened() as door:
        at, model = NOW, None
        for after, deed in story:
            at += after
            events = door.database.read_now(events_of(door))
            do(door, deed, at)
            model = model or Model(policy(door))
            if deed != "delivered":
                door.database.read_now(lambda session, m=model, e=events, now=at: compare(session, door, m, e, now))  # type: ignore[misc]
        happened = [(each["threshold"], each["score"]) for each in door.happened("score_reached")]
        assert happened == (model.told if model else [])


def do(door: Door, deed: str, at: datetime) -> None:
    if deed in ("bigger", "smaller"):
        door.set(at, benches=60 if deed == "bigger" else 5)
    elif deed == "round":
        door.database.write_now(lambda session: review(session, door.published, door.ann(session), at, at))
    else:
        door.tell(deed, at)


def policy(door: Door) -> Scoring:
    found = door.database.read_now(door.published.policies).scoring
    assert found is not None
    return found


def events_of(door: Door) -> Any:
    return lambda session: past(session, door.ann(session).id, policy_in(door, session))


def policy_in(door: Door, session: Session) -> Scoring:
    found = door.published.policies(session).scoring
    assert found is not None
    return found


def compare(session: Session, door: Door, model: Model, before: list[Any], now: datetime) -> None:
    ann = door.ann(session)
    after = past(session, ann.id, model.scoring)
    assert ann.score == model.look(facts_of(door.published.policies(session), ann, now), before, after)
    kept = session.get(ContactScore, ann.id)
    assert kept is not None
    assert sums_of(kept) == told(model.scoring, (), after), "a running sum is the sum of all"
