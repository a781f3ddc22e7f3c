"""`score`: what a contact's score is made of, at any instant, worked out from the timeline by the published policy."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from domain.policies import Policies
from domain.scoring import Scored, Sum, falls_below, meets, score, shown, told
from domain.scoring_policy import Scoring
from domain.zones import zone_of
from records.facts import contact_fields
from records.models import Contact
from records.scoring import facts_of, is_left_out, past, reached_of, rows_of
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import contact_of, opened_store
from starter.cli_tables import Listing
from starter.telling import WHEN, on_clock

NO_POLICY = "policies/scoring.yaml: is not published, so scores are not computed; write it, then `rapport publish`"


@dataclass(frozen=True)
class Worked:
    """A score worked out, and what it rests on."""

    contact: Contact
    scoring: Scoring
    scored: Scored
    sums: tuple[Sum, ...]
    reached: dict[str, datetime]
    zone: ZoneInfo


def show_score(who: str, at: datetime | None) -> Result:
    """Show what a contact's score is made of, and which thresholds it meets. The record's fields are those of now."""
    now = datetime.now(UTC)
    with opened_store() as store:
        worked = store.read(
            lambda session: _worked(
                session, store.published.policies(session), contact_of(session, who), at or now, now
            )
        )
    return Result(_document(worked, at or now), list(_lines(worked, at or now, now)))


def explained(session: Session, policies: Policies, contact: Contact, now: datetime) -> Scored | None:
    """Return what a contact's score is made of now; None where no score is computed."""
    if policies.scoring is None or is_left_out(contact):
        return None
    return score(
        policies.scoring, facts_of(policies, contact, now), told_until(session, policies.scoring, contact, now)
    )


def told_until(session: Session, scoring: Scoring, contact: Contact, at: datetime) -> tuple[Sum, ...]:
    """Return what everything a contact did until an instant has come to."""
    return told(scoring, (), past(session, contact.id, scoring, until=at))


def _worked(session: Session, policies: Policies, contact: Contact, at: datetime, now: datetime) -> Worked:
    if policies.scoring is None:
        raise ProblemsFound([NO_POLICY])
    if is_left_out(contact):
        raise ProblemsFound([f"{contact.email or contact.id}: is erased, or made up for a test, and has no score"])
    sums = told_until(session, policies.scoring, contact, at)
    kept = rows_of(session, [contact.id]).get(contact.id)
    reached = reached_of(kept) if kept is not None and at >= now else {}
    zone = zone_of(contact_fields(contact), None, policies.messaging.organisation.time_zone).zone
    scored = score(policies.scoring, facts_of(policies, contact, at), sums)
    return Worked(contact, policies.scoring, scored, sums, reached, zone)


def score_as_json(scored: Scored) -> dict[str, Any]:
    """Return a score with its terms, as `--json` prints it."""
    return {
        "score": scored.total,
        "fit": round(scored.fit, 1),
        "engagement": round(scored.engagement, 1),
        "terms": [{"side": term.side, "label": term.label, "points": round(term.points, 1)} for term in scored.terms],
        "says": scored.says(),
    }


def _document(worked: Worked, at: datetime) -> dict[str, Any]:
    bars = [_bar(worked, name, at) for name in worked.scoring.thresholds]
    return {"contact": worked.contact.id, "at": at, **score_as_json(worked.scored), "thresholds": bars}


def _bar(worked: Worked, name: str, at: datetime) -> dict[str, Any]:
    """Return one threshold: what it takes, whether it is met, since when it stands reached, when it could be again."""
    bar, since = worked.scoring.thresholds[name], worked.reached.get(name)
    falls = falls_below(worked.scoring, worked.scored.fit, worked.sums, bar.lower, at) if since is not None else None
    met = meets(bar, worked.scored)
    return {"name": name, "score": bar.score, "met": met, "reached_at": since, "until": bar.lower, "falls_at": falls}


def _lines(worked: Worked, at: datetime, now: datetime) -> Iterator[Any]:
    contact, scored = worked.contact, worked.scored
    yield f"{contact.email or contact.id}: {scored.total} on {on_clock(at, worked.zone, WHEN)} ({worked.zone.key})"
    if at < now:
        yield "what they did until then, and who they are today: earlier values of fields are not kept"
    elif contact.score != scored.total:
        yield f"conditions read {contact.score} until the next round writes what time has changed"
    table = Listing("side", "points", "for", prose=["for"])
    for term in scored.terms:
        table.row(term.side, shown(term.points), term.label)
    yield table if scored.terms else "nothing gives points"
    for name in worked.scoring.thresholds:
        yield _said_of(_bar(worked, name, at), worked.zone)


def _said_of(bar: dict[str, Any], zone: ZoneInfo) -> str:
    if bar["reached_at"] is None:
        return f"{bar['name']} ({bar['score']}): {'met' if bar['met'] else 'not met'}"
    falls = on_clock(bar["falls_at"], zone, WHEN) if bar["falls_at"] is not None else None
    again = f"on {falls} it falls below {bar['until']}, and can be reached again" if falls else "it stays so"
    return f"{bar['name']} ({bar['score']}): reached {on_clock(bar['reached_at'], zone, WHEN)}; left alone, {again}"
