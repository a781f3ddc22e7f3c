"""What a message needs on its way: the records, the pen, the channel, and what the installation decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from activities.clock import Clock
from channels.base import Channel
from channels.providers.base import Provider
from domain.keys import Tokens
from domain.tracking import hosts_in
from records.facts import Withdrawn
from records.session import Database
from rendering.catalogue import Catalogue
from rendering.process import Renderer
from rendering.signature import Signer


@dataclass(frozen=True)
class MailSettings:
    """What messages need to know of the installation. Mail comes back to `inbound_host`, where there is one.

    `lease` is the final reply's time-out + 60 s (messaging.md section 2): longer than any attempt can live. No message
    rests longer than `longest_rest` between two attempts, whatever the other side asks for.
    """

    public_url: str
    message_host: str
    secret: str
    tokens: Tokens
    lease: timedelta
    longest_rest: timedelta = timedelta(days=1)
    inbound_host: str = ""
    provider: Provider = field(default_factory=Provider)
    signer: Signer | None = None


@dataclass(frozen=True)
class Bundle:
    """The published files a batch is written with."""

    hash: str
    sources: Mapping[str, str]
    catalogue: Catalogue

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The hosts that authors wrote links to."""
        return frozenset(host for text in self.sources.values() for host in hosts_in(text))

    def pins(self, channel: str, template: str) -> bool:
        """Whether a template stays, for those inside, as it was when they entered."""
        known = template in self.catalogue.names(channel)
        return known and self.catalogue.stays_as_at_entry(channel, template)


@dataclass(frozen=True)
class Post:
    """Everything a message needs on its way: `channels` by name, `staff` among them.

    `withdrawn` tells what still lies in the inbox and forbids to write to somebody.
    """

    database: Database
    renderer: Renderer
    channels: Mapping[str, Channel]
    clock: Clock
    settings: MailSettings
    withdrawn: Withdrawn
