"""Text that an encoding can carry: JSON, and so forms, can bring halves of surrogate pairs."""

import re

_HALF = re.compile("[\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def sound(text: str) -> str:
    """Return a text with its halves joined where they belong together, and replaced where they stand alone.

    >>> sound("a\\ud83d\\ude00b\\ud83d") == "a😀b\\ufffd"
    True
    """
    if text.isascii() or not _HALF.search(text):
        return text
    joined = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return _HALF.sub("\ufffd", joined)
