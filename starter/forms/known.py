"""The form sources by name, as in `POST /forms/{source}/{form}`.

A new one is a file beside this one, and a line here.
"""

from collections.abc import Mapping

from starter.forms.base import Source
from starter.forms.html import Html
from starter.forms.own_json import OwnJson
from starter.forms.typeform import Typeform

SOURCES: Mapping[str, Source] = {source.name: source for source in (Typeform(), OwnJson(), Html())}
