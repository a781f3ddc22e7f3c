"""The pages a visitor or a customer sees: plain, self-contained, readable by any browser and any screen reader.

Everything is escaped. A page loads nothing and runs nothing, and its content security policy says so.
"""

from base64 import b64encode
from hashlib import sha256
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from starter.link_pages import LINK_PAGES
from starter.link_words import words
from starter.staff_link_page import STAFF_PAGES
from starter.survey_page import SURVEY_PAGES

STYLE = """
:root { color-scheme: light dark; }
body { font: 1.0625rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: min(12vh, 5rem) auto 4rem;
  padding: 0 1.25rem; background: #fafaf8; color: #1c1c1a; }
h1 { font-size: 1.5rem; line-height: 1.25; }
form { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0; }
button { font: inherit; padding: .6rem 1.1rem; border: 1px solid #1c1c1a; border-radius: .4rem; cursor: pointer;
  background: #1c1c1a; color: #fafaf8; }
button.quiet { background: transparent; color: inherit; }
a { color: inherit; }
fieldset { border: 1px solid #b9b8b2; border-radius: .4rem; padding: .25rem 1rem .75rem; margin: 0 0 .75rem; }
legend { padding: 0 .35rem; overflow-wrap: anywhere; }
label { display: inline-block; padding: .35rem 1.25rem .35rem 0; }
select { font: inherit; max-width: 100%; padding: .35rem; }
form.page { display: block; }
.notice { border-left: 4px solid #2563eb; padding: .1rem 0 .1rem .9rem; }
.problem { border-color: #b3261e; }
.small { font-size: .875rem; opacity: .8; }
:is(input:not([type=radio]), textarea) { font: inherit; box-sizing: border-box; width: 100%; padding: .45rem .6rem; }
:is(form, p) > label:not(:has(input, select)) { display: block; padding: .35rem 0; }
details { border: 1px solid #b9b8b2; border-radius: .4rem; margin: .6rem 0; padding: 0 1rem; }
details form { margin: .75rem 0; }
summary { cursor: pointer; margin: 0 -1rem; padding: .7rem 1rem; font-weight: 600; }
.choices { display: flex; flex-wrap: wrap; gap: .5rem; }
.lines { list-style: none; padding: 0; }
.lines li { border-top: 1px solid #b9b8b2; padding: .45rem 0; overflow-wrap: anywhere; }
.lines .small { display: block; }
th { text-align: left; font-weight: normal; opacity: .8; padding: .2rem .9rem .2rem 0; vertical-align: top; }
th + td { padding: .2rem 0; overflow-wrap: anywhere; }
:is(button, input, select, textarea, summary, a):focus-visible { outline: 3px solid #2563eb; outline-offset: 2px; }
table { border-collapse: collapse; }
td:first-child { min-width: 5.5rem; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .25rem; overflow-wrap: anywhere; }
h2 + p { margin: 0 0 .5rem; }
table + table { margin-top: .75rem; }
td { padding: .35rem .9rem .35rem 0; vertical-align: top; }
code { font-size: .9em; }
.scores { display: grid; grid-template-columns: repeat(auto-fill, minmax(4.5rem, 1fr)); gap: .4rem; margin: .5rem 0; }
.scores label { border: 1px solid #8a8982; border-radius: .4rem; padding: .55rem .6rem;
  cursor: pointer; white-space: nowrap; }
.scores label:has(:checked) { border-color: #2563eb; box-shadow: inset 0 0 0 1px #2563eb; font-weight: 600; }
.scores input { margin: 0 .3rem 0 0; }
.ends { display: flex; justify-content: space-between; gap: 1rem; margin: 0; }
.asked fieldset { min-width: 0; border: 0; padding: 0; margin: 0 0 1.75rem; }
.asked legend { font-weight: 600; padding: 0; }
@media (prefers-color-scheme: dark) {
  body { background: #1c1c1a; color: #f1f0ec; }
  button { background: #f1f0ec; color: #1c1c1a; border-color: #f1f0ec; }
}
"""
_STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_SHELL = """<!doctype html>
<html lang="{{ lang | default('en') }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{% block title %}{{ title }}{% endblock %}</title>
<style>{{ style }}</style>
</head>
<body>
<main>
<h1>{{ self.title() }}</h1>
{% block body %}{% endblock %}
</main>
</body>
</html>
"""

