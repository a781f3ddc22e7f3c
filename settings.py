"""Every environment variable, typed, frozen, and refused by its own name when wrong.

`load()` reads the environment; `Settings(...)` takes only what it is given, so that a test or the demo never
inherits a developer's RAPPORT_LIVE. docs/settings.md describes each variable; a test compares it with this file.
"""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from temporalio.envconfig import ClientConfigProfile, ClientConnectConfig

from settings_channels import SettingsOfChannels
from settings_environment import PREFIX as PREFIX
from settings_environment import Environment, as_text, misspelt, refusals, variables_of
from settings_mail import LOOPBACK as LOOPBACK
from settings_mail import SettingsOfMail
from settings_values import (
    CallSecrets,
    Count,
    Database,
    Folder,
    FormSecrets,
    Key,
    Port,
    ProviderSecrets,
    Rest,
    Switch,
    Topics,
    WebAddress,
)

TEMPORAL_VARIABLES = ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE")


class SettingsError(ValueError):
    """The environment cannot be used. `problems` holds one `place: what; what to do` each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def http_address(host: str, port: int) -> str:
    """Return the web address of a host and port.

    >>> http_address("::1", 80)
    'http://[::1]:80'
    """
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Settings(SettingsOfMail, SettingsOfChannels):
    """What an installation decides. Every path is absolute; a port of 0 means any free one.

    >>> Settings(home=Path("/srv/crm"), web_port=9000).public_url
    'http://127.0.0.1:9000'
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    home: Folder = Field(default_factory=Path.cwd)
    state: Folder = Field(default_factory=lambda known: known["home"] / ".rapport")
    database_url: Database = Field(
        default_factory=lambda known: f"sqlite:///{known['state'] / 'rapport.db'}",
        repr=False,  # it may hold a password
    )
    inbox_url: Database = Field(
        default_factory=lambda known: (
            f"sqlite:///{known['state'] / 'inbox.db'}"
            if known["database_url"].startswith("sqlite")
            else str(known["database_url"])
        ),
        repr=False,
    )
    web_host: str = LOOPBACK
    web_port: Port = 8080
    public_url: WebAddress = Field(default_factory=lambda known: http_address(known["web_host"], known["web_port"]))
    temporal_port: Port = 7233
    temporal_ui_port: Port = 8233
    task_queue: str = Field(default="rapport", min_length=1)
    round_seconds: Rest = 3600
    keep_days: Count = 90
    secret: Key | None = None
    events_key: Key | None = None
    forms_unsigned: Switch = False
    form_secrets: FormSecrets = Field(default_factory=dict)
    provider_secrets: ProviderSecrets = Field(default_factory=dict)
    ses_topics: Topics = ()
    call_secrets: CallSecrets = ()
    call_private: Switch = False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the constructor is given: the environment is `load`'s business."""
        return (init_settings,)

    @property
    def one_machine(self) -> bool:
        """Whether the database is a file, and so this machine the only one."""
        return self.database_url.startswith("sqlite")

    def secrets_of_form(self, source: str, form: str) -> tuple[SecretStr, ...]:
        """Return the secrets of `source/form`, else of `source`, current first; empty when there are none."""
        return self.form_secrets.get(f"{source}/{form}") or self.form_secrets.get(source, ())

    def but(self, **changes: object) -> "Settings":
        """Return these settings with `changes`; what was never set follows, as the public address follows the port."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return Settings(**(given | changes))

    def as_environment(self) -> dict[str, str]:
        """Return the variables from which `load` makes equal settings; for child processes. Secrets are in it."""
        values = {name: getattr(self, name) for name in sorted(type(self).model_fields)}
        values["inbound_host"] = self.inbound_host or "off"  # an empty variable is one that is not set
        return {PREFIX + name.upper(): as_text(value) for name, value in values.items() if value is not None}


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (default: the process's).

    Raises `SettingsError`, which lists every problem at once, each with its variable's name:

    >>> load({"RAPPORT_WEB_PORT": "abc"})
    Traceback (most recent call last):
    settings.SettingsError: RAPPORT_WEB_PORT: 'abc' is not a number; give a port from 1 to 65535, or 0 for any free one
    """
    environ = os.environ if environ is None else environ
    source = Environment(Settings, environ)
    given = source()
    problems = source.problems + misspelt(environ, Settings)
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise SettingsError(problems + refusals(error)) from None
    if problems:
        raise SettingsError(problems)
    return settings


def documented() -> tuple[str, ...]:
    """Return the name of every variable that is read; docs/settings.md describes each."""
    return (*variables_of(Settings), *TEMPORAL_VARIABLES)


def temporal_config(environ: Mapping[str, str] | None = None) -> ClientConnectConfig | None:
    """Return the arguments of `Client.connect` for the configured cluster; None means the embedded server.

    Only TEMPORAL_ADDRESS, TEMPORAL_PROFILE and TEMPORAL_CONFIG_FILE name a cluster. A temporal.toml that lies in the
    home directory for the `temporal` command alone does not, lest a checkout writes to somebody's production.
    """
    environ = os.environ if environ is None else environ
    if not any(environ.get(name) for name in TEMPORAL_VARIABLES):
        return None
    if (file := environ.get("TEMPORAL_CONFIG_FILE")) and not Path(file).is_file():
        raise SettingsError([f"TEMPORAL_CONFIG_FILE: there is no file '{file}'; give the path of a temporal.toml"])
    try:
        config = ClientConfigProfile.load(override_env_vars=dict(environ)).to_client_connect_config()
    except RuntimeError as error:
        raise SettingsError([f"TEMPORAL_PROFILE: {error}; see `temporal config list`"]) from None
    config.setdefault("target_host", "localhost:7233")
    return config


def connect_options(settings: Settings, environ: Mapping[str, str] | None = None) -> ClientConnectConfig:
    """Return the arguments of `Client.connect`: the configured cluster's, else the embedded server's."""
    return temporal_config(environ) or {"target_host": f"{LOOPBACK}:{settings.temporal_port}"}


def signing_key(settings: Settings) -> SecretStr:
    """Return the key that signs links. On one machine one is made at first need and kept in `<state>/secret`.

    Raises `SettingsError` where several machines would each make their own.
    """
    if settings.secret is not None:
        return settings.secret
    if not settings.one_machine:
        raise SettingsError(
            [f"{PREFIX}SECRET: is not set; give every machine the same, as `openssl rand -hex 32` makes"]
        )
    kept = settings.state / "secret"
    if not kept.exists():
        _keep_new_key(kept)
    return SecretStr(kept.read_text(encoding="ascii").strip())


def _keep_new_key(kept: Path) -> None:
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp makes files of mode 0600; the link appears whole, and only once when two processes start together.
    handle, fresh = tempfile.mkstemp(dir=kept.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(fresh, kept)
    finally:
        os.unlink(fresh)
