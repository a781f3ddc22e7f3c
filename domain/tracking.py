"""Which links of a message are counted, where they lead, and what is added to their addresses.

A link is counted by leading over our own address, so our name stands for where it leads. Hence it leads only to hosts
that an author wrote down, never to one that came with somebody's data.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import quote, unquote_plus, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

LONGEST_ADDRESS = 2000
PLACES = ("sequence", "step", "template", "topic")
"""What a value of `utm` may name in curly brackets."""

# RFC 3986, and the percent sign: what is encoded already stays as it is, whatever bytes it stands for.
_KEPT = "!#$%&'()*+,/:;=?@[]~"
_IN_BROWSERS_NOTHING = str.maketrans("", "", "\t\n\r")
_BLANKS = "".join(map(chr, range(33)))
_WEB = re.compile(r"https?://[^/?#]", re.IGNORECASE)
_HOST = re.compile(r"https?://([^\s/?#\"'<>{}\\]+)", re.IGNORECASE)
_PLACE = re.compile(r"\{([^{}]*)\}")
_DOMAIN = re.compile(r"(?:[\w-]+\.)*[\w-]+")

Class = Literal["marketing", "service", "transactional"]
PERSONAL: tuple[Class, ...] = ("marketing", "service")


def _domain(name: str) -> str:
    if not _DOMAIN.fullmatch(name):
        raise ValueError(f"'{name}' is not a domain; write www.acme.example, without https:// and path")
    return name.lower()


def _places(value: str) -> str:
    for name in _PLACE.findall(value):
        if name not in PLACES:
            raise ValueError(f"'{{{name}}}' is nothing that can be put in; there are {', '.join(PLACES)}")
    return value


Domain = Annotated[str, AfterValidator(_domain)]
Value = Annotated[str, Field(max_length=200), AfterValidator(_places)]


class Utm(BaseModel):
    """What web analytics learn of where a visitor came from: each field becomes `utm_…` of every link that is counted.

    `{sequence}`, `{step}`, `{template}` and `{topic}` are put in. What an author wrote into a link stays.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: Value | None = None
    medium: Value | None = None
    campaign: Value | None = None
    content: Value | None = None
    term: Value | None = None
    domains: tuple[Domain, ...] = ()
    """Only links to these domains and those below them; left out: all."""

    def filled(self, names: Mapping[str, str]) -> dict[str, str]:
        """Return the parameters with their values; those that stay empty are left out.

        >>> Utm(source="rapport", campaign="{sequence}", term="{topic}").filled({"sequence": "welcome"})
        {'utm_source': 'rapport', 'utm_campaign': 'welcome'}
        """
        written = self.model_dump(exclude={"domains"}, exclude_none=True)
        values = {
            f"utm_{name}": _PLACE.sub(lambda found: names.get(found[1], ""), value) for name, value in written.items()
        }
        return {name: value for name, value in values.items() if value}


