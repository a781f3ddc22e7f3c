"""`/q/{token}`: GET shows the survey, with a score chosen already where the link names one, and writes nothing.

Programs that look at mail open every link, so only the button is an answer. Sent again it is a changed answer, for as
long as the policy says; the last one counts. Without the main database the page asks with the words as delivered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from json import dumps
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from domain.facts import Event
from domain.survey_policy import SCALES, Survey, Surveys
from domain.survey_words import KEPT, effort, ends, language_of, question, thanks
from domain.surveys import MOST_WORDS, PURPOSE, Link, Said, event_data, read_answer, score_on
from records.inbox import answers_by_page
from records.inbox_models import Inbox
from records.models import Contact
from records.surveys import ANSWERED, case_asked_about, somebody_calls
from starter.linked import Reader, looked_up, reader_of
from starter.pages import link_page
from starter.site import Site
from starter.survey_page import survey_words
from starter.unsubscribing import fields_of

SOURCE = "survey-page"
# A comment of the greatest length takes so much at most: four bytes a character, three for each byte in a form.
MOST_BYTES = 32 * 1024
_ANSWERS: dict[int | str, dict[str, str]] = {
    200: {"description": "a page; the answer is on disk, if the token is one of ours and not too old"},
    503: {"description": "it cannot be kept now; try again after Retry-After seconds"},
}
Kept = list[tuple[datetime, dict[str, Any]]]


@dataclass(frozen=True)
class Asked:
    """A survey as somebody comes to it: their link, who they are, and what they answered before."""

    link: Link
    reader: Reader
    kept: Kept

    @property
    def policy(self) -> Surveys:
        return self.reader.known.policies.surveys if self.reader.known is not None else Surveys()

    @property
    def survey(self) -> Survey:
        return self.link.asks(self.policy)

    @property
    def first(self) -> datetime | None:
        """When they answered first."""
        return self.kept[0][0] if self.kept else None

    @property
    def said(self) -> Mapping[str, Any]:
        """What they answered last."""
        return self.kept[-1][1].get("said", {}) if self.kept else {}


def routes(site: Site) -> APIRouter:
    """Return the page of every survey."""
    router = APIRouter(tags=["links"])

    @router.get("/q/{token}", responses={200: {"description": "a page with the questions; nothing is written"}})
    async def ask(token: str, request: Request) -> Response:
        asked = await _asked(site, token, request)
        if isinstance(asked, Response):
            return asked
        chosen = score_on(asked.survey, request.query_params.get("score"))
        shown = {name: _field(value) for name, value in asked.said.items()}
        return _page(asked, shown if chosen is None else shown | {"score": str(chosen)})

    @router.post("/q/{token}", responses=_ANSWERS)
    async def answer(token: str, request: Request) -> Response:
        raw = await site.read_body(request, MOST_BYTES)
        posted = dict(fields_of(raw, request.headers.get("content-type", "")))
        asked = await _asked(site, token, request)
        if isinstance(asked, Response):
            return asked
        said = read_answer(asked.survey, posted)
        if said is None:
            return _page(asked, posted, survey_words(asked.reader.lang)["choose"])
        now = site.clock()
        if said.data() != asked.said:
            await site.keep([_row(asked.link, said, now)])
        calls = await _somebody_calls(site, asked, said, now)
        return _thanks(asked, request.url.path, calls, asked.first or now)

    return router


async def _asked(site: Site, token: str, request: Request) -> Asked | Response:
    """Return what somebody is asked by a link, or the page that says why they are not."""
    link = Link.read(site.tokens.read(PURPOSE, token))
    reader = await reader_of(site, request, link.contact if link is not None else None)
    if link is None or reader.gone:
        return link_page("unknown", reader.lang)
    asked = Asked(
        link, reader, await site.inbox.read(lambda session: answers_by_page(session, link.contact, link.message))
    )
    if not link.can_be_answered(asked.policy, asked.first, site.clock()):
        return link_page("survey-over", reader.lang, ask=survey_words(reader.lang), answered=bool(asked.kept))
    return asked


def _page(asked: Asked, shown: Mapping[str, str], notice: str = "") -> Response:
    lang = asked.reader.lang
    return link_page(
        "survey",
        lang,
        ask=survey_words(lang),
        notice=notice,
        before=bool(asked.kept),
        fields=list(_fields(asked.survey, lang, shown)),
        comment=shown.get("comment", "")[:MOST_WORDS],
        most=MOST_WORDS,
    )


def _fields(survey: Survey, lang: str, shown: Mapping[str, str]) -> Sequence[dict[str, Any]]:
    """Return the questions, each with its options and what is chosen of them."""
    ours, say = language_of(lang), survey_words(lang)
    scores = _asks("score", question(survey, ours), [str(each) for each in survey.scores], shown)
    first = scores | {"ends": ends(survey, ours), "required": True}
    if survey.kind != "case":
        return [first]
    easy, *agrees = effort(ours)
    least, most = SCALES["effort"]
    second = _asks("effort", easy, [str(each) for each in range(least, most + 1)], shown) | {"ends": agrees}
    third = _asks("kept", KEPT[ours], ["yes", "no"], shown)
    return [first, second, third | {"options": [(each, say[each]) for each in ("yes", "no")]}]


def _asks(name: str, asked: str, options: Sequence[str], shown: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "question": asked,
        "options": [(each, each) for each in options],
        "value": shown.get(name, ""),
        "ends": None,
        "required": False,
    }


def _field(value: Any) -> str:
    """Return an answer as its field of the page has it."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _thanks(asked: Asked, path: str, calls: bool, first: datetime) -> Response:
    lang, zone = asked.reader.lang, ZoneInfo(asked.reader.known.zone if asked.reader.known is not None else "UTC")
    # The last day on the whole of which it can be changed.
    last = max(first, first + asked.policy.change_within.elapsed() - timedelta(days=1)).astimezone(zone)
    return link_page(
        "survey-thanks",
        lang,
        ask=survey_words(lang),
        thanks=thanks(asked.survey, language_of(lang)),
        calls=calls,
        again=path,
        day=format_date(last, "long", locale=lang),
    )


async def _somebody_calls(site: Site, asked: Asked, said: Said, now: datetime) -> bool:
    """Whether they hear from a person, as far as it can be known now: nobody is promised what nobody will do."""
    known = asked.reader.known
    if known is None or known.blank:
        return False
    data = event_data(asked.link, asked.policy, said.data())

    def look(session: Session) -> bool:
        contact = session.get(Contact, asked.link.contact)
        if contact is None:
            return False
        case = case_asked_about(session, contact.id, asked.link.message)
        event = Event(0, ANSWERED, now, data | ({"case": case.id} if case is not None else {}))
        return somebody_calls(session, known.policies, contact, event, case, now)

    return bool(data["low"]) and await looked_up(site, look) is True


def _row(link: Link, said: Said, now: datetime) -> Inbox:
    # Pressed twice it is one answer; who changes their mind back and forth within a second has the first word.
    named = sha256(dumps(said.data(), sort_keys=True).encode(errors="replace")).hexdigest()[:16]
    return Inbox(
        key=f"survey/{link.message}/{named}/{now.isoformat(timespec='seconds')}",
        kind="survey",
        source=SOURCE,
        contact_id=link.contact,
        received_at=now,
        body={"contact": link.contact, "link": link.parts(), "said": said.data()},
    )
