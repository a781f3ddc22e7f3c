"""What an installation decides about mail: the server messages leave by, how they are signed, where mail comes back to.

A part of `Settings` (settings.py), in a file of its own; nobody else uses it.
"""

from dataclasses import dataclass, field
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from settings_environment import PREFIX
from settings_values import (
    Addresses,
    Count,
    Host,
    HostOrOff,
    LmtpPlace,
    MailProvider,
    Password,
    Port,
    ProviderName,
    Rest,
    RsaKey,
    Seconds,
    Switch,
    Tls,
)

LOOPBACK = "127.0.0.1"
EXAMPLE_HOST = "mail.rapport.example"


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server messages are handed to."""

    host: str
    port: int
    tls: Literal["none", "starttls", "tls"] = "none"
    user: str = ""
    password: SecretStr = field(default=SecretStr(""))
    pool_size: int = 4


class SettingsOfMail(BaseSettings):
    """The fields of `Settings` about mail."""

    mailbox_smtp_port: Port = 1025
    mailbox_http_port: Port = 8025
    live: Switch = False
    smtp_host: str = ""
    smtp_tls: Tls = "starttls"
    smtp_port: Port = Field(default_factory=lambda known: {"none": 25, "starttls": 587, "tls": 465}[known["smtp_tls"]])
    smtp_user: str = ""
    smtp_password: Password = SecretStr("")
    smtp_pool_size: Count = 4
    smtp_reply_seconds: Seconds = 300
    smtp_lease_seconds: Seconds = 60
    smtp_rest_seconds: Rest = 86_400
    smtp_provider: MailProvider = "plain"
    ses_configuration_set: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,64}$")
    dkim_domain: HostOrOff = ""
    dkim_selector: HostOrOff = ""
    dkim_key: RsaKey | None = None
    message_host: Host = EXAMPLE_HOST
    # Nothing comes back to a name that is nobody's: live, the mail of an installation without a name of its own would
    # be refused for its sender.
    inbound_host: HostOrOff = Field(
        default_factory=lambda known: (
            "" if known["live"] and known["message_host"] == EXAMPLE_HOST else known["message_host"]
        )
    )

    inbound_smtp_host: str = LOOPBACK
    inbound_smtp_port: Port = 2525
    inbound_lmtp: LmtpPlace = ""
    inbound_mailboxes: Addresses = ()
    inbound_megabytes: Count = 25
    inbound_keep_days: Count = 90
    imap_host: str = ""
    imap_tls: Tls = "tls"
    imap_port: Port = Field(default_factory=lambda known: 993 if known["imap_tls"] == "tls" else 143)
    imap_user: str = ""
    imap_password: Password = SecretStr("")
    imap_folder: str = "INBOX"
    imap_done: str = ""
    imap_seconds: Rest = 60

    @model_validator(mode="after")
    def _a_mailbox_has_a_user(self) -> Self:
        if self.imap_host and not self.imap_user:
            raise ValueError(f"{PREFIX}IMAP_HOST: is set, but nobody logs in there; set {PREFIX}IMAP_USER, too")
        return self

    @property
    def takes_mail(self) -> bool:
        """Whether mail can come back to anywhere."""
        return bool(self.inbound_host or self.inbound_mailboxes or self.imap_host)

    @model_validator(mode="after")
    def _live_needs_a_server(self) -> Self:
        if self.live and not self.smtp_host:
            raise ValueError(f"{PREFIX}LIVE: is on, but no mail server is named; set {PREFIX}SMTP_HOST")
        return self

    @model_validator(mode="after")
    def _only_ses_has_configuration_sets(self) -> Self:
        if self.ses_configuration_set and self.smtp_provider != "ses":
            raise ValueError(f"{PREFIX}SES_CONFIGURATION_SET: is set, but {PREFIX}SMTP_PROVIDER is not ses; set both")
        return self

    @model_validator(mode="after")
    def _a_signature_needs_all_three(self) -> Self:
        parts = {"DOMAIN": self.dkim_domain, "SELECTOR": self.dkim_selector, "KEY": self.dkim_key}
        lacking = [name for name, value in parts.items() if not value]
        if lacking and len(lacking) < len(parts):
            there = next(name for name, value in parts.items() if value)
            raise ValueError(
                f"{PREFIX}DKIM_{lacking[0]}: is not set, but {PREFIX}DKIM_{there} is; set all three or none"
            )
        return self

    @property
    def mail_provider(self) -> ProviderName:
        """Whose ways the mail server has: nobody's, until `live` is on."""
        return self.smtp_provider if self.live else "plain"

    @property
    def mail_server(self) -> MailServer:
        """The local mail server that keeps what it gets, until `live` is on: whatever SMTP host is set."""
        if not self.live:
            return MailServer(LOOPBACK, self.mailbox_smtp_port, pool_size=self.smtp_pool_size)
        return MailServer(
            self.smtp_host, self.smtp_port, self.smtp_tls, self.smtp_user, self.smtp_password, self.smtp_pool_size
        )
