"""How endpoints of other systems have answered; whether they stand still says `records/channel_states.py`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from records.sending_models import EndpointState
from records.unique import add_if_new

# Of an endpoint that goes well it is enough to know the minute.
OFTEN_ENOUGH = timedelta(minutes=1)


def queue_name(endpoint: str) -> str:
    """Return the name under which an endpoint stands among the channels: each goes and stops for itself.

    >>> queue_name("crm")
    'webhook/crm'
    """
    return f"webhook/{endpoint}"


def succeeded(session: Session, name: str, now: datetime) -> None:
    """Note that an endpoint has taken something."""
    found = session.get(EndpointState, name, populate_existing=True)
    if found is not None and not found.failures and found.succeeded_at and now - found.succeeded_at < OFTEN_ENOUGH:
        return
    state = _held(session, name)
    state.succeeded_at, state.failing_since, state.failures = now, None, 0
    session.add(state)
    session.flush()


def failed(session: Session, name: str, reason: str, now: datetime) -> EndpointState:
    """Note that an endpoint was not reached, or has not taken something; return how it stands."""
    state = _held(session, name)
    state.failed_at, state.failing_since, state.reason = now, state.failing_since or now, reason[:1000]
    state.failures += 1
    session.add(state)
    session.flush()
    return state


def forgiven(session: Session, name: str) -> None:
    """Count the failures of an endpoint anew: somebody says that it is there again."""
    state = session.get(EndpointState, name)
    if state is not None:
        state.failing_since, state.failures = None, 0
        session.add(state)
        session.flush()


def listed(session: Session) -> Sequence[EndpointState]:
    """Return every endpoint that was ever told something."""
    return session.execute(select(EndpointState).order_by(col(EndpointState.name))).scalars().all()


def _held(session: Session, name: str) -> EndpointState:
    add_if_new(session, EndpointState(name=name))
    mine = select(EndpointState).where(col(EndpointState.name) == name).with_for_update()
    state: EndpointState = session.execute(mine.execution_options(populate_existing=True)).scalars().one()
    return state
