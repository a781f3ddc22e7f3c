"""`/s/{token}`: GET shows a follow-up to whoever the mail was written to and changes nothing, POST does what they say.

The one thing to know: the token is what allows it, so it stands in the path and in no log. Mail scanners open every
link, with every `?do=`; that only opens the form. What is posted twice is done once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from domain.case_links import CASE_VERBS
from domain.follow_up_actions import Accept, Action, Cancel, Comment, Complete, PutOff, Reassign, refused
from domain.recovery_actions import CaseAction
from domain.recovery_doing import refused as case_refused
from domain.staff_links import PURPOSE, VERBS, StaffLink, is_of_use, offers
from records.task_page import TaskPage, task_page
from starter.acting import OutOfReach, Refused
from starter.case_form import read_case_form
from starter.case_sheet import offers_of
from starter.forms.base import NotASubmission
from starter.forms.html import form_pairs
from starter.linked import looked_up, preferred, spoken
from starter.pages import page
from starter.site import RETRY_AFTER, Acts, Site
from starter.staff_form import Incomplete, Posted, actions, posted
from starter.staff_view import Sheet
from starter.staff_words import staff_words

MOST_BYTES = 64 * 1024
"""A note of 4,000 characters of four bytes each, percent-encoded, is 48 kB."""

PATIENCE = 8.0
"""So many seconds the page waits for the database: without it there is nothing to show."""

ON_A_TASK = (Accept, Complete, PutOff, Reassign, Comment, Cancel)

_LOOKED: dict[int | str, dict[str, str]] = {
    200: {"description": "a page that shows the task; nothing is changed"},
    404: {"description": "the link is none of ours"},
    410: {"description": "the link is not of use any more"},
    503: {"description": "the task cannot be shown now; try again after Retry-After seconds"},
}
_ACTED: dict[int | str, dict[str, str]] = {
    303: {"description": "it is done; the page of the task says so"},
    404: {"description": "the link is none of ours"},
    409: {"description": "it makes no sense as things stand, and nothing was done; the page says why"},
    410: {"description": "the link is not of use any more"},
    413: {"description": "more than 64 kB"},
    422: {"description": "something is missing, and nothing was done; the page says what, and keeps what was typed"},
    503: {"description": "nobody answered in time; the same form can be sent again, and is done once"},
}


@dataclass(frozen=True)
class Seen:
    """A link that leads somewhere: what is there, and who acts by it."""

    token: str
    task: TaskPage
    by: str
    lang: str


def routes(site: Site) -> APIRouter:
    """Return the page behind every link to our people."""
    router = APIRouter(tags=["links"])

    @router.get("/s/{token}", status_code=200, responses=_LOOKED)
    async def show_the_task(token: str, request: Request) -> Response:
        seen = await _seen(site, token, request)
        if isinstance(seen, Response):
            return seen
        asked, did = request.query_params.get("do"), request.query_params.get("did", "")
        verb, _, key = did.partition(".")
        was_done = verb in (*VERBS, *CASE_VERBS) and key in seen.task.told
        notice = staff_words(seen.lang)[f"did_{verb}"] if was_done else ""
        return page("task", **_sheet(site, seen, asked).values(notice))

    @router.post("/s/{token}", status_code=303, responses=_ACTED)
    async def do_what_they_say(token: str, request: Request) -> Response:
        raw = await site.read_body(request, MOST_BYTES)
        pairs = _pairs(raw, request.headers.get("content-type", ""))
        link = StaffLink.read(site.tokens.read(PURPOSE, token))
        whose = None if link is None else f"{link.follow_up}/{link.person or ''}"
        form = posted(token, pairs or [], site.clock(), request.query_params.get("do"), whose)
        seen = await _seen(site, token, request, form.again)
        if isinstance(seen, Response):
            return seen
        if pairs is None:
            return _not_done(site, seen, form, 422, staff_words(seen.lang)["unreadable"])
        return await _done(site, seen, form)

    return router


async def _seen(site: Site, token: str, request: Request, again: Sequence[tuple[str, str]] = ()) -> Seen | Response:
    """Return what a link leads to, or the page that says that it leads nowhere."""
    link = StaffLink.read(site.tokens.read(PURPOSE, token))
    lang = preferred(request)
    if link is None:
        return _no_task("unknown_link", "unknown_then", lang or "en", 404)
    now = site.clock()
    found = await looked_up(site, lambda session: [task_page(session, site.published, link.follow_up, now)], PATIENCE)
    if found is None:
        which = "away_look" if request.method == "GET" else "away_nothing"
        return _no_task("away", which, lang or "en", 503, again)
    [task] = found
    by = link.actor(task.state, task.staff) if task is not None and is_of_use(task.state, now) else None
    if task is None or by is None:
        return _no_task("over", "over_then", lang or "en", 410)
    person = task.staff.policy.people.get(by)
    return Seen(token, task, by, lang or spoken(person.languages if person is not None else ()))


async def _done(site: Site, seen: Seen, form: Posted) -> Response:
    """Do what was posted, unless it is done already; or return the page that says why not."""
    say, state, staff = staff_words(seen.lang), seen.task.state, seen.task.staff
    if form.key in seen.task.told:
        return _there(seen, form)
    of_case = offers_of(seen.task, seen.by)
    possible = of_case if form.verb in of_case else offers(state, seen.by, staff, site.clock())
    over = state.ended_at is not None and not of_case
    if over and form.verb in VERBS and form.verb not in possible:
        return _not_done(site, seen, form, 409, say["is_over"])
    try:
        wanted = _wanted(seen, form)
    except Incomplete as error:
        more = {name: say.get(str(each), each) for name, each in error.more.items()}
        return _not_done(site, seen, form, 422, say[error.said].format(**more))
    except ValueError as error:
        return _not_done(site, seen, form, 422, str(error), "en")
    if form.verb not in possible and not form.is_begun(seen.task.told):
        why = _refused(seen, wanted[0], site.clock())
        if why is not None:
            return _not_done(site, seen, form, 409, why, "en")
        who = _sheet(site, seen).name(state.assignee) if state.assignee is not None else say["nobody_named"]
        return _not_done(site, seen, form, 409, say["is_not_yours"].format(who=who))
    return await _act(site, seen, form, wanted)


def _wanted(seen: Seen, form: Posted) -> Sequence[Action | CaseAction]:
    """Return what is to be done, one after the other. Raises `Incomplete`, ValueError."""
    of_case = seen.task.case is not None and form.verb in CASE_VERBS
    if form.verb is not None and of_case:
        return (read_case_form(form.verb, form.typed, seen.by),)
    if form.verb in CASE_VERBS and form.verb not in VERBS:
        raise Incomplete("what_to_do")
    return actions(form, seen.by, seen.task.state, seen.task.staff.clock)


def _refused(seen: Seen, wanted: Action | CaseAction, now: datetime) -> str | None:
    """Return why something that is not offered makes no sense; None if it does, for somebody else."""
    if not isinstance(wanted, ON_A_TASK):
        view = seen.task.case.view if seen.task.case is not None else None
        assert view is not None, "only who looks at a case acts on one"
        return case_refused(view.state, wanted, view.ground) if view.state is not None else None
    return refused(seen.task.state, wanted, seen.task.staff, now)


async def _act(site: Site, seen: Seen, form: Posted, wanted: Sequence[Action | CaseAction]) -> Response:
    """Have it done; return the page that says so, or why not, or that nobody has answered."""
    id = seen.task.id
    if site.desk is None:
        return _no_task("away", "away_nothing", seen.lang, 503, form.again)
    try:
        for key, action in zip(form.keys(len(wanted)), wanted, strict=True):
            await _ask(site.desk, seen.task, action, key)
    except Refused as error:
        now = await looked_up(site, lambda session: task_page(session, site.published, id, site.clock()), PATIENCE)
        return _not_done(site, replace(seen, task=now or seen.task), form, 409, str(error), "en")
    except OutOfReach as error:
        return _no_task("away", "away_maybe" if error.maybe_done else "away_nothing", seen.lang, 503, form.again)
    return _there(seen, form)


async def _ask(desk: Acts, task: TaskPage, action: Action | CaseAction, key: str) -> None:
    if isinstance(action, ON_A_TASK):
        await desk.act(task.id, action, key)
    elif task.case is not None:
        await desk.act_on_case(task.case.view.row.id, action, key)


def _there(seen: Seen, form: Posted) -> Response:
    # Beside this page, wherever a proxy has put it.
    return RedirectResponse(f"{seen.token}?did={form.verb}.{form.key}", 303)


def _not_done(site: Site, seen: Seen, form: Posted, status: int, why: str, why_lang: str | None = None) -> Response:
    """Return the page again, with why nothing was done and what was typed."""
    return page("task", status, **_sheet(site, seen, form.verb, form).values(problem=why, problem_lang=why_lang))


def _sheet(site: Site, seen: Seen, asked: str | None = None, form: Posted | None = None) -> Sheet:
    typed = form.typed if form is not None else {}
    return Sheet(seen.task, seen.by, site.clock(), seen.lang, uuid4().hex, asked, typed)


def _pairs(raw: bytes, content_type: str) -> list[tuple[str, str]] | None:
    """Return the fields of a form, none of an empty body; None if it did not arrive as it was sent."""
    if not raw:
        return []
    try:
        pairs = form_pairs(raw, content_type)
    except NotASubmission:
        return None
    # What was no UTF-8 would be kept with holes in it.
    return None if any("\ufffd" in text for pair in pairs for text in pair) else pairs


def _no_task(which: str, then: str, lang: str, status: int, again: Sequence[tuple[str, str]] = ()) -> Response:
    said = {"lang": lang, "say": staff_words(lang), "which": which, "then": then, "pairs": again}
    answer = page("no-task", status, **said)
    answer.headers.update(RETRY_AFTER if status == 503 else {})
    return answer
