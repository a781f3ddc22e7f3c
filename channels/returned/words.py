"""What a person wrote in an answer, without what they quoted.

Best effort, and shown to people only: nothing is decided by it, and the mail itself is kept beside it.
"""

import re
from html import unescape

from channels.returned.opened import Part, kind_of, parts, text_of

MOST_KEPT = 8_000

_ATTRIBUTION = re.compile(
    r"^\s*>?\s*(?:"
    r"(?:on|le|el|am)\b.{4,200}\b(?:wrote|écrit|escribió|schrieb)\b.{0,120}:"
    r"|.{0,120}\b(?:schrieb|wrote|a écrit|escribió)\b.{0,120}:"
    r")\s*$",
    re.IGNORECASE,
)
_DIVIDER = re.compile(
    r"^\s*(?:-{2,}\s*(?:original message|ursprüngliche nachricht|originalnachricht|message d'origine|message original"
    r"|mensaje original|forwarded message|weitergeleitete nachricht)\s*-{2,}|_{20,})\s*$",
    re.IGNORECASE,
)
_HEADER_LINE = re.compile(
    r"^\s*\*?(from|sent|to|subject|date|von|gesendet|an|betreff|datum|de|envoyé|à|objet|enviado|para|asunto)\*?\s?:\*?\s",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^--\s?$")
_SENT_FROM = re.compile(
    r"^\s*(?:sent from my |get outlook for |von meinem .{2,40} gesendet|envoyé de mon |enviado desde mi )",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"<(style|script|head|title)\b|<!--", re.IGNORECASE)
_QUOTED_HTML = re.compile(
    r"<blockquote\b|<div[^>]{0,200}\b(?:gmail_quote|moz-cite-prefix|yahoo_quoted|divRplyFwdMsg|OutlookMessageHeader)",
    re.I,
)
_BREAKS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d)\b[^>]{0,200}>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")


def body_of(mail: Part) -> str:
    """Return the text of a mail: its plain part, else its HTML without tags; '' where it has neither."""
    html = ""
    for part in parts(mail):
        kind = kind_of(part)
        if kind == "message/rfc822":
            break  # from here on it is another's mail
        if kind == "text/plain" and (text := text_of(part).strip()):
            return text
        if kind == "text/html" and not html:
            html = text_of(part)
    return plain(html)


def plain(html: str) -> str:
    """Return the words of an HTML text; what it quotes by a mark of its own is left out.

    >>> plain("<p>Yes,&nbsp;please</p><blockquote>Do you want it?</blockquote>")
    'Yes, please'
    """
    html = _shown(html)
    quoted = _QUOTED_HTML.search(html)
    if quoted is not None and _ANY_TAG.sub("", html[: quoted.start()]).strip():
        html = html[: quoted.start()]
    text = unescape(_ANY_TAG.sub("", _BREAKS.sub("\n", html))).replace("\xa0", " ")
    return "\n".join(line.strip() for line in text.splitlines()).strip()


def _shown(html: str) -> str:
    """Leave out what no program shows: styles, scripts, comments. One that is never closed hides the rest."""
    small, kept, at = html.lower(), list[str](), 0
    for hidden in _HIDDEN.finditer(html):
        if hidden.start() < at:
            continue
        kept.append(html[at : hidden.start()])
        closing = f"</{hidden[1].lower()}" if hidden[1] else "--"
        end = small.find(closing, hidden.end())
        end = small.find(">", end) if end >= 0 else end
        if end < 0:
            return "".join(kept)
        at = end + 1
    return "".join(kept) + html[at:]


def unquoted(text: str) -> str:
    """Return a text without what is quoted in it, and without signature; the whole if that leaves nothing.

    >>> unquoted("Yes please.\\n\\nOn Monday, Mira wrote:\\n> Do you want a demo?")
    'Yes please.'
    """
    lines = text.splitlines()[:2_000]
    kept: list[str] = []
    for number, line in enumerate(lines):
        if _ends_here(lines, number):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line.rstrip())
    new = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
    return (new or text.strip())[:MOST_KEPT]


def _ends_here(lines: list[str], number: int) -> bool:
    """Whether what follows is not the writer's: a signature, an older mail, or the line that leads it in."""
    line = lines[number][:400]
    if _SIGNATURE.match(line) or _DIVIDER.match(line) or _SENT_FROM.match(line):
        return True
    # Long lines of attribution are broken in two.
    for number_of_lines, said in (
        (1, line),
        (2, f"{line} {lines[number + 1][:200] if number + 1 < len(lines) else ''}"),
    ):
        if _ATTRIBUTION.match(said):
            return _is_quoted_below(lines[number + number_of_lines :])
    return sum(bool(_HEADER_LINE.match(each[:200])) for each in lines[number : number + 4]) >= 3


def _is_quoted_below(below: list[str]) -> bool:
    """Whether a quotation follows, and nothing of the writer's behind it: else they answer in between."""
    quoted = [line.lstrip().startswith(">") for line in below if line.strip()]
    return True not in quoted or all(quoted[quoted.index(True) :])
