"""Answers as strangers give them, made fit to keep.

Nothing is refused for being odd: it is cleaned, cut or left out. Only an address nobody can write to is refused,
because without one there is no contact. What is cleaned once stays as it is when cleaned again.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from email_validator import EmailNotValidError, validate_email
from pydantic import JsonValue

LONGEST_LINE = 200
LONGEST_TEXT = 10_000
LONGEST_ADDRESS = 320
DEEPEST = 20
YES = frozenset({"yes", "y", "true", "on", "1", "x", "ok", "checked", "agree", "agreed", "accept", "accepted"})
YES_ELSEWHERE = frozenset({"ja", "oui", "si", "sí", "sim", "tak", "да", "はい"})

# Marks that turn the direction of what follows: with them a name can be made to read as something else.
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# Beyond this a JSON reader elsewhere may silently change the number; it is an identifier then, not a quantity.
_LARGEST_WHOLE = 2**53
_COUNTRY_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl")
_COUNTRY_NICKNAMES = {"uk": "GB", "usa": "US", "u.s.a.": "US", "u.s.": "US", "holland": "NL", "england": "GB"}


def clean_line(text: str, most: int = LONGEST_LINE) -> str:
    """Return `text` as one line of at most `most` characters: NFC, no control or direction marks, single spaces.

    >>> clean_line("  Ann\\u202e\\n\\tBj\\u0061\\u030arn\\0 ")
    'Ann Bjårn'
    """
    return _collapsed(clean_text(text, most * 4)[: most * 4])[:most].rstrip()


def clean_text(text: str, most: int = LONGEST_TEXT) -> str:
    """Return `text` of at most `most` characters with its line breaks kept, otherwise cleaned as a line is.

    >>> clean_text("It broke.\\r\\nTwice.\\x1b[31m")
    'It broke.\\nTwice.[31m'
    """
    # Cut before normalising, which is slow on a megabyte; what is cut off here would be cut off below.
    text = _storable(text)[: most * 4].replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    text = _TURNING.sub("", text)
    kept = "".join(each for each in text if each == "\n" or unicodedata.category(each) != "Cc")
    return unicodedata.normalize("NFC", kept).strip()[:most].rstrip()


def clean_tree(value: object, depth: int = 0) -> JsonValue:
    """Return `value` as JSON every database and reader takes: no NUL, no half characters, finite numbers.

    A whole number too large for other readers becomes text. Raises ValueError when it is nested too deep.

    >>> clean_tree({"order": 2**60, "name": "A\\0nn", "seats": 3})
    {'order': '1152921504606846976', 'name': 'Ann', 'seats': 3}
    """
    if depth > DEEPEST:
        raise ValueError(f"it is nested more than {DEEPEST} deep; send plain answers")
    if isinstance(value, Mapping):
        return {_storable(str(key)): clean_tree(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [clean_tree(each, depth + 1) for each in value]
    return _clean_leaf(value)


def read_address(answer: object) -> str:
    """Return the e-mail address as we keep it: lower case, the domain in its ASCII form.

    Raises ValueError("what; what to do") for one nobody can write to; nothing is asked of the network.

    >>> read_address(" Ann@Käse.example ")
    'ann@xn--kse-qla.example'
    """
    text = clean_line(answer, LONGEST_ADDRESS + 1) if isinstance(answer, str) else ""
    if not text:
        raise ValueError("there is no e-mail address; give one")
    try:
        address = validate_email(text, check_deliverability=False, allow_smtputf8=False).ascii_email
    except EmailNotValidError as error:
        raise ValueError(f"the e-mail address cannot be written to: {error} Check it for a typing mistake") from None
    if address is None or len(address) > LONGEST_ADDRESS:
        raise ValueError("the e-mail address cannot be written to; give one in plain letters")
    return address.lower()


def read_country(answer: str) -> str | None:
    """Return the two letters of a country (ISO 3166), None when it is none we know.

    >>> read_country("de"), read_country("Österreich"), read_country("UK"), read_country("Atlantis")
    ('DE', 'AT', 'GB', None)
    """
    name = clean_line(answer).casefold().removeprefix("the ")
    if name in _COUNTRY_NICKNAMES:
        return _COUNTRY_NICKNAMES[name]
    if re.fullmatch("[a-z]{2}", name):
        return name.upper()
    return _countries().get(name)


def read_language(answer: str) -> str | None:
    """Return the tag of a language as it is written, None when it is none we know.

    >>> read_language("de"), read_language("de_at"), read_language("zh-Hant-TW"), read_language("deutsch")
    ('de', 'de-AT', 'zh-Hant-TW', None)
    """
    try:
        return str(Locale.parse(clean_line(answer).replace("-", "_"))).replace("_", "-")
    except (ValueError, UnknownLocaleError):
        return None


def is_yes(answer: object, also: Iterable[str] = ()) -> bool:
    """Return whether an answer gives leave; only a plain yes does, or one of the texts in `also`.

    >>> is_yes(True), is_yes("on"), is_yes("Maybe"), is_yes(["Yes please"], also=["yes please"])
    (True, True, False, True)
    """
    if isinstance(answer, bool):
        return answer
    if isinstance(answer, int | float):
        return answer == 1
    if isinstance(answer, list):
        return any(is_yes(each, also) for each in answer)
    if not isinstance(answer, str):
        return False
    said = clean_line(answer).casefold()
    return said in YES or said in YES_ELSEWHERE or said in {clean_line(each).casefold() for each in also}


def as_line(answer: object, most: int = LONGEST_LINE) -> str:
    """Return an answer of any kind as one clean line; empty when nothing was answered.

    >>> as_line(["red", "blue"]), as_line(40.0), as_line(True), as_line(None)
    ('red, blue', '40', 'true', '')
    """
    return clean_line(_worded(answer), most)


def _worded(answer: object, depth: int = 0) -> str:
    if answer is None or depth > DEEPEST:
        return ""
    if isinstance(answer, bool):
        return "true" if answer else "false"
    if isinstance(answer, float):
        return f"{answer:.15g}" if math.isfinite(answer) else ""
    if isinstance(answer, Mapping):  # a name given as {"first": …, "last": …}
        return " ".join(filter(None, (_worded(each, depth + 1) for each in answer.values())))
    if isinstance(answer, list | tuple):
        return ", ".join(filter(None, (_worded(each, depth + 1) for each in answer)))
    return str(answer)


def _clean_leaf(value: object) -> JsonValue:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_WHOLE else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _storable(str(value))


def _storable(text: str) -> str:
    return _UNSTORABLE.sub("", text)


def _collapsed(text: str) -> str:
    return " ".join(text.split())


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    names: dict[str, str] = {}
    for language in reversed(_COUNTRY_LANGUAGES):  # where two languages differ about a name, English has the last word
        for code, name in Locale(language).territories.items():
            if re.fullmatch("[A-Z]{2}", code):
                names[clean_line(name).casefold()] = code
    return names
