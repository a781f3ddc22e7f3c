"""Lots: who gets which share, drawn from a hash.

The same contact draws the same lot under the same salt on every machine and for ever, before anything is sent; two
salts are independent of each other.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

# A place among this many: 64 bits of the hash.
PLACES = 2**64


def place(salt: str, contact: str) -> int:
    """Return the place of a contact under a salt, from 0 to PLACES - 1.

    >>> place("welcome/split-1", "c1") == place("welcome/split-1", "c1")
    True
    """
    # The length before the salt keeps ("ab", "c") and ("a", "bc") apart.
    digest = sha256(f"{len(salt)}:{salt}/{contact}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def who(contact: Mapping[str, Any]) -> str:
    """Return what a contact's lots are drawn by: the id, in a simulation of somebody without one the address.

    >>> who({"id": "c1", "email": "ada@joinery.example"}), who({"email": "ada@joinery.example"})
    ('c1', 'ada@joinery.example')
    """
    return str(contact.get("id") or contact.get("email") or "")


def drawn(salt: str, contact: str, shares: Sequence[int]) -> int:
    """Return the number of the share that a contact draws, from 0. Shares are compared with each other only.

    Raises ValueError if no share is more than nothing.

    >>> drawn("news", "c1", [0, 5]), drawn("news", "c1", [5, 0])
    (1, 0)
    """
    total = sum(shares)
    if total <= 0:
        raise ValueError("no arm has a share; give one of them a share")
    reached = place(salt, contact) * total // PLACES
    passed = 0
    for number, share in enumerate(shares):
        passed += share
        if reached < passed:
            return number
    raise AssertionError("a place lies in one of the shares")
