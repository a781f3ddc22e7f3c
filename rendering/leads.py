"""Whether a message has a link that somebody can follow and be counted, as far as its template tells."""

import re

from rendering.bundle import split_front
from rendering.checks import Trees

# Ways out, and what confirms, are never counted; they stand in every layout.
_NEVER = r"(?:unsubscribe_url|preferences_url|confirm_url|survey_url)"
_LEADS = re.compile(rf"https?://|href\s*=\s*[\"']?\s*\{{[{{%](?!-?\s*{_NEVER}\s*[-|}}])|\|\s*safe\b", re.IGNORECASE)


def leads(trees: Trees, path: str) -> bool:
    """Whether a template, or what it extends or includes, may lead somewhere; in doubt it does.

    >>> page = '<a href="{{ unsubscribe_url }}">Leave</a>'
    >>> leads(Trees({"email/a/b.html": page}), "email/a/b.html")
    False
    >>> leads(Trees({"email/a/b.html": page + '<a href="{{ run.event.url }}">Look</a>'}), "email/a/b.html")
    True
    """
    reached = trees.reach(path)
    # What is wrong with one that cannot be parsed is said elsewhere.
    return path not in reached or any(_LEADS.search(split_front(trees.sources[each])[1]) for each in reached)
