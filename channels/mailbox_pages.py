"""The local mail server's window: what arrived, for people and for scripts.

Mail is hostile: its HTML is shown in a sandboxed frame without scripts, under a policy that loads nothing of its own
accord but pictures, and the pages answer to local host names only, so that no other site's page can read them.
"""

from jinja2 import DictLoader, Environment
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from channels.mailbox_store import Mailbox, NotKept

LETTERS_PER_PAGE = 100
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; form-action 'none';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

# Links of the letter open beside it; the frame itself goes nowhere.
_LINKS_OPEN_BESIDE = '<base target="_blank">'

_PAGES = {
    "base": """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{% block title %}{% endblock %}</title>
<style>
 :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
 body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
 h1 { font-size: 1.4rem; margin: 0 0 1rem; overflow-wrap: anywhere }
 a { color: inherit }
 table { border-collapse: collapse; width: 100% }
 td, th { text-align: left; padding: .45rem .6rem; border-bottom: 1px solid #8884; vertical-align: top }
 td { overflow-wrap: anywhere }
 th, time, .quiet { opacity: .7; font-weight: normal }
 th, time { white-space: nowrap }
 .quiet { overflow-wrap: anywhere }
 @media (max-width: 40rem) {
  th { display: none }
  td { display: block; padding: .1rem 0; border: 0 }
  td:first-child { padding-top: .6rem; border-top: 1px solid #8884 }
 }
 pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #8884; border-radius: .4rem; padding: 1rem }
 iframe { width: 100%; height: 36rem; border: 1px solid #8884; border-radius: .4rem; background: #fff }
 h2 { font-size: 1rem; margin: 1.5rem 0 .4rem }
</style></head><body>{% block body %}{% endblock %}</body></html>""",
    "list": """{% extends "base" %}{% block title %}Mail kept here{% endblock %}{% block body %}
<h1>Mail kept here{% if to %} for {{ to }}{% endif %} <span class="quiet">({{ total }})</span></h1>
{% if letters %}<table>
<tr><th>received (UTC)</th><th>to</th><th>subject</th></tr>
{% for letter in letters %}<tr>
 <td><time>{{ letter.received_at.strftime("%Y-%m-%d %H:%M:%S") }}</time></td>
 <td><a href="/?to={{ letter.recipient|urlencode }}">{{ letter.recipient }}</a></td>
 <td><a href="/{{ letter.number }}">{{ letter.subject or "(no subject)" }}</a></td></tr>
{% endfor %}</table>
{% if older %}<p><a href="/?before={{ older }}{% if to %}&amp;to={{ to|urlencode }}{% endif %}">older mail</a></p>
{% endif %}
{% else %}<p>Nothing has arrived yet.</p>{% endif %}
{% endblock %}""",
    "letter": """{% extends "base" %}{% block title %}{{ letter.kept.subject }}{% endblock %}{% block body %}
<p><a href="/">all mail</a> · <a href="/{{ letter.kept.number }}/raw">as received</a></p>
<h1>{{ letter.kept.subject or "(no subject)" }}</h1>
<p class="quiet">{{ letter.kept.received_at.strftime("%Y-%m-%d %H:%M:%S") }} UTC · for {{ letter.kept.recipient }}
 · envelope from {{ letter.kept.sender or "<>" }} · {{ letter.kept.size }} bytes</p>
{% if letter.html is not none %}<h2>HTML</h2>
<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" title="the message"
 srcdoc="{{ links_open_beside }}{{ letter.page }}"></iframe>{% endif %}
{% if letter.text is not none %}<h2>Text</h2><pre>{{ letter.text }}</pre>{% endif %}
{% if letter.attachments %}<h2>Attachments</h2>
<ul>{% for name in letter.attachments %}<li>{{ name }}</li>{% endfor %}</ul>
{% endif %}
<h2>Headers</h2><table>{% for name, value in letter.headers %}
<tr><th>{{ name }}</th><td>{{ value }}</td></tr>{% endfor %}</table>
{% endblock %}""",
    "missing": """{% extends "base" %}{% block title %}Not kept{% endblock %}{% block body %}
<h1>There is no such message here.</h1><p><a href="/">all mail</a></p>{% endblock %}""",
}


def mailbox_app(mailbox: Mailbox) -> Starlette:
    """Return the pages and the JSON of a mailbox as an ASGI application."""
    window = _Window(mailbox)
    paths = {
        "/": window.index,
        "/messages.json": window.letters_json,
        "/messages/{number:int}.json": window.letter_json,
        "/{number:int}": window.letter,
        "/{number:int}/raw": window.raw,
    }
    return Starlette(
        routes=[Route(path, endpoint, methods=["GET"]) for path, endpoint in paths.items()],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
        exception_handlers={NotKept: window.missing, 404: window.missing},
    )


class _Window:
    """What is shown at each path."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        # Autoescape also writes the letter's HTML into the frame's attribute.
        self._pages = Environment(loader=DictLoader(_PAGES), autoescape=True)

    def index(self, request: Request) -> Response:
        to = request.query_params.get("to")
        before = request.query_params.get("before", "")[:12]
        letters = list(reversed(self._mailbox.list(to)))
        below = [kept for kept in letters if not before.isdecimal() or kept.number < int(before)]
        shown = below[:LETTERS_PER_PAGE]
        older = shown[-1].number if len(below) > len(shown) else None
        return self._page("list", letters=shown, total=len(letters), to=to, older=older)

    def letter(self, request: Request) -> Response:
        opened = self._mailbox.get(request.path_params["number"])
        return self._page("letter", letter=opened, links_open_beside=_LINKS_OPEN_BESIDE)

    def raw(self, request: Request) -> Response:
        body = self._mailbox.raw(request.path_params["number"])
        return Response(body, media_type="text/plain; charset=utf-8", headers=HEADERS)

    def letters_json(self, request: Request) -> Response:
        letters = self._mailbox.list(request.query_params.get("to"))
        return JSONResponse([kept.as_json() for kept in letters], headers=HEADERS)

    def letter_json(self, request: Request) -> Response:
        return JSONResponse(self._mailbox.get(request.path_params["number"]).as_json(), headers=HEADERS)

    def missing(self, request: Request, error: Exception) -> Response:
        if request.url.path.endswith(".json"):
            return JSONResponse({"error": str(error)}, 404, HEADERS)
        return self._page("missing", 404)

    def _page(self, name: str, status: int = 200, **values: object) -> Response:
        return HTMLResponse(self._pages.get_template(name).render(**values), status, HEADERS)
