"""The kinds of value a setting can hold: how each is read from its text, and with what words it is refused.

Used by settings.py and settings_environment.py alone. What may hold a secret is never repeated in a refusal.
"""

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr

ChatKind = Literal["slack", "teams"]
ProviderName = Literal["plain", "ses", "sendgrid", "mailgun", "postmark", "resend", "brevo"]


def _whole_number(low: int, high: int, wanted: str) -> BeforeValidator:
    def read(value: object) -> int:
        try:
            number = int(str(value))
        except ValueError:
            raise ValueError(f"{value!r} is not a number; give {wanted}") from None
        if not low <= number <= high:
            raise ValueError(f"{number} is out of range; give {wanted}")
        return number

    return BeforeValidator(read)


def _switch(value: object) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if (known := words.get(str(value).strip().lower())) is None:
        raise ValueError(f"{value!r} is neither on nor off; give 1 or 0")
    return known


def _folder(value: object) -> Path:
    path = Path(str(value)).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise ValueError(f"'{path}' is not a folder; give the path of one")
    return path


def _database(value: object) -> str:
    address = str(value)
    if address.startswith("sqlite:///"):
        return address
    for scheme in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if address.startswith(scheme):
            return "postgresql+psycopg://" + address.removeprefix(scheme)
    # The address may hold a password, so it is not repeated.
    raise ValueError(
        "is not an address of SQLite or PostgreSQL; give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
    )


def _web_address(value: object) -> str:
    address = str(value).rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{address!r} is not a web address; give one that starts with https:// (or http://)")
    return address


def _host_or_off(value: object) -> str:
    host = str(value).strip().rstrip(".").lower()
    if host in ("", "off"):
        return ""
    if not re.fullmatch(r"(?=.{1,200}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", host):
        raise ValueError(f"{host[:60]!r} is not the name of a host; give one like in.acme.example, or off")
    return host


def _host(value: object) -> str:
    host = _host_or_off(value)
    if "." not in host:
        raise ValueError(
            f"{str(value)[:60]!r} is not the name of a host with its domain; give one like mail.acme.example"
        )
    return host


def _tls(value: object) -> object:
    if value not in ("none", "starttls", "tls"):
        raise ValueError(f"{value!r} is not a way to encrypt; give none, starttls or tls")
    return value


def _provider(value: object) -> object:
    if value not in get_args(ProviderName):
        raise ValueError(f"{value!r} is not a provider we know; give one of {', '.join(get_args(ProviderName))}")
    return value


def _key(value: object) -> SecretStr:
    key = value if isinstance(value, SecretStr) else SecretStr(str(value))
    if len(key.get_secret_value()) < 16:
        raise ValueError("is shorter than 16 characters; give a random one, as `openssl rand -hex 32` makes")
    return key


def _signing_keys(value: object) -> tuple[SecretStr, ...]:
    words = value.split() if isinstance(value, str) else _listed(value)
    return tuple(_key(word) for word in words)


def _rsa_key(value: object) -> SecretStr:
    # Platforms that keep a variable in one line write its line breaks so.
    text = (value.get_secret_value() if isinstance(value, SecretStr) else str(value)).replace("\\n", "\n").strip()
    from cryptography.exceptions import UnsupportedAlgorithm  # not at each start of a command
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey) or key.key_size < 1024:
        raise ValueError("is not an RSA key of 1024 bits or more in PEM; give one as `openssl genrsa 2048` makes")
    return SecretStr(text)


def _form_secrets(value: object) -> Mapping[str, tuple[SecretStr, ...]]:
    return _secrets_by_name(value, 'give JSON like {"typeform/demo-request": ["current", "previous"]}')


def _secrets_by_name(value: object, shape: str) -> Mapping[str, tuple[SecretStr, ...]]:
    try:
        tree = json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON ({error.msg}, line {error.lineno}); {shape}") from None
    if not isinstance(tree, Mapping):
        raise ValueError(f"is not an object; {shape}")
    return {str(form): _rotation(str(form), keys, shape) for form, keys in tree.items()}


def _rotation(form: str, keys: object, shape: str) -> tuple[SecretStr, ...]:
    if isinstance(keys, str | SecretStr):
        keys = [keys]
    if not isinstance(keys, list | tuple) or not keys or not all(isinstance(k, str | SecretStr) and k for k in keys):
        raise ValueError(f"the secrets of '{form}' are not a list of texts; {shape}")
    return tuple(k if isinstance(k, SecretStr) else SecretStr(k) for k in keys)


def _provider_secrets(value: object) -> Mapping[str, tuple[SecretStr, ...]]:
    shape = 'give JSON like {"sendgrid": ["current", "previous"]}'
    by_name = _secrets_by_name(value, shape)
    for name, keys in by_name.items():
        if name not in get_args(ProviderName)[2:]:
            known = ", ".join(get_args(ProviderName)[2:])
            raise ValueError(f"{name[:60]!r} is no provider with a secret; {shape}, of {known}")
        if name == "resend" and not all(_is_webhook_secret(key.get_secret_value()) for key in keys):
            raise ValueError("what stands under 'resend' is not whsec_ and base64; copy the signing secret it shows")
    return by_name


def _endpoint_secrets(value: object) -> Mapping[str, tuple[SecretStr, ...]]:
    shape = 'give JSON like {"crm": ["whsec_…", "whsec_…"]}'
    by_name = _secrets_by_name(value, shape)
    for name, keys in by_name.items():
        if not all(_is_webhook_secret(key.get_secret_value()) for key in keys):
            raise ValueError(f"what stands under '{name[:40]}' is not whsec_ and 16 bytes or more in base64; {shape}")
    return by_name


