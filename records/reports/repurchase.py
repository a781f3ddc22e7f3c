"""Whether those who had a case bought again, against others who bought last in the same month and had none."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zlib import crc32
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import Session, col

from domain.aftermath import FEWEST_OF_A_SIDE, FRESH, WITHIN, Repurchase, Watched, repurchase, watched
from domain.policies import Policies
from domain.recovery_policy import Afterwards
from domain.statistics import Share
from records.case_models import ServiceCase
from records.models import Interaction
from records.reports.follow_up_figures import Span
from records.reports.of_cases import of_ours

# Others are looked at from the middle of each month in which a case was resolved.
MIDDLE = timedelta(days=14)

Purchases = dict[str, list[datetime]]


def compare_repurchase(session: Session, policies: Policies, span: Span, now: datetime) -> Repurchase:
    """Return how many bought in the 90 days after their first case of a span was resolved, and how many others did."""
    zone = ZoneInfo(policies.messaging.organisation.time_zone)
    resolved = _resolved(session, span, now)
    if len(resolved) < FEWEST_OF_A_SIDE:
        return Repurchase(Share(0, 0), Share(0, 0), len(resolved))
    instants = sorted(resolved.values())
    event = (policies.recovery.afterwards if policies.recovery is not None else Afterwards()).purchase
    bought = _bought(session, event, instants[0] - FRESH - MIDDLE, min(instants[-1] + WITHIN + 2 * MIDDLE, now), zone)
    theirs = (watched(bought.get(who, ()), at.astimezone(zone)) for who, at in resolved.items())
    recovered = [each for each in theirs if each is not None]
    complained = set(session.connection().execute(select(col(ServiceCase.contact_id)).distinct()).scalars())
    months = [each for each in _middles(instants, zone) if each + WITHIN <= now]
    return repurchase(recovered, _others(bought, complained, months))


def _resolved(session: Session, span: Span, now: datetime) -> dict[str, datetime]:
    """Return when the first case of each contact was resolved, of those that were opened in a span; 90 days ago."""
    at = func.min(col(ServiceCase.resolved_at))
    first = select(col(ServiceCase.contact_id), at).where(*of_ours(span)).group_by(col(ServiceCase.contact_id))
    rows = session.connection().execute(first.having(at <= now - WITHIN))
    return {contact: resolved for contact, resolved in rows if resolved is not None}


def _bought(session: Session, event: str, since: datetime, until: datetime, zone: ZoneInfo) -> Purchases:
    """Return when each contact bought, in order. What was told late counts when it happened."""
    found: Purchases = defaultdict(list)
    at = func.coalesce(col(Interaction.occurred_at), col(Interaction.at))
    wanted = select(col(Interaction.contact_id), at).where(col(Interaction.name) == event)
    rows = session.connection().execution_options(yield_per=5000)
    for contact, when in rows.execute(wanted.where(at >= since, at <= until)):
        found[contact].append(when.astimezone(zone))
    for each in found.values():
        each.sort()
    return found


def _middles(instants: Sequence[datetime], zone: ZoneInfo) -> list[datetime]:
    """Return the middle of each month that one of these instants lies in, on the organisation's clock."""
    months = sorted({(each.year, each.month) for each in (at.astimezone(zone) for at in instants)})
    return [datetime(year, month, 1, tzinfo=zone) + MIDDLE for year, month in months]


def _others(bought: Purchases, complained: set[str], months: Sequence[datetime]) -> Iterator[Watched]:
    """Yield those who never had a case, each once: from which month they are looked at is a lot, the same for ever."""
    for contact, purchases in bought.items():
        if months and contact not in complained:
            each = watched(purchases, months[crc32(contact.encode()) % len(months)])
            if each is not None:
                yield each
