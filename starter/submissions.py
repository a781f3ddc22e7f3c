"""`POST /forms/{source}/{form}` for form services, `POST /f/{form}` for browsers.

The order is fixed: raw body under a cap, signature over those bytes, only then parsing. Answers are kept as they came
(cleaned); what they mean is decided when they are drained, by the same form file that is asked here.
"""

import logging
from urllib.parse import urlsplit, urlunsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from domain.answers import clean_line
from domain.forms import FormMapping, NotThatForm, read_answers
from records.models import Inbox
from starter.forms.base import Delivery, NotASubmission, Source, inbox_key
from starter.forms.html import Html
from starter.forms.known import SOURCES
from starter.pages import page
from starter.site import Declined, Site

logger = logging.getLogger(__name__)

BROWSER = Html()
THANKS = "/thanks"
_ANSWERS: dict[int | str, dict[str, str]] = {
    200: {"description": "a repeat of one we have"},
    202: {"description": "it is on disk"},
    401: {"description": "the signature is not made with a secret of this form"},
    404: {"description": "there is no such source or form"},
    413: {"description": "too large"},
    422: {"description": "not a submission of that form; the error says why"},
    503: {"description": "it cannot be kept now; send it again after Retry-After seconds"},
}
_BROWSER_ANSWERS: dict[int | str, dict[str, str]] = {
    303: {"description": "to the form's thank-you page"},
    **{status: _ANSWERS[status] for status in (404, 413, 422, 503)},
}
_ANY_JSON = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}
_ANY_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}
            for kind in ("application/x-www-form-urlencoded", "multipart/form-data")
        },
    }
}


def routes(site: Site) -> APIRouter:
    """Return the endpoints through which submissions come in."""
    router = APIRouter(tags=["forms"])

    @router.post("/forms/{source}/{form}", status_code=202, responses=_ANSWERS, openapi_extra=_ANY_JSON)
    async def submission_from_a_service(source: str, form: str, request: Request) -> Response:
        fresh = await _take_from_service(site, source, form, request)
        return JSONResponse({"status": "accepted" if fresh else "repeated"}, 202 if fresh else 200)

    @router.post("/f/{form}", status_code=303, responses=_BROWSER_ANSWERS, openapi_extra=_ANY_FORM)
    async def submission_from_a_browser(form: str, request: Request) -> Response:
        mapping = await _take_from_browser(site, form, request)
        return RedirectResponse(mapping.thank_you or THANKS, status_code=303)

    @router.get(THANKS, include_in_schema=False)
    async def thanks() -> Response:
        return page("thanks")

    return router


async def _take_from_service(site: Site, source_name: str, form: str, request: Request) -> bool:
    source, mapping = _known(site, source_name, form)
    secrets = site.config.secrets_of(source_name, form)
    if not secrets and not site.config.unsigned_forms:
        raise Declined(
            401,
            f"no secret is set for {source_name}/{form}, so nothing can be believed; add one to RAPPORT_FORM_SECRETS, "
            "or set RAPPORT_FORMS_UNSIGNED=1 to try things out",
        )
    raw = await site.read_body(request, mapping.most_bytes)
    if secrets and not source.verify(request.headers, raw, secrets):
        raise Declined(401, f"the signature does not fit; sign the raw body with the secret of {source_name}/{form}")
    return await _keep(site, source, form, mapping, _read(source, raw, request))


async def _take_from_browser(site: Site, form: str, request: Request) -> FormMapping:
    mapping = site.mappings().get(form)
    if mapping is None or mapping.source not in (None, BROWSER.name):
        raise Declined(404, "there is no such form here; check the address the form is sent to")
    delivery = _read(BROWSER, await site.read_body(request, mapping.most_bytes), request)
    if delivery.answers.pop(mapping.honeypot, None):
        # The robot is answered like anybody else, so that it learns nothing.
        logger.info("form %s: the hidden field was filled in; not kept", form)
    else:
        await _keep(site, BROWSER, form, mapping, delivery, page_of(request.headers.get("referer", "")))
    return mapping


def _known(site: Site, source_name: str, form: str) -> tuple[Source, FormMapping]:
    source, mapping = SOURCES.get(source_name), site.mappings().get(form)
    if source is None:
        raise Declined(404, f"there is no such form source; there are {', '.join(sorted(SOURCES))}")
    if not source.signed:
        raise Declined(404, "browsers send their forms to /f/ and the form's name; use that address")
    if mapping is None:
        raise Declined(404, "there is no such form; it needs a file in policies/forms/")
    if mapping.source not in (None, source_name):
        raise Declined(404, f"this form comes from {mapping.source}; send it to /forms/{mapping.source}/{form}")
    return source, mapping


def _read(source: Source, raw: bytes, request: Request) -> Delivery:
    try:
        return source.read(raw, request.headers)
    except NotASubmission as error:
        raise Declined(422, str(error)) from None


def page_of(referer: str) -> str | None:
    """Return the page a form stands on, without what may follow `?` and `#`: that may say who somebody is.

    >>> page_of("https://www.acme.example/news?mail=ann@acme.example"), page_of("javascript:x"), page_of("https://[")
    ('https://www.acme.example/news', None, None)
    """
    try:
        parts = urlsplit(referer)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    return clean_line(urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")), 500)


async def _keep(
    site: Site, source: Source, form: str, mapping: FormMapping, delivery: Delivery, page: str | None = None
) -> bool:
    try:
        read_answers(mapping, delivery.answers)
    except NotThatForm as error:
        raise Declined(422, str(error)) from None
    [fresh] = await site.keep([_row(site, source, form, mapping, delivery, page)])
    return fresh


def _row(site: Site, source: Source, form: str, mapping: FormMapping, delivery: Delivery, page: str | None) -> Inbox:
    submitted_at = delivery.submitted_at.isoformat() if delivery.submitted_at else None
    return Inbox(
        key=inbox_key(source.name, form, delivery.key),
        kind="form",
        source=source.name,
        form=form,
        urgent=mapping.complaint,
        received_at=site.clock(),
        body={
            "answers": delivery.answers,
            "submitted_at": submitted_at,
            "delivery": delivery.key,
            "submission": delivery.submission,
            **({"page": page} if page else {}),
        },
    )