def chat_room(words: str) -> tuple[ChatKind, str]:
    """Return the kind and the address of `slack:https://…` or `teams:https://…`. Raises ValueError.

    >>> chat_room("teams:https://acme.example/hook")
    ('teams', 'https://acme.example/hook')
    """
    kind, _, url = words.partition(":")
    if kind not in get_args(ChatKind) or not re.match(r"https?://[^\s/]+", url):
        raise ValueError("is no address of a chat")
    return ("slack" if kind == "slack" else "teams"), url


def _chat_urls(value: object) -> Mapping[str, tuple[SecretStr, ...]]:
    shape = "give TEAM=slack:https://… or TEAM=teams:https://…, commas between them"
    tree: object = value
    if isinstance(value, str) and not value.lstrip().startswith("{"):
        parts = [part.strip() for part in value.split(",") if part.strip()]
        if not all("=" in part for part in parts):
            raise ValueError(f"is no list of chats; {shape}")
        tree = {team.strip(): url.strip() for team, _, url in (part.partition("=") for part in parts)}
    by_team = _secrets_by_name(tree, shape)
    for team, (room, *more) in by_team.items():
        try:
            chat_room(room.get_secret_value())
        except ValueError:
            raise ValueError(f"what stands for '{team[:40]}' is no address of a chat; {shape}") from None
        if more:
            raise ValueError(f"'{team[:40]}' has more than one chat; give one")
    return by_team


def _topics(value: object) -> tuple[str, ...]:
    topics = tuple(str(word) for word in (value.split() if isinstance(value, str) else _listed(value)))
    if wrong := [each for each in topics if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+", each)]:
        raise ValueError(f"{wrong[0][:80]!r} is no topic; give ARNs like arn:aws:sns:eu-west-1:123456789012:rapport")
    return topics


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _call_secrets(value: object) -> tuple[SecretStr, ...]:
    words = value.split() if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else [value]
    secrets = tuple(word if isinstance(word, SecretStr) else SecretStr(str(word)) for word in words)
    if not all(_is_webhook_secret(secret.get_secret_value()) for secret in secrets):
        raise ValueError(
            "is not whsec_ and a key of 16 bytes or more in base64; give `echo whsec_$(openssl rand -base64 32)`"
        )
    return secrets


def _is_webhook_secret(text: str) -> bool:
    try:
        return text.startswith("whsec_") and len(b64decode(text.removeprefix("whsec_"), validate=True)) >= 16
    except ValueError:
        return False


def _lmtp_place(value: object) -> str:
    place = str(value).strip()
    if place and not place.startswith("/") and not (place.isdigit() and 0 < int(place) < 65_536):
        raise ValueError(f"{place[:60]!r} is no port and no path; give a port from 1 to 65535, or the path of a socket")
    return place


def _addresses(value: object) -> tuple[str, ...]:
    words = value.split() if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else [value]
    addresses = tuple(str(word).lower() for word in words)
    if wrong := [each for each in addresses if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", each)]:
        raise ValueError(
            f"{wrong[0][:60]!r} is no address; give addresses like fbl@in.acme.example, spaces between them"
        )
    return addresses


class AlsoFromFile:
    """Marks a field that holds something secret: RAPPORT_X_FILE may name a file that holds the value."""


Port = Annotated[int, _whole_number(0, 65535, "a port from 1 to 65535, or 0 for any free one")]
Seconds = Annotated[int, _whole_number(1, 3600, "seconds from 1 to 3600")]
Rest = Annotated[int, _whole_number(1, 86_400, "seconds from 1 to 86400, which is a day")]
Count = Annotated[int, _whole_number(1, 1000, "a whole number from 1 to 1000")]
Switch = Annotated[bool, BeforeValidator(_switch)]
Folder = Annotated[Path, BeforeValidator(_folder)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]
Host = Annotated[str, BeforeValidator(_host)]
HostOrOff = Annotated[str, BeforeValidator(_host_or_off)]
LmtpPlace = Annotated[str, BeforeValidator(_lmtp_place)]
Addresses = Annotated[tuple[str, ...], BeforeValidator(_addresses)]
Database = Annotated[str, BeforeValidator(_database), AlsoFromFile()]
Tls = Annotated[Literal["none", "starttls", "tls"], BeforeValidator(_tls)]
MailProvider = Annotated[ProviderName, BeforeValidator(_provider)]
Key = Annotated[SecretStr, BeforeValidator(_key), AlsoFromFile()]
SigningKeys = Annotated[tuple[SecretStr, ...], BeforeValidator(_signing_keys), AlsoFromFile()]
RsaKey = Annotated[SecretStr, BeforeValidator(_rsa_key), AlsoFromFile()]
Password = Annotated[SecretStr, AlsoFromFile()]
CallSecrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_call_secrets), AlsoFromFile()]
EndpointSecrets = Annotated[Mapping[str, tuple[SecretStr, ...]], BeforeValidator(_endpoint_secrets), AlsoFromFile()]
ChatUrls = Annotated[Mapping[str, tuple[SecretStr, ...]], BeforeValidator(_chat_urls), AlsoFromFile()]
ProviderSecrets = Annotated[Mapping[str, tuple[SecretStr, ...]], BeforeValidator(_provider_secrets), AlsoFromFile()]
Topics = Annotated[tuple[str, ...], BeforeValidator(_topics)]
FormSecrets = Annotated[Mapping[str, tuple[SecretStr, ...]], BeforeValidator(_form_secrets), AlsoFromFile()]
