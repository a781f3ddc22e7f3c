"""How an endpoint has answered, counted by many workers at once, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from records import endpoints
from records.sending_models import EndpointState
from records.session import Database

NOON = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.system


def state(main: Database) -> EndpointState:
    [found] = main.read_now(endpoints.listed)
    return found


def test_failures_are_counted_from_the_first_until_the_next_success(main: Database) -> None:
    for minutes in range(3):
        at = NOON + timedelta(minutes=minutes)
        main.write_now(partial(endpoints.failed, name="crm", reason="500: answered not now", now=at))
    assert (state(main).failures, state(main).failing_since) == (3, NOON)

    main.write_now(lambda session: endpoints.succeeded(session, "crm", NOON + timedelta(hours=1)))

    assert (state(main).failures, state(main).failing_since) == (0, None)
    assert state(main).succeeded_at == NOON + timedelta(hours=1)


def test_of_one_that_goes_well_the_minute_is_known(main: Database) -> None:
    for seconds in (0, 10, 50, 70):
        at = NOON + timedelta(seconds=seconds)
        main.write_now(partial(endpoints.succeeded, name="crm", now=at))

    assert state(main).succeeded_at == NOON + timedelta(seconds=70)


def test_many_workers_lose_no_failure(main: Database) -> None:
    def fails(_: int) -> None:
        main.write_now(lambda session: endpoints.failed(session, "crm", "not reached", NOON) and None)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fails, range(40)))

    assert state(main).failures == 40


def test_what_is_forgiven_is_counted_anew(main: Database) -> None:
    main.write_now(lambda session: endpoints.failed(session, "crm", "500", NOON) and None)

    main.write_now(lambda session: endpoints.forgiven(session, "crm"))

    assert (state(main).failures, state(main).failing_since, state(main).failed_at) == (0, None, NOON)
