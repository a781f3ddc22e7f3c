"""The page behind a link about a case: what it shows, what it does, for whom, and how often."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from domain.case_notes import case_idle
from domain.digest_lines import digest_lines, digest_subject
from domain.recovery import Case
from domain.staff_notes import Occasion, context
from records.case_models import ServiceCase
from records.case_openings import CaseOpening, open_case
from records.case_rows import case_of
from records.digests import read_digest
from records.follow_up_models import StaffNote
from records.models import Contact
from records.published import publish
from records.staff_told import occasion_of
from records.timeline import record_all
from starter.case_page_words import CASE_WORDS
from starter.staff_words import WORDS
from tests.starter.case_desk import CARE, RECOVERY
from tests.starter.site import TOKENS
from tests.starter.staff_site import PEOPLE, StaffSite, link, posting, staff_site, text_of

TEAMS = PEOPLE["policies/teams.yaml"].replace(
    "teams:\n", "  max: {name: Max Boss, email: max@acme.example}\nteams:\n" + CARE.replace("lead: lea", "lead: lea")
)
FILES = {"policies/teams.yaml": TEAMS, "policies/recovery.yaml": RECOVERY}


@asynccontextmanager
async def case_site(folder: Path, severity: Any = "S3") -> AsyncIterator[tuple[StaffSite, str]]:
    """Yield a site with a case that ada has, and the id of its follow-up."""
    async with staff_site(folder, FILES) as site:

        def work(session: Session) -> str:
            contact = session.get(Contact, site.contact)
            policy = site.published.policies(session).recovery
            assert contact is not None
            assert policy is not None
            opening = CaseOpening("The parcel was lost", "o-1", severity, source="rule complaint")
            kept = open_case(session, site.published, contact, opening, policy, site.now())
            record_all(session, site.published, contact, kept.told, site.now())
            return str(kept.row.follow_up_id)

        yield site, await site.main.write(work)


async def case_in(site: StaffSite) -> Case:
    return await site.main.read(lambda session: case_of(session.exec(select(ServiceCase)).one()))


async def test_the_page_shows_the_case_and_a_scanner_changes_nothing(tmp_path: Path) -> None:
    async with case_site(tmp_path) as (site, id):
        before = await site.everything()
        page = await site.http.get(link(id))
        for verb in ("contacted", "propose", "approve", "close", "resolve", "release", "nonsense"):
            assert (await site.http.get(f"{link(id)}?do={verb}")).status_code == 200

        assert await site.everything() == before
    shown = text_of(page)
    for words in ("Case 1001: S3, open.", "Incident o-1", "first contact", "What comes next by itself", "our apology"):
        assert words in shown, words
    for verb in ("contacted", "update", "ask", "diagnose", "severity", "propose", "resolve", "close", "comment"):
        assert f'value="{verb}"' in page.text, verb
    for verb in ("complete", "snooze", "cancel", "approve", "release", "reopen"):
        assert f'value="{verb}"' not in page.text, verb


async def test_each_form_does_what_it_says(tmp_path: Path) -> None:
    async with case_site(tmp_path) as (site, id):

        async def does(verb: str, **typed: str) -> str:
            page = await site.http.get(link(id))
            answer = await site.http.post(link(id), data=posting(page, verb, **typed))
            assert answer.status_code == 303, text_of(answer)
            there = await site.http.get("/s/" + answer.headers["location"])
            return text_of(there)

        assert "The contact is noted." in await does("contacted", channel="phone", note="She is angry")
        assert "The customer knows how it stands." in await does("update", text="We look for it")
        assert "waiting for the customer since" in await does("ask", text="Where do you live?")
        assert "The answer is noted." in await does("answered", note="In Bonn")
        assert "The parcel was lost" in await does("diagnose", cause="lost-parcel")
        assert "Case 1001: S2, open." in await does("severity", severity="S2")
        assert "Your comment is saved." in await does("comment", note="Nice dog")
        assert "The case is resolved." in await does("resolve", how="accepted", text="Here it is")
        assert "The case is open again." in await does("reopen", note="Broken again")
        assert "The case is closed." in await does("close", outcome="gave_up", silent="yes")
        assert "Marketing is released." in await does("release", note="They asked for it")
        case = await case_in(site)
        told = [(name, person, data.get("note")) for name, person, data in await site.told()]

    assert (case.stage, case.outcome, case.cause, case.rounds) == ("closed", "gave_up", "lost-parcel", 2)
    assert ("case_contacted", "ada", "She is angry") in told
    assert ("case_commented", "ada", "Nice dog") in told


async def test_a_remedy_is_proposed_once_from_a_page_and_granted_by_whoever_is_asked_alone(tmp_path: Path) -> None:
    async with case_site(tmp_path) as (site, id):
        page = await site.http.get(link(id))
        form = posting(page, "propose", kind="refund", amount="120,50")
        first = await site.http.post(link(id), data=form)
        twice = await site.http.post(link(id), data=form)
        more = await site.http.post(link(id), data=form | {"amount": "130"})
        case = await case_in(site)
        [remedy] = case.remedies
        lead = remedy.asked[0]

        own = await site.http.get(f"{link(id)}?do=approve")
        forged = await site.http.post(link(id), data={"do": "approve", "remedy": remedy.id})
        foreign = await site.http.post(link(id, "bob"), data={"do": "approve", "remedy": remedy.id})
        untouched = await case_in(site)
        asked = await site.http.get(f"{link(id, lead)}?do=approve")
        yes = posting(asked, "approve")
        granted = [await site.http.post(link(id, lead), data=yes) for _ in range(2)]
        after = await case_in(site)

    assert (first.status_code, twice.status_code, more.status_code) == (303, 303, 303)
    assert str(remedy.amount) == "120.50", "one page proposes one remedy, however often it is sent"
    assert 'value="approve"' not in own.text, "nobody grants what they proposed"
    assert (forged.status_code, foreign.status_code) == (409, 409)
    assert [each.state for each in untouched.remedies] == ["asked"]
    assert "refund" not in text_of(asked) or "120.50 EUR" in text_of(asked)
    assert remedy.rule in text_of(asked)
    assert [each.status_code for each in granted] == [303, 303]
    assert [(each.state, each.decided_by) for each in after.remedies] == [("approved", lead)]


async def test_whoever_declines_says_why_and_it_stands_on_the_page(tmp_path: Path) -> None:
    async with case_site(tmp_path) as (site, id):
        page = await site.http.get(link(id))
        await site.http.post(link(id), data=posting(page, "propose", kind="refund", amount="120"))
        [remedy] = (await case_in(site)).remedies
        lead = remedy.asked[0]
        asked = await site.http.get(link(id, lead))

        silent = await site.http.post(link(id, lead), data=posting(asked, "decline"))
        done = await site.http.post(link(id, lead), data=posting(asked, "decline", note="Too much"))
        shown = text_of(await site.http.get(link(id)))

    assert (silent.status_code, done.status_code) == (422, 303)
    assert "Something is missing: Why" in text_of(silent)
    assert "declined" in shown
    assert "Too much" in shown


async def test_what_makes_no_sense_is_said_on_the_page_and_what_was_typed_is_kept(tmp_path: Path) -> None:
    async with case_site(tmp_path, "S1") as (site, id):
        page = await site.http.get(link(id))
        early = await site.http.post(link(id), data=posting(page, "resolve", how="accepted", text="Here you are"))
        too_much = await site.http.post(link(id), data=posting(page, "propose", kind="refund", amount="9999"))
        no_sum = await site.http.post(link(id), data=posting(page, "propose", kind="refund", amount="lots"))
        nothing = await site.http.post(link(id), data=posting(page, "ask"))
        unknown = await site.http.post(link(id), data={"do": "complete", "outcome": "done"})
        case = await case_in(site)

    assert [each.status_code for each in (early, too_much, no_sum, nothing, unknown)] == [409, 409, 422, 422, 409]
    assert "is not resolved without its cause" in text_of(early)
    assert "Here you are" in early.text
    assert "500 EUR" in text_of(too_much)
    assert (case.stage, case.remedies) == ("open", ())


async def test_a_link_acts_as_its_person_alone_and_leads_nowhere_when_it_is_old(tmp_path: Path) -> None:
    async with case_site(tmp_path) as (site, id):
        other = await site.http.get(link(id, "eve"))
        refused = await site.http.post(link(id, "eve"), data={"do": "close", "outcome": "x"})
        page = await site.http.get(link(id))
        await site.http.post(link(id), data=posting(page, "close", outcome="nothing_wrong", silent="yes"))
        site.moved = timedelta(days=31)
        old = await site.http.get(link(id))
        gone = await site.http.get(link(id, "zoe"))
        forged = await site.http.get("/s/" + TOKENS.make("staff", [id]))

    assert 'value="close"' not in other.text
    assert 'value="comment"' in other.text
    assert refused.status_code == 409
    assert [each.status_code for each in (old, gone, forged)] == [410, 410, 404]


async def test_an_older_link_shows_whoever_has_the_case_after_it_was_opened_again(tmp_path: Path) -> None:
    async with case_site(tmp_path) as (site, id):
        page = await site.http.get(link(id))
        await site.http.post(link(id), data=posting(page, "resolve", how="accepted"))
        page = await site.http.get(link(id))
        await site.http.post(link(id), data=posting(page, "reopen", note="Still broken"))
        again = await site.http.get(link(id))

    assert "Case 1001: S2, open." in text_of(again)
    assert 'value="contacted"' in again.text


async def test_the_page_speaks_german(tmp_path: Path) -> None:
    async with case_site(tmp_path) as (site, id):
        page = await site.http.get(link(id), headers={"Accept-Language": "de"})

    assert "Fall 1001: S3, offen." in text_of(page)
    assert "erster Kontakt" in text_of(page)


@pytest.mark.parametrize("name", CASE_WORDS)
def test_the_words_of_a_case_are_there_in_both_languages_with_the_same_blanks(name: str) -> None:
    import re

    said = CASE_WORDS[name]
    assert set(said) == {"en", "de"}
    assert len({frozenset(re.findall(r"\{(\w+)\}", text)) for text in said.values()}) == 1
    assert name not in WORDS


async def test_nobody_answering_keeps_what_was_typed_to_be_sent_again(tmp_path: Path) -> None:
    async with case_site(tmp_path) as (site, id):
        page = await site.http.get(link(id))
        form = posting(page, "propose", kind="refund", amount="120")
        site.desk.away = True
        away = await site.http.post(link(id), data=form)
        site.desk.away = False
        again = [await site.http.post(link(id), data=form) for _ in range(2)]
        case = await case_in(site)

    assert away.status_code == 503
    assert 'name="amount" value="120"' in away.text
    assert [each.status_code for each in again] == [303, 303]
    assert len(case.remedies) == 1


async def test_a_company_without_a_policy_any_more_still_shows_its_case(tmp_path: Path) -> None:
    async with case_site(tmp_path) as (site, id):
        files = {**PEOPLE, "policies/teams.yaml": TEAMS}
        await site.main.write(lambda session: publish(session, files, {}, site.now() + timedelta(seconds=1)))

        assert (await site.http.get(link(id))).status_code == 200


async def test_whoever_is_asked_is_told_what_was_written_about_it_until_it_is_decided(tmp_path: Path) -> None:
    async with case_site(tmp_path) as (site, id):
        page = await site.http.get(link(id))
        await site.http.post(link(id), data=posting(page, "propose", kind="refund", amount="120", note="She cried"))

        def told(session: Session) -> tuple[Occasion, Occasion | str | None]:
            policies = site.published.policies(session)
            notes = session.exec(select(StaffNote).order_by(col(StaffNote.at), col(StaffNote.id))).all()
            approval = next(each for each in notes if each.about == "approval")
            given = next(each for each in notes if each.about == "assigned")
            found = [occasion_of(session, policies, each, site.now()) for each in (approval, given)]
            assert found[0] is not None
            return found[0], found[1]

        approval, given = await site.main.read(told)
        asked = await site.http.get(link(id, str(approval.person)))
        await site.http.post(link(id, str(approval.person)), data=posting(asked, "decline", note="Too much"))
        later, _ = await site.main.read(told)

    names = context(approval, "https://x.example/s/t")
    assert (names["remedy"]["note"], names["remedy"]["worth"], names["case"]["number"]) == (
        "She cried",
        "120 EUR",
        1001,
    )
    assert names["remedy"]["rule"]
    assert {"approve_url", "decline_url"} <= set(names["case"])
    assert isinstance(given, Occasion)
    assert given.task.title == "Case 1001 (S3): The parcel was lost"
    assert case_idle("approval", later.data, later.case) == "the remedy was decided meanwhile"


async def test_the_list_of_the_day_names_the_promise_that_is_next_and_what_waits_for_a_yes(tmp_path: Path) -> None:
    async with case_site(tmp_path) as (site, id):
        page = await site.http.get(link(id))
        await site.http.post(link(id), data=posting(page, "propose", kind="refund", amount="120"))
        [remedy] = (await case_in(site)).remedies

        def said(person: str) -> tuple[str, str]:
            def read(session: Session) -> tuple[str, str]:
                digest = read_digest(session, site.published.policies(session), person, site.now())
                return digest_subject(digest), "\n".join(digest_lines(digest, lambda each: f"/s/{each}"))

            return site.main.read_now(read)

        owner, approver = said("ada"), said(str(remedy.approver))
        asked = await site.http.get(link(id, str(remedy.approver)))
        await site.http.post(link(id, str(remedy.approver)), data=posting(asked, "approve"))
        after = said(str(remedy.approver))

    assert "Case 1001 (S3): The parcel was lost" in owner[1]
    assert "acknowledgement due" in owner[1]
    assert "for your yes" not in owner[0]
    assert "1 for your yes" in approver[0]
    assert "Case 1001 (S3): your money back, 120 EUR for The parcel was lost" in approver[1]
    assert f"/s/{id}" in approver[1]
    assert "Waits for your yes" not in after[1]
