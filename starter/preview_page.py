"""A page that shows a message as it will be seen: on a desk and on a telephone, by day and by night, in each language.

Self-contained: no script, nothing loaded from elsewhere, so a picture that lies on a server is not shown. The messages
stand in frames that may run nothing.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Literal

from domain.attachments import spelled_size
from starter.preview_parts import LONGEST_SUBJECT, Shown
from starter.story_style import document, figures

Light = Literal["light", "dark"]
FRAMES: tuple[tuple[str, int, Light], ...] = (
    ("On a desk", 680, "light"),
    ("On a desk, dark", 680, "dark"),
    ("On a telephone", 360, "light"),
    ("On a telephone, dark", 360, "dark"),
)
STYLE = """
main { max-width: 92rem; }
.frames { display: flex; flex-wrap: wrap; gap: 1.25rem; margin: 1rem 0; }
figure { margin: 0; max-width: 100%; overflow-x: auto; }
figcaption { color: var(--soft); font-size: .85rem; padding: 0 0 .3rem; }
iframe { display: block; border: 1px solid var(--line); border-radius: .6rem; background: #fff; height: 52rem;
  resize: vertical; }
.inbox { display: grid; grid-template-columns: 11rem 1fr; gap: 1rem; padding: .6rem .9rem; max-width: 46rem;
  margin: 0 0 1rem;
  border: 1px solid var(--line); border-radius: .6rem; background: var(--paper); }
.inbox b, .inbox span { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .6rem .9rem; margin: 0; font-size: .85rem; }
.hints { border-left: 3px solid var(--halt); margin: 1rem 0; padding: .3rem 0 .3rem 2rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } td { padding: .3rem .9rem; overflow-wrap: anywhere;
  vertical-align: top; border-top: 1px solid var(--line); }
@media (max-width: 40rem) { .inbox { grid-template-columns: 1fr; gap: 0; } }
@media print { iframe { height: 60rem; } }
"""
_SCHEME = re.compile(r"prefers-color-scheme\s*:\s*(light|dark)", re.IGNORECASE)


def preview_page(name: str, variants: Sequence[Shown]) -> str:
    """Return the page of a message in the languages given."""
    parts = [f"<h1>{escape(name)}</h1>", f'<p class="about">{escape(_about(variants[0]))}</p>']
    parts += [_variant(each, alone=len(variants) == 1) for each in variants]
    return document(f"{name}: preview", "\n".join(parts), STYLE)


def _about(shown: Shown) -> str:
    topic = f", about {shown.planned.topic}" if shown.planned.class_ == "marketing" else ""
    return f"{shown.planned.class_}{topic}, from {shown.headers['From']} to {shown.headers['To']}"


def _variant(shown: Shown, *, alone: bool) -> str:
    hints = "".join(f"<li>{escape(each)}</li>" for each in shown.hints())
    frames = "".join(_frame(shown, *frame) for frame in FRAMES) if shown.written.html else ""
    return "\n".join(
        [
            "" if alone else f"<h2>{escape(shown.locale)}</h2>",
            _inbox(shown),
            _figures(shown),
            f'<ul class="hints">{hints}</ul>' if hints else "",
            f'<div class="frames">{frames}</div>',
            _folded("Plain text", f"<pre>{escape(shown.written.text)}</pre>", unfolded=not frames),
            _links(shown),
            _enclosed(shown),
            _folded("Headers", _headers(shown)),
            _folded("The message as it travels", f'<pre class="scroll">{escape(shown.mail.decode("ascii"))}</pre>'),
        ]
    )


def _inbox(shown: Shown) -> str:
    sender = shown.headers["From"].partition(" <")[0].strip('"')
    line = f"{escape(shown.rendered.subject)} <span class=soft>– {escape(shown.rendered.preheader)}</span>"
    return f'<div class="inbox"><b>{escape(sender)}</b><span>{line}</span></div>'


def _figures(shown: Shown) -> str:
    sizes = shown.sizes()
    return figures(
        [
            (str(len(shown.rendered.subject)), f"characters of subject; telephones show about {LONGEST_SUBJECT}"),
            (str(len(shown.rendered.preheader)), "characters of preheader"),
            (spelled_size(sizes["html"]), "HTML; Gmail hides what is behind 102 kB"),
            (spelled_size(sizes["message"]), "the whole message"),
            (str(len(shown.links)), "links"),
        ]
    )


def _frame(shown: Shown, title: str, width: int, light: Light) -> str:
    said = f"{title} ({width} px)"
    return (
        f"<figure><figcaption>{said}</figcaption>"
        f'<iframe sandbox="" title="{said}, {escape(shown.locale)}" width="{width}" '
        f'style="color-scheme: {light}" srcdoc="{escape(in_light(shown.page, light))}"></iframe></figure>'
    )


def in_light(page: str, light: Light) -> str:
    """Return a page whose rules for light and dark hold as they would in this light, whatever the browser's own is.

    >>> in_light("@media (prefers-color-scheme: dark) { p { color: white } }", "light")
    '@media (max-width: 0px) { p { color: white } }'
    """
    return _SCHEME.sub(lambda found: "min-width: 0px" if found[1].lower() == light else "max-width: 0px", page)


def _links(shown: Shown) -> str:
    rows = "".join(
        f"<tr><td>{escape(link.text) or '(a picture)'}</td><td>{escape(link.target)}</td></tr>" for link in shown.links
    )
    return _folded("Links", f"<table>{rows}</table>") if rows else ""


def _enclosed(shown: Shown) -> str:
    lines = "".join(f"<tr><td>{escape(each)}</td></tr>" for each in shown.enclosed())
    return _folded("What travels with it", f"<table>{lines}</table>") if lines else ""


def _headers(shown: Shown) -> str:
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in shown.headers.items())
    return f"<table>{rows}</table>"


def _folded(title: str, inside: str, *, unfolded: bool = False) -> str:
    return f"<details{' open' if unfolded else ''}><summary>{title}</summary>{inside}</details>"
