"""What a team is told in its chat, as the programs that chats are take it: Slack, and Teams by a workflow.

The one thing to know: what a contact calls itself stands in it, so nothing in a text calls anybody, leads anywhere or
shapes anything: each program's signs are taken out of the words, not out of the link.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

Kind = Literal["slack", "teams"]
SLACK: Kind = "slack"
MOST = 1_000
"""Characters of one line."""

_SHAPES = re.compile(r"([\\`*_{}\[\]()#+!|~<>])")
# Slack makes mentions of these even where nobody wrote <!channel>, if an installation says so.
_CALLS = re.compile(r"@(?=channel|here|everyone|group)", re.IGNORECASE)


def chat_body(kind: Kind, title: str, lines: Sequence[str], link: tuple[str, str]) -> bytes:
    """Return the body of a post: a title, lines below it, and a link with its label.

    >>> chat_body("slack", "New task", ["<!channel> & Sons"], ("https://crm.example/s/t", "Open")).decode()
    '{"text": "*New task*\\\\n&lt;!channel&gt; &amp; Sons\\\\n<https://crm.example/s/t|Open>", "unfurl_links": false}'
    """
    told = _slack(title, lines, link) if kind == SLACK else _teams(title, lines, link)
    return json.dumps(told, ensure_ascii=False).encode()


def _slack(title: str, lines: Sequence[str], link: tuple[str, str]) -> dict[str, Any]:
    url, label = link
    said = [f"*{for_slack(title)}*", *map(for_slack, lines), f"<{url}|{for_slack(label)}>"]
    return {"text": "\n".join(said), "unfurl_links": False}


def for_slack(words: str) -> str:
    """Return words as Slack shows them, and nothing of them as a sign.

    >>> for_slack("<!channel> <@U1> *Ann* @here")
    '&lt;!channel&gt; &lt;@U1&gt; Ann @\\u200bhere'
    """
    plain = re.sub(r"[*_~`]", "", _one_line(words))
    escaped = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _CALLS.sub("@\u200b", escaped)


def _teams(title: str, lines: Sequence[str], link: tuple[str, str]) -> dict[str, Any]:
    """An adaptive card: what a workflow that waits for a request posts into a channel."""
    url, label = link
    blocks = [{"type": "TextBlock", "text": for_teams(title), "weight": "Bolder", "wrap": True}]
    blocks += [{"type": "TextBlock", "text": for_teams(line), "wrap": True} for line in lines]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
        "actions": [{"type": "Action.OpenUrl", "title": _one_line(label), "url": url}],
    }
    sent = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [sent]}


def for_teams(words: str) -> str:
    """Return words as a card shows them, and nothing of them as a sign of Markdown.

    >>> for_teams("[Ann](https://evil.example) <at>all</at>")
    '\\\\[Ann\\\\]\\\\(https://evil.example\\\\) \\\\<at\\\\>all\\\\</at\\\\>'
    """
    return _SHAPES.sub(r"\\\1", _one_line(words))


def _one_line(words: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]", " ", words).split())[:MOST]
