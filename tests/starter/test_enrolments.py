"""`POST /enrolments`: each entry that is asked for is on disk and answered for itself, as an event is."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.starter.site import EVENTS_KEY, Site, site_in

KEY = {"authorization": f"Bearer {EVENTS_KEY}"}
ANN = {"id": "e-7", "sequence": "onboarding", "contact": {"email": "Ann@Acme.example"}, "data": {"plan": "pro"}}


async def ask(site: Site, told: object, headers: dict[str, str] = KEY) -> httpx2.Response:
    return await site.http.post("/enrolments", content=json.dumps(told).encode(), headers=headers)


async def test_one_enrolment_is_kept_and_a_repeat_is_recognised(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        first, second = await ask(site, ANN), await ask(site, ANN)
        [row] = await site.rows()

    assert (first.status_code, first.json()) == (202, {"id": "e-7", "status": "accepted"})
    assert (second.status_code, second.json()) == (200, {"id": "e-7", "status": "repeated"})
    assert (row.key, row.kind, row.source, row.urgent) == ("api/enrolments/e-7", "enrolment", "api", False)
    assert row.body == {"sequence": "onboarding", "contact": {"email": "ann@acme.example"}, "data": {"plan": "pro"}}


async def test_a_list_is_answered_one_by_one(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        answer = await ask(site, [ANN, {"id": "e-8"}, ANN | {"id": "e-9", "contact": {"id": "c1"}}, 7])

    assert answer.status_code == 202
    assert [each["status"] for each in answer.json()] == ["accepted", "refused", "accepted", "refused"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"id": None}, "id is missing; give each enrolment one of your own"),
        ({"sequence": "On boarding"}, "sequence is not a sequence's name; use small letters"),
        ({"sequence": None}, "sequence is not a sequence's name; use small letters"),
        ({"contact": None}, "contact is missing; send"),
        ({"contact": {"email": "ann"}}, "contact: the e-mail address cannot be written to"),
        ({"data": [1]}, "data is not an object; send"),
        ({"sequnce": "a"}, "'sequnce' is not known here; did you mean 'sequence'?"),
        ({"contact": {"id": "c1", "mail": "a@b.example"}}, "'contact.mail' is not known here; did you mean 'email'?"),
    ],
)
async def test_what_is_no_enrolment_is_refused_with_its_reason(
    tmp_path: Path, changes: dict[str, Any], error: str
) -> None:
    async with site_in(tmp_path) as site:
        answer = await ask(site, ANN | changes)

    assert answer.status_code == 422
    assert answer.json()["error"].startswith(error)


async def test_nobody_enters_anybody_without_our_key(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        answer = await ask(site, ANN, headers={})

        assert (answer.status_code, await site.rows()) == (401, [])
