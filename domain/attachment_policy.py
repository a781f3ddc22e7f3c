"""Which files messages may carry, as operations decide in policies/messaging.yaml."""

from pydantic import BaseModel, ConfigDict, field_validator

from domain.attachments import KINDS, Kind, bytes_in, kind_of, named_kind


class Attachments(BaseModel):
    """Which files a message may carry, and how much those of one message may weigh together."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    types: tuple[Kind, ...] = KINDS
    """The kinds of files; what a file is, its content says."""
    most: str = "1 MB"
    """How much all files and pictures of one message may weigh together, such as 500 kB."""

    @field_validator("most")
    @classmethod
    def _is_a_size(cls, value: str) -> str:
        bytes_in(value)
        return value

    @property
    def most_bytes(self) -> int:
        """How many bytes all files and pictures of one message may have together."""
        return bytes_in(self.most)

    def unfit(self, path: str, data: bytes) -> str | None:
        """Return why a file may not travel, or None.

        >>> Attachments(types=("pdf",)).unfit("files/logo.png", b"\\x89PNG\\r\\n\\x1a\\n")
        'is a png, and policies/messaging.yaml allows pdf; add it there, or take the file out'
        """
        kind = kind_of(data)
        if kind is None:
            return f"is none of {', '.join(self.types)} by what it holds; save it as one of these"
        if kind not in self.types:
            allowed = ", ".join(self.types) or "none"
            return f"is a {kind}, and policies/messaging.yaml allows {allowed}; add it there, or take the file out"
        if named_kind(path) != kind:
            return f"is a {kind} by what it holds; give it a name that ends in .{kind}"
        return None
