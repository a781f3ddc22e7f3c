"""Shares as authors write them: `5%`."""

import re

SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)%")


def read_share(words: str | None) -> float:
    """Return a share in per cent as a number from 0 to 1; 0 for None. Raises ValueError.

    >>> read_share("5%"), read_share("12.5%")
    (0.05, 0.125)
    """
    if words is None:
        return 0.0
    found = SHARE.fullmatch(words)
    if found is None:
        raise ValueError(f"'{words}' is no share; write it in per cent, such as 5%")
    share = float(found[1]) / 100
    if share >= 1:
        raise ValueError(f"'{words}' would hold everybody out; write less than 100%")
    return share
