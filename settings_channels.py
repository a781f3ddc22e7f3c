"""What an installation decides about the channels beside e-mail: the provider that text messages are given to.

A part of `Settings` (settings.py), in a file of its own; nobody else uses it.
"""

from typing import Self

from pydantic import model_validator
from pydantic_settings import BaseSettings

from settings_environment import PREFIX
from settings_values import CallSecrets, WebAddress


class SettingsOfChannels(BaseSettings):
    """The fields of `Settings` about text messages."""

    sms_url: WebAddress | None = None
    sms_secret: CallSecrets = ()

    @model_validator(mode="after")
    def _texts_are_signed(self) -> Self:
        if self.sms_url and not self.sms_secret:
            raise ValueError(f"{PREFIX}SMS_URL: is set, but nothing signs what goes there; set {PREFIX}SMS_SECRET")
        return self
