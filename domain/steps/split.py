"""`split`: arms by lot."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from domain.needs import Decided, Draw, Outcome
from domain.patterns import SHARE as PERCENT_OR_WEIGHT
from domain.patterns import editors, whole
from domain.steps.base import Block, Destination, Step

SHARE = re.compile(r"(?P<number>\d{1,6}(?:\.\d{1,4})?)\s*(?P<percent>%?)")
# Shares are kept as whole numbers: a percentage has at most four decimals.
UNIT = 10_000
WHOLE = 100 * UNIT


class SplitArm(BaseModel):
    """A name, a share of the contacts, and what they get."""

    model_config = ConfigDict(extra="ignore")

    name: str
    """What reports call the arm."""
    share: Annotated[str, editors(whole(PERCENT_OR_WEIGHT), "50%")]
    """A percentage, adding up to 100% over all arms, or a weight such as 2."""
    steps: Block = Field(default_factory=Block)
    """What the arm does."""

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,59}", value):
            raise ValueError(f"'{value[:60]}' cannot be the name of an arm; use letters, digits, - and _, at most 60")
        return value

    @field_validator("share")
    @classmethod
    def _is_a_share(cls, value: str) -> str:
        if SHARE.fullmatch(value) is None:
            raise ValueError(f"'{value[:60]}' is no share; write a percentage such as 50%, or a weight such as 2")
        return value

    @property
    def is_percent(self) -> bool:
        """Whether the share is a percentage, not a weight."""
        return self.share.endswith("%")

    def units(self) -> int:
        """Return the share as a whole number, to be compared with the other arms' only."""
        found = SHARE.fullmatch(self.share)
        return int(Decimal(found["number"]) * UNIT) if found else 0


class SplitArms(BaseModel):
    """The arms, and the salt of the lot."""

    model_config = ConfigDict(extra="ignore")

    arms: list[SplitArm]
    """Two arms or more."""
    salt: str | None = Field(default=None, min_length=1, max_length=200)
    """What the lot is drawn with; the same salt draws the same arms. Default: SEQUENCE/STEP."""

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        arms, names = self.arms, [arm.name for arm in self.arms]
        if len(arms) < 2:
            raise ValueError("a 'split' needs two 'arms' or more; add one, or write its steps without a split")
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two arms have the name '{twice}'; rename one")
        if len({arm.is_percent for arm in arms}) > 1:
            raise ValueError("some shares are percentages and some are weights; write all with %, or all without")
        total = sum(arm.units() for arm in arms)
        if arms[0].is_percent and total != WHOLE:
            percent = f"{Decimal(total) / UNIT:f}"
            raise ValueError(f"the shares add up to {percent}%; make them 100%, or leave out the % to write weights")
        if total == 0:
            raise ValueError("no arm has a share; give one of them a share")
        return self


class Split(Step):
    """The arm is a hash of salt and contact: the same on every machine, for ever, known before anything is sent."""

    kind: ClassVar[str] = "split"

    split: SplitArms
    """The arms, by lot."""

    @field_validator("split", mode="before")
    @classmethod
    def _has_arms(cls, value: Any) -> Any:
        if isinstance(value, list):
            raise ValueError("'split' takes 'arms:' and, below it, a list of name, share and steps; write it")
        return value

    def need(self) -> Draw:
        return Draw(
            arms=tuple(arm.name for arm in self.split.arms),
            shares=tuple(arm.units() for arm in self.split.arms),
            salt=self.split.salt,
        )

    def go(self, outcome: Outcome | None) -> Destination:
        if isinstance(outcome, Decided) and outcome.arm is not None:
            return self.split.arms[outcome.arm].steps.first
        return self.next

    def says(self) -> str:
        return "by lot"

    def exits(self) -> Iterator[tuple[str, Destination]]:
        yield from ((f"{arm.name}, {arm.share}", arm.steps.first) for arm in self.split.arms)

    def ways(self) -> Iterator[Destination]:
        yield from (arm.steps.first for arm in self.split.arms)
