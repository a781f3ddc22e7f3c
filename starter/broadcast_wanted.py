"""What was typed for a broadcast, and what is published: which message is meant, and on which channel it goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from domain.definition import nearest
from domain.policies import Policies
from domain.standing import EMAIL, SMS
from domain.winner import By
from records.published import Published
from rendering.bundle import Place
from rendering.catalogue import Catalogue
from starter.cli_result import ProblemsFound
from starter.home import sources_of
from starter.home_files import TEMPLATES

# What a broadcast can be sent by, and what people call one message there.
CHANNELS = {EMAIL: "an e-mail", SMS: "a text message"}

# Of two messages that are compared: on which share of the segment, and for how long.
SHARE, AFTER = "20%", "4 hours"


@dataclass(frozen=True)
class Wanted:
    """What was typed. `at` is an instant, or with `own_clock` a day and hour without a zone."""

    template: str
    segment: str
    topic: str | None = None
    at: datetime | None = None
    own_clock: bool = False
    rate: str | None = None
    other: str | None = None
    share: str | None = None
    winner: By | None = None
    goal: str | None = None
    after: str | None = None
    name: str | None = None
    channel: str | None = None


@dataclass(frozen=True)
class Office:
    """What is published: the newest files, as checks need them."""

    bundle: str
    policies: Policies
    templates: Catalogue

    @classmethod
    def of(cls, session: Session, published: Published) -> "Office":
        """Read it. Raises `ProblemsFound` where nothing is published."""
        bundle = published.bundle(session)
        if bundle is None:
            raise ProblemsFound(["nothing is published; run `rapport publish` first"])
        return cls(bundle, published.policies(session), Catalogue(sources_of(published.files(session, bundle))))

    def has(self, channel: str, template: str) -> bool:
        """Whether a template is published."""
        return template in self.templates.names(channel)

    def class_of(self, channel: str, template: str) -> str | None:
        """Return the class of a template, None of one that is not published."""
        return self.templates.class_of(channel, template) if self.has(channel, template) else None


@dataclass(frozen=True)
class Named:
    """A template as it was typed: its `name`, and the channels it may be meant on."""

    name: str
    channels: tuple[str, ...]

    @property
    def channel(self) -> str:
        """The channel it goes by, where there is no doubt; else e-mail."""
        return self.channels[0] if len(self.channels) == 1 else EMAIL


def named(office: Office, words: str, channel: str | None) -> Named:
    """Return the template that is meant by a name (`news/march`, `sms/news/march`) or by its file's path.

    Its folder says on which channel, else the channel that was typed, else where there is one of this name.
    """
    path = words.partition(TEMPLATES)[2] if TEMPLATES in words else words
    place = Place.parse(path)
    folder, _, name = (place.channel, "", place.name) if place is not None else path.partition("/")
    if folder in CHANNELS and "/" in name:
        return Named(name, (folder,))
    return Named(
        path, (channel,) if channel is not None else tuple(each for each in CHANNELS if office.has(each, path))
    )


def compared(office: Office, words: str, template: Named) -> Named:
    """Return the template that another is compared with: of two of one name the one on its channel."""
    found = named(office, words, None)
    return found if len(found.channels) == 1 else Named(found.name, template.channels)


def name_problems(office: Office, words: str, template: Named, channel: str | None) -> Iterator[str]:
    """Yield what is wrong with the name of a template."""
    if len(template.channels) > 1:
        yield f"{template.name}: is there as an e-mail and as a text message; give --channel email or --channel sms"
    elif channel is not None and template.channels not in ((), (channel,)):
        yield f"--channel: says {channel}, and {words} is {CHANNELS[template.channel]}; leave it out"
    elif not office.has(template.channel, template.name) and office.has(
        "webhook", template.name.removeprefix("webhook/")
    ):
        yield f"{words}: is a webhook, and a broadcast writes to people; send it in a sequence that a segment enters"
    elif not office.has(template.channel, template.name):
        everywhere = [office.templates.names(each) for each in template.channels or CHANNELS]
        found = nearest(template.name, frozenset().union(*everywhere))
        yield f"template '{template.name}' is not published{found}, or run `rapport publish` if its file is new"
