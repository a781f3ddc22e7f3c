"""What is remembered of links: where each leads. Whose message one stands in, only its token says."""

from datetime import datetime

from sqlmodel import Field

from records.columns import Instant, Record


class Link(Record, table=True):
    """A link in messages: `url` as its author wrote it, `address` where a browser is sent. Its id is made of both.

    Nothing else is ever redirected to. `noted_at` is when it stood in a message last, to within a month.
    """

    __tablename__ = "link"

    id: str = Field(primary_key=True, max_length=20)
    url: str = Field(max_length=2000)
    address: str = Field(max_length=2000)
    noted_at: datetime = Field(sa_type=Instant)