class Tracking(BaseModel):
    """What is counted of what people do with messages. `true` stands for marketing and service.

    Transactional messages are left alone unless they are named. Opens are off: docs/decisions/tracking.md says why.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    clicks: bool | tuple[Class, ...] = ("marketing",)
    """Whose links lead over our own address: `true`, `false`, or a list of classes."""
    opens: bool | tuple[Class, ...] = False
    """Which messages carry a picture that tells that they were opened. Mail programs load it by themselves, too."""
    trap: bool = True
    """Whether marketing messages carry a link that no person sees, by which machines that open every link are known."""
    utm: Utm = Utm()
    """What is added to the addresses that links lead to, for the statistics of a web site."""
    domains: tuple[Domain, ...] = ()
    """Links whose host comes from data are left alone, unless it is one of these, or below one of them."""

    def counts_clicks(self, class_: str) -> bool:
        """Whether the links of a message of this class are counted."""
        return _covers(self.clicks, class_)

    def counts_opens(self, class_: str) -> bool:
        """Whether a message of this class carries the picture that tells that it was opened."""
        return _covers(self.opens, class_)


def _covers(said: bool | tuple[Class, ...], class_: str) -> bool:
    return (said and class_ in PERSONAL) if isinstance(said, bool) else class_ in said


@dataclass(frozen=True)
class Target:
    """Where a link leads: its address as the author wrote it, and the one that the browser is sent to, in ASCII."""

    url: str
    address: str


@dataclass(frozen=True)
class LinkPolicy:
    """What decides about the links of one message. `hosts` are those that authors wrote, `own` our own address."""

    tracking: Tracking
    hosts: frozenset[str]
    own: str
    names: Mapping[str, str]

    def target(self, written: str) -> Target | None:
        """Return where a link leads if it is one to count, else None: it stays as it is."""
        url = written.strip(_BLANKS).translate(_IN_BROWSERS_NOTHING)
        host = host_of(url)
        if host is None or self._is_ours(url):
            return None
        if host not in self.hosts and not is_below(host, self.tracking.domains):
            return None
        address = in_ascii(url)
        utm = self.tracking.utm
        if not utm.domains or is_below(host, utm.domains):
            address = with_parameters(address, utm.filled(self.names))
        return Target(url, address) if len(address) <= LONGEST_ADDRESS else None

    def _is_ours(self, url: str) -> bool:
        # Ways out, confirmations, pages for staff: one letter and a token.
        return bool(re.match(rf"{re.escape(self.own)}/[a-z]/", url, re.IGNORECASE))


def host_of(url: str) -> str | None:
    """Return the host of an http(s) address, as browsers and we understand it alike; None for anything doubtful.

    >>> host_of("https://WWW.acme.example:8443/tips"), host_of("https://münchen.example/")
    ('www.acme.example', 'xn--mnchen-3ya.example')
    >>> [host_of(url) for url in ("//evil.example", "javascript:alert(1)", "https://acme.example@evil.example/")]
    [None, None, None]
    """
    if not _WEB.match(url) or "\\" in url or any(character <= " " for character in url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
        if not host or "@" in parts.netloc or parts.port == 0:
            return None
        return host.encode("idna").decode().lower()
    except ValueError:  # a port that is none, a host that is none; UnicodeError is one, too
        return None


def hosts_in(text: str) -> frozenset[str]:
    """Return the hosts of the http(s) addresses that stand in a text.

    >>> hosts_in('<a href="https://acme.example/x">…</a> <a href="https://{{ contact.site }}/">…</a>')
    frozenset({'acme.example'})
    """
    found = (host_of(f"https://{host}/") for host in _HOST.findall(text))
    return frozenset(host for host in found if host is not None)


def is_below(host: str, domains: Iterable[str]) -> bool:
    """Whether a host is one of these domains, or below one of them."""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def in_ascii(url: str) -> str:
    """Return an address with everything but ASCII encoded, as it stands in a header; raises as `host_of` is None.

    >>> in_ascii("https://münchen.example/straße?x=%FF")
    'https://xn--mnchen-3ya.example/stra%C3%9Fe?x=%FF'
    """
    parts = urlsplit(url)
    if not parts.netloc.isascii():
        port = f":{parts.port}" if parts.port else ""
        url = url.replace(parts.netloc, f"{host_of(url)}{port}", 1)
    return quote(url, safe=_KEPT, errors="replace")


def with_parameters(url: str, parameters: Mapping[str, str]) -> str:
    """Return an address with these parameters behind its own; those it has already win, and the rest stays as it was.

    >>> with_parameters("https://acme.example/a?q=%FF&utm_source=paper#top", {"utm_source": "x", "utm_medium": "a b"})
    'https://acme.example/a?q=%FF&utm_source=paper&utm_medium=a%20b#top'
    """
    before, hash_, fragment = url.partition("#")
    address, mark, query = before.partition("?")
    there = {unquote_plus(each.partition("=")[0], errors="replace").lower() for each in query.split("&")}
    added = [f"{name}={quote(value, safe='')}" for name, value in parameters.items() if name not in there]
    whole = "&".join([*([query] if query else []), *added])
    return f"{address}{'?' if whole or mark else ''}{whole}{hash_}{fragment}"
