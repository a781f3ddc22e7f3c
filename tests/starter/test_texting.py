"""`POST /events/sms`: what people answer to texts is believed with our signature, and is on disk."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from domain.webhooks import signed
from tests.starter.site import Site, site_in

SECRET = "whsec_" + "A" * 24
ANSWER: dict[str, Any] = {"id": "in-1", "from": "+491715550123", "text": "Thank you", "at": "2026-03-27T10:00:00+01:00"}


async def tell(site: Site, told: object, secret: str = SECRET, late: timedelta = timedelta()) -> httpx2.Response:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return await site.http.post(
        "/events/sms", content=body, headers=signed("w1", datetime.now(UTC) - late, body, [secret])
    )


async def test_an_answer_is_kept_and_a_repeat_recognised(tmp_path: Path) -> None:
    async with site_in(tmp_path, sms_secrets=[SECRET]) as site:
        first, second = await tell(site, ANSWER), await tell(site, ANSWER)
        [row] = await site.rows()

    assert (first.status_code, second.status_code) == (202, 200)
    assert (row.key, row.kind, row.source, row.urgent) == ("sms/messages/in-1", "event", "sms", False)
    assert row.body == {
        "event": "replied",
        "contact": {"phone": "+491715550123"},
        "data": {"channel": "sms", "text": "Thank you"},
        "at": "2026-03-27T09:00:00+00:00",
        "channel": "sms",
    }


async def test_stop_is_a_withdrawal_and_comes_first(tmp_path: Path) -> None:
    async with site_in(tmp_path, sms_secrets=[SECRET]) as site:
        await tell(site, ANSWER | {"text": " Stop. "})
        await tell(site, ANSWER | {"id": "in-2", "text": "START"})
        stop, start = await site.rows()

    assert (stop.urgent, stop.body["event"]) == (True, "unsubscribed")
    assert stop.body["data"] == {"topic": "*", "channel": "sms", "how": "sms"}
    assert start.body["event"] == "replied", "nobody comes back by a word"


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"secret": "whsec_" + "B" * 24}, 401),
        ({"late": timedelta(minutes=6)}, 401),
        ({"late": -timedelta(minutes=6)}, 401),
    ],
)
async def test_what_is_not_signed_by_us_just_now_is_not_believed(
    tmp_path: Path, how: dict[str, Any], status: int
) -> None:
    async with site_in(tmp_path, sms_secrets=[SECRET]) as site:
        assert (await tell(site, ANSWER | {"text": "STOP"}, **how)).status_code == status
        assert await site.rows() == []


async def test_without_a_secret_there_is_no_such_place(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        assert (await tell(site, ANSWER)).status_code == 404


@pytest.mark.parametrize(
    "told",
    [b"", b"[]", b"\xff", b'{"id": NaN}', b"[" * 5000, {}, ANSWER | {"from": "0171"}, ANSWER | {"from": 7},
     ANSWER | {"text": None}, ANSWER | {"id": ""}],
)  # fmt: skip
async def test_what_is_no_text_message_is_refused(tmp_path: Path, told: object) -> None:
    async with site_in(tmp_path, sms_secrets=[SECRET]) as site:
        assert (await tell(site, told)).status_code == 422
        assert await site.rows() == []
