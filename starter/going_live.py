"""What an operator should hear before the first message leaves for a real person.

Nothing here stops an installation: a rehearsal against a mail server of one's own is live, too.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from settings import PREFIX, Settings

# What is used where nothing is set.
EXAMPLE_HOST = Settings.model_fields["message_host"].default


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what would make messages useless or unlawful for those who get them, each with its setting and a remedy.

    >>> list(warnings(Settings()))
    []
    """
    if not settings.live:
        return
    address = urlsplit(settings.public_url)
    if _is_this_machine(address.hostname or ""):
        yield (
            f"{PREFIX}PUBLIC_URL: is {settings.public_url}, so nobody else can open a link in a message, not even to "
            "unsubscribe; give the address that customers' browsers reach"
        )
    elif address.scheme != "https":
        yield (
            f"{PREFIX}PUBLIC_URL: is not https, so mail programs offer no unsubscribe button; "
            "put it behind TLS and give the https address"
        )
    if settings.message_host == EXAMPLE_HOST:
        yield (
            f"{PREFIX}MESSAGE_HOST: is not set, so mail servers are greeted as {EXAMPLE_HOST} and bounces do not come "
            "back; give one of your own names"
        )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
