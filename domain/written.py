"""Values that stay in the author's words.

The one thing to know: such a value is stored and sent as its text and parsed again where it arrives, so a payload
says `2 days at 09:00` to whoever looks at it, and a grammar must go on reading what it once accepted.
"""

from typing import Any, ClassVar, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from domain.patterns import whole


class Written(BaseModel):
    """A value in the author's words: parsed from text, and text again wherever it is stored or sent.

    A kind of value gives its fields, `examples` and `_read`, which turns the words into the fields; for editors the
    `pattern` of its words, if there is one (`domain/patterns.py`).
    """

    model_config = ConfigDict(frozen=True)
    examples: ClassVar[tuple[str, ...]] = ()
    pattern: ClassVar[str] = ""

    words: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the author's text; ValueError says what is wrong with it and what to write."""
        words = " ".join(text.split())
        return cast("Self", cls.model_construct(words=words, **cls._read(words)))

    @classmethod
    def _read(cls, words: str) -> dict[str, Any]:
        raise TypeError(f"{cls.__name__} has no grammar; give it a `_read`")

    @model_validator(mode="wrap")
    @classmethod
    def _from_text(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(value, str):
            return cls.parse(value)
        if isinstance(value, cls):
            return handler(value)
        raise ValueError(f"this must be text; write e.g. '{cls.examples[0]}'")

    @model_serializer
    def _as_text(self) -> str:
        return self.words

    def __str__(self) -> str:
        return self.words

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        about = (cls.__doc__ or "").partition("\n")[0]
        made: JsonSchemaValue = {"type": "string", "description": about, "examples": [*cls.examples]}
        if cls.pattern:
            # The last is no keyword of JSON Schema; editors say it instead of the pattern.
            made |= {"pattern": whole(cls.pattern), "patternErrorMessage": f"write e.g. {', '.join(cls.examples)}"}
        return made
