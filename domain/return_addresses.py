"""The addresses that mail comes back to: where bounces go, where one leaves, where answers are read.

The token in them is all that is needed to know which message is meant, and nobody without the secret can make one. So
what comes to such an address may suppress somebody; a name or an address in the mail itself may not.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from domain.keys import mail_token, read_mail_token

Way = Literal["b", "u", "r"]
BOUNCES: Way = "b"
LEAVING: Way = "u"
REPLIES: Way = "r"

# What `reply_to` of a sender says where answers are to come to us.
INBOUND = "inbound"

_LOCAL = re.compile(r"(?P<way>[bur])\+(?P<token>[a-z2-7]{34})", re.IGNORECASE)


@dataclass(frozen=True)
class Returned:
    """What a return address says: which message (its id in the ledger), and what it was for."""

    way: Way
    message: str


def return_address(way: Way, id: str, secret: str, host: str) -> str:
    """Return the address at which mail about the message with this ledger id comes back.

    >>> return_address(BOUNCES, "00" * 16, "s", "in.acme.example")
    'b+aaaaaaaaaaaaaaaaaaaaaaaaaa5ylzejlq@in.acme.example'
    """
    return f"{way}+{mail_token(id, secret)}@{host}"


def read_return_address(address: str, host: str, secrets: Sequence[str]) -> Returned | None:
    """Return what an address of ours says; None for any other, and for one that none of the secrets has signed.

    Servers change the case of addresses:

    >>> ours = return_address(REPLIES, "00" * 16, "s", "in.acme.example")
    >>> read_return_address(ours.upper(), "in.acme.example", ["s"])
    Returned(way='r', message='00000000000000000000000000000000')
    >>> read_return_address(ours, "in.acme.example", ["another"]) is None
    True
    """
    local, _, at = address.strip().strip("<>").rpartition("@")
    found = _LOCAL.fullmatch(local)
    if found is None or at.lower() != host.lower():
        return None
    message = read_mail_token(found["token"].lower(), secrets)
    return None if message is None else Returned(cast(Way, found["way"].lower()), message)
