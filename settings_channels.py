"""What an installation decides about other channels than e-mail: who sends texts, what signs webhooks and bookings.

A part of `Settings` (settings.py), in a file of its own; nobody else uses it.
"""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from settings_environment import PREFIX
from settings_values import CallSecrets, EndpointSecrets, SigningKeys, WebAddress


class SettingsOfChannels(BaseSettings):
    """The fields of `Settings` about text messages, webhooks and meetings."""

    sms_url: WebAddress | None = None
    sms_secret: CallSecrets = ()
    webhook_secrets: EndpointSecrets = Field(default_factory=dict)
    calendly_secret: SigningKeys = ()

    @model_validator(mode="after")
    def _texts_are_signed(self) -> Self:
        if self.sms_url and not self.sms_secret:
            raise ValueError(f"{PREFIX}SMS_URL: is set, but nothing signs what goes there; set {PREFIX}SMS_SECRET")
        return self