_THANKS = """{% extends "shell" %}{% block title %}Thank you{% endblock %}
{% block body %}<p>We have received what you sent. You can close this page.</p>{% endblock %}"""

_REFUSED = """{% extends "shell" %}{% block title %}This could not be sent{% endblock %}
{% block body %}<p>{{ what | sentence }}</p>
<p>Go back with your browser's <em>Back</em> button: what you have written is still there.</p>{% endblock %}"""

_NOWHERE = """{% extends "shell" %}{% block title %}This link leads nowhere{% endblock %}
{% block body %}<p>It is not complete, or it never was one of ours. Please open it once more from the e-mail.
</p>{% endblock %}"""

_TRAP = """{% extends "shell" %}{% block title %}There is nothing here{% endblock %}
{% block body %}<p>No person sees the link to this page: by it we tell programs that open every link from the people we
write to.</p>{% endblock %}"""

_PROBLEM = """{% extends "shell" %}{% block title %}Please try again in a moment{% endblock %}
{% block body %}<p>{{ what | sentence }}</p>{% endblock %}"""

_REFERENCE = """{% extends "shell" %}{% block title %}Rapport: the HTTP interface{% endblock %}
{% block body %}<p>The same for machines: <a href="/openapi.json">OpenAPI</a>.</p>
{% for row in rows %}
<h2><code>{{ row.method }} {{ row.path }}</code></h2>
<p>{{ row.summary }}</p>
{% if row.fields %}<table>{% for name, meaning in row.fields %}
<tr><td><code>{{ name }}</code></td><td>{{ meaning }}</td></tr>{% endfor %}
</table>{% endif %}
<table>{% for status, meaning in row.answers %}
<tr><td><code>{{ status }}</code></td><td>{{ meaning }}</td></tr>{% endfor %}
</table>{% endfor %}{% endblock %}"""

_PAGES = Environment(
    autoescape=True,
    undefined=StrictUndefined,
    loader=DictLoader(
        {
            "shell": _SHELL,
            "thanks": _THANKS,
            "refused": _REFUSED,
            "nowhere": _NOWHERE,
            "trap": _TRAP,
            "problem": _PROBLEM,
            "reference": _REFERENCE,
            **LINK_PAGES,
            **STAFF_PAGES,
            **SURVEY_PAGES,
        }
    ),
)
# The hash in the policy is of the style as it stands: escaping it would change it.
_PAGES.globals["style"] = Markup(STYLE)  # noqa: S704  our own text, and no data


def _sentence(what: str) -> str:
    return f"{what[:1].upper()}{what[1:]}."


_PAGES.filters["sentence"] = _sentence


def page(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return one of the pages above, filled and escaped."""
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return HTMLResponse(_PAGES.get_template(name).render(**values), status_code=status, headers=headers)


def link_page(name: str, lang: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return one of the pages behind our links, in a language of ours."""
    return page(name, status, lang=lang, say=words(lang), **values)


def reference(schema: dict[str, Any]) -> HTMLResponse:
    """Return the OpenAPI `schema` as a page people can read without loading scripts from elsewhere."""
    rows = [
        {
            "method": method.upper(),
            "path": path,
            "summary": about.get("summary", "").capitalize(),
            "fields": _fields(about.get("requestBody", {})),
            "answers": [
                (status, answer["description"])
                for status, answer in about["responses"].items()
                if answer["description"] != "Validation Error"  # the framework's own; our addresses take any text
            ],
        }
        for path, methods in schema["paths"].items()
        for method, about in methods.items()
    ]
    return page("reference", rows=rows)


def _fields(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the fields of a JSON body, each with what it is; of a body that may be one or many, those of one."""
    schema = body.get("content", {}).get("application/json", {}).get("schema", {})
    one = next(iter(schema.get("oneOf", [schema])))
    needed = one.get("required", ())
    return [
        (name, f"{about.get('description', about.get('type', ''))}{'' if name in needed else ' (may be left out)'}")
        for name, about in one.get("properties", {}).items()
    ]
