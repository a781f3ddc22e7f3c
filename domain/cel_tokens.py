"""The words of a CEL expression: names, numbers, texts and signs, each with its place.

Whoever writes a condition is told what is wrong in plain words, so the slips people make
(`=`, `and`, curly quotes, a text left open) are recognised here and not passed on as grammar.
The lexis is that of the CEL specification, https://github.com/google/cel-spec/blob/master/doc/langdef.md.
"""

import re
from typing import NamedTuple

_QUOTED = "|".join(
    [
        r'"""(?:\\[\s\S]|[^\\])*?"""',
        r"'''(?:\\[\s\S]|[^\\])*?'''",
        r'"(?:\\.|[^\\"\r\n])*"',
        r"'(?:\\.|[^\\'\r\n])*'",
    ]
)
_RAW = "|".join([r'"""[\s\S]*?"""', r"'''[\s\S]*?'''", r'"[^"\r\n]*"', r"'[^'\r\n]*'"])
_EXPONENT = r"[eE][+-]?\d+"
_TOKEN = re.compile(
    rf"(?P<space>[ \t\r\n\f]+|//[^\n]*)"
    rf"|(?P<text>[bB]?(?:[rR](?:{_RAW})|(?:{_QUOTED})))"
    rf"|(?P<number>0x[0-9a-fA-F]+[uU]?|\d*\.\d+(?:{_EXPONENT})?|\d+{_EXPONENT}|\d+[uU]?)"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>&&|\|\||[=!<>]=|[<>+\-*/%!?:.,()\[\]{}])",
    re.ASCII,
)
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|X[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|[\s\S])")
_ESCAPED = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    '"': '"', "'": "'", "\\": "\\", "?": "?", "`": "`",
}  # fmt: skip
_SLIPS = {
    "=": "is not a comparison; write == for equal",
    "&": "is not an operator; write && for and",
    "|": "is not an operator; write || for or",
    "`": "is not a quote; write a text in ' or \"",
    "#": "does not begin a comment; a comment begins with //",
} | dict.fromkeys("‘’“”„«»", "is a typographic quote; write a text in ' or \"")


class NotCel(ValueError):
    """A text that is not an expression; its message is `what; what to do`, without a place."""


class Token(NamedTuple):
    """One word of an expression; `kind` is text, number, name, sign or end; `start` and `end` count characters."""

    kind: str
    text: str
    start: int
    end: int


def tokens(source: str) -> list[Token]:
    """Return the words of `source`, the last of them an empty one of kind `end`.

    Raise NotCel where a character belongs to no word.

    >>> [token.text for token in tokens("contact.score >= 60 // hot")]
    ['contact', '.', 'score', '>=', '60', '']
    """
    found: list[Token] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise NotCel(_stranger(source, at))
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup or "sign", match.group(), at, match.end()))
        at = match.end()
    found.append(Token("end", "", at, at))
    return found


def _stranger(source: str, at: int) -> str:
    character = source[at]
    if character in "'\"":
        return f"the text opened at character {at + 1} is not closed; add the closing {character}"
    if source.startswith("=>", at):
        return f"'=>' at character {at + 1} is not a comparison; write >= for at least"
    slip = _SLIPS.get(character, "cannot stand in a condition; remove it, or write it inside a text in quotes")
    return f"{character!r} at character {at + 1} {slip}"


def text_value(token: Token) -> str | bytes:
    r"""Return what a token of kind `text` says, its escapes resolved. Raise NotCel on an unknown escape.

    >>> text_value(tokens(r"'it\'s'")[0])
    "it's"
    """
    written, binary, raw = token.text, False, False
    while written[0] not in "'\"":
        binary, raw = binary or written[0] in "bB", raw or written[0] in "rR"
        written = written[1:]
    quote = 3 if len(written) >= 6 and written[:3] in ('"""', "'''") else 1
    inner = written[quote:-quote]
    if not raw:
        inner = _ESCAPE.sub(lambda match: _unescaped(match.group(), token), inner)
    return inner.encode() if binary else inner


def _unescaped(escape: str, token: Token) -> str:
    letter, digits = escape[1], escape[2:]
    if letter in "xXuU" and digits:
        return _character(int(digits, 16), escape, token)
    if letter in "0123" and digits:
        return chr(int(escape[1:], 8))
    if letter not in _ESCAPED:
        raise NotCel(
            f"{escape!r} in the text at character {token.start + 1} is not an escape; "
            f"double the backslash, or write r before the quote"
        )
    return _ESCAPED[letter]


def _character(point: int, escape: str, token: Token) -> str:
    if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF:
        raise NotCel(f"{escape!r} in the text at character {token.start + 1} is no character; write the one you mean")
    return chr(point)


def number_value(token: Token) -> int | float:
    """Return the value of a token of kind `number`; raise NotCel where it is too large to be compared.

    >>> number_value(tokens("0x10")[0]), number_value(tokens("1.5e3")[0])
    (16, 1500.0)
    """
    written = token.text.rstrip("uU")
    if written.startswith("0x"):
        value: int | float = int(written, 16)
    elif set(written) & set(".eE"):
        value = float(written)
    else:
        value = int(written)
    largest = 2**64 if token.text[-1] in "uU" else 2**63
    if value == float("inf") or (isinstance(value, int) and value >= largest):
        raise NotCel(f"the number at character {token.start + 1} is too large; write a smaller one")
    return value
