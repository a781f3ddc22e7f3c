"""What an installation decides about other channels than e-mail: texts, webhooks, bookings, our teams' chats.

A part of `Settings` (settings.py), in a file of its own; nobody else uses it.
"""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from settings_environment import PREFIX
from settings_values import CallSecrets, ChatKind, ChatUrls, EndpointSecrets, SigningKeys, WebAddress, chat_room


class SettingsOfChannels(BaseSettings):
    """The fields of `Settings` about text messages, webhooks, meetings and chats."""

    sms_url: WebAddress | None = None
    sms_secret: CallSecrets = ()
    webhook_secrets: EndpointSecrets = Field(default_factory=dict)
    calendly_secret: SigningKeys = ()
    chat_urls: ChatUrls = Field(default_factory=dict)

    @property
    def chats(self) -> dict[str, tuple[ChatKind, str]]:
        """What the chat of each team is, and its address, which is a secret."""
        return {team: chat_room(room.get_secret_value()) for team, (room, *_) in self.chat_urls.items()}

    @model_validator(mode="after")
    def _texts_are_signed(self) -> Self:
        if self.sms_url and not self.sms_secret:
            raise ValueError(f"{PREFIX}SMS_URL: is set, but nothing signs what goes there; set {PREFIX}SMS_SECRET")
        return self
