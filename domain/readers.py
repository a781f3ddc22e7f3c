"""Who opened a link: a person, a machine, or nobody can tell. Rules with reasons, for what one request shows and for
what several show together.

Between a tenth and a third of all clicks on business mail are made by scanners that follow every link before the
person sees the message. What is doubtful is `unknown`, and only what is `human` moves anybody.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

By = Literal["human", "machine", "unknown"]

CLICK_SOURCE = "link"
"""What the inbox says of clicks that we saw ourselves."""

TOO_SOON = timedelta(seconds=3)
"""Nobody has read a message so soon after it left; a scanner on its way in has."""
TOGETHER = timedelta(seconds=2)
MANY_LINKS = 3
"""So many different links of one message within `TOGETHER` are opened by no hand."""
AROUND_A_TRAP = timedelta(seconds=60)
"""Whoever opens the link that nobody sees opens the others about then."""
HELD_BACK = timedelta(seconds=3)
"""Clicks are taken in so much later, so that those that belong together are judged together: a little longer than
`TOGETHER`, since what is being written is not there yet."""

# Programs that open links and say so: libraries, robots, previews, and gateways that look for harm.
_ROBOTS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|scan|monitor|fetch|check|headless|phantom|selenium|puppeteer|playwright"
    r"|^curl|wget|python|^java|go-http|okhttp|axios|libwww|http-?client|guzzle|ruby|^perl|urllib|winhttp"
    r"|facebookexternalhit|whatsapp|slack-|embedly|skypeuri|microsoft office existence|microsoft-webdav"
    r"|barracuda|proofpoint|mimecast|messagelabs|symantec|sophos|trend ?micro|fortinet|fireeye|trellix|ironport|cisco"
    r"|zscaler|bitdefender|cloudmark|urldefense|safelinks|virustotal|google-(?:safety|inspection)",
    re.IGNORECASE,
)
_AHEAD = ("purpose", "sec-purpose", "x-purpose", "x-moz")
_PREPARES = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
# Pictures are loaded by these for people who open the message, and also for those who do not.
_PICTURE_PROXIES = re.compile(r"GoogleImageProxy|YahooMailProxy|YahooCacheSystem|ImageProxy", re.IGNORECASE)
# Apple's mail privacy protection says so much and no more, and loads every picture of every message.
_MAIL_PRIVACY = "Mozilla/5.0"


@dataclass(frozen=True)
class Glance:
    """One request for a link or a picture: its headers (names in small letters), and how long ago the message left;
    None where that is not known."""

    headers: Mapping[str, str]
    since: timedelta | None = None


@dataclass(frozen=True)
class Reader:
    """Who it was, and what shows it."""

    by: By
    why: str = ""


HUMAN = Reader("human")


def who_clicked(glance: Glance) -> Reader:
    """Tell who opened a link, by this request alone.

    >>> who_clicked(Glance({"user-agent": "Mozilla/5.0 (X11) Firefox/140.0", "accept-language": "de"}))
    Reader(by='human', why='')
    >>> who_clicked(Glance({"user-agent": "curl/8.5"}))
    Reader(by='machine', why='says that it is a program')
    """
    agent = glance.headers.get("user-agent", "")
    found = _machine(glance, agent)
    if found is not None:
        return found
    if not agent.startswith("Mozilla/"):
        return Reader("unknown", "says nothing a browser says")
    if not glance.headers.get("accept-language"):
        return Reader("unknown", "names no language, as browsers do")
    return HUMAN


def who_opened(glance: Glance) -> Reader:
    """Tell who loaded the picture of a message, by this request alone.

    >>> who_opened(Glance({"user-agent": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"})).by
    'unknown'
    """
    agent = glance.headers.get("user-agent", "")
    if agent.strip() == _MAIL_PRIVACY:
        return Reader("machine", "a mail program that loads every picture")
    if _PICTURE_PROXIES.search(agent):
        return Reader("unknown", "loaded by the mailbox's provider")
    return _machine(glance, agent) or HUMAN


def _machine(glance: Glance, agent: str) -> Reader | None:
    if any(_PREPARES.search(glance.headers.get(name, "")) for name in _AHEAD):
        return Reader("machine", "loaded in advance")
    if not agent.strip():
        return Reader("machine", "does not say what it is")
    if _ROBOTS.search(agent):
        return Reader("machine", "says that it is a program")
    if glance.since is not None and glance.since < TOO_SOON:
        return Reader("machine", f"less than {TOO_SOON.seconds} s after the message left")
    return None


@dataclass(frozen=True)
class Click:
    """One opening of one link of one message. A `trap` is the link that no person sees."""

    id: int
    at: datetime
    link: str
    trap: bool = False


def machines_among(clicks: Sequence[Click]) -> dict[int, str]:
    """Tell which of the clicks in one message were made by a machine, as all of them together show; with the reason.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 27, 12, tzinfo=UTC)
    >>> machines_among([Click(each, noon + timedelta(seconds=each / 2), f"link {each}") for each in range(3)])[0]
    '3 links within 2 s'
    >>> machines_among([Click(each, noon + timedelta(seconds=each), f"link {each}") for each in range(3)][:2])
    {}
    """
    ordered = sorted(clicks, key=lambda each: each.at)
    return _in_bursts(ordered) | _around_traps(ordered)


def _in_bursts(clicks: Sequence[Click]) -> dict[int, str]:
    """Each click is looked at twice at most: whoever holds a link can make many thousands."""
    found: dict[int, str] = {}
    links: Counter[str] = Counter()
    end = told = 0
    for begin, first in enumerate(clicks):
        while end < len(clicks) and clicks[end].at <= first.at + TOGETHER:
            links[clicks[end].link] += 1
            end += 1
        if len(links) >= MANY_LINKS:
            why = f"{MANY_LINKS} links within {TOGETHER.seconds} s"
            found |= {each.id: why for each in clicks[max(begin, told) : end]}
            told = end
        links[first.link] -= 1
        if not links[first.link]:
            del links[first.link]
    return found


def _around_traps(clicks: Sequence[Click]) -> dict[int, str]:
    traps = [each.at for each in clicks if each.trap]
    found: dict[int, str] = {}
    for click in clicks:
        place = bisect_left(traps, click.at - AROUND_A_TRAP)
        if place < len(traps) and traps[place] <= click.at + AROUND_A_TRAP:
            found[click.id] = "opens the link that nobody sees"
    return found


def by_a_person(event: str, data: Mapping[str, Any]) -> bool:
    """Whether people did this. Of clicks and opens it is asked; what our own systems tell without saying is human.

    >>> by_a_person("clicked", {}), by_a_person("clicked", {"by": "unknown"}), by_a_person("replied", {})
    (True, False, True)
    """
    return event not in ("opened", "clicked") or data.get("by", "human") == "human"
