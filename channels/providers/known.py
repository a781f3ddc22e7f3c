"""The providers we know, by the name a setting gives them."""

from collections.abc import Mapping
from types import MappingProxyType

from channels.providers.base import Provider
from channels.providers.brevo import Brevo
from channels.providers.mailgun import Mailgun
from channels.providers.postmark import Postmark
from channels.providers.resend import Resend
from channels.providers.sendgrid import SendGrid
from channels.providers.ses import Ses
from channels.providers.told import Teller

PROVIDERS: Mapping[str, type[Provider]] = MappingProxyType(
    {each.name: each for each in (Provider, Ses, SendGrid, Mailgun, Postmark, Resend, Brevo)}
)

TELLERS: Mapping[str, Teller] = MappingProxyType(
    {each.name: each for each in (Ses(), SendGrid(), Mailgun(), Postmark(), Resend(), Brevo())}
)
"""Those that tell by webhook what became of messages."""


def provider(name: str, configuration_set: str = "") -> Provider:
    """Return the provider of this name; only SES has configuration sets.

    >>> from channels.providers.base import About
    >>> provider("ses", "rapport").headers(About("00" * 16, "t", "welcome", "hello", "marketing"))["X-SES-MESSAGE-TAGS"]
    'send_id=00000000000000000000000000000000, sequence=welcome, step=hello'
    """
    return Ses(configuration_set) if name == Ses.name else PROVIDERS[name]()
