"""One run of Alembic, for either database: `main` or `inbox`. Revisions of each stand in the folder of its name.

Started by `records/migrate.py` and `migrations/revise.py`, which bring an open connection inside a transaction: a
migration happens whole or not at all. On PostgreSQL both databases may be one, so each has its own version table and
sees its own tables only.
"""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from records import (
    broadcast_models,
    case_models,
    entry_models,
    follow_up_models,
    hold_models,
    link_models,
    meeting_models,
    published_models,
    remedy_models,
    score_models,
    sending_models,
    waiting_models,
    work_models,
)
from records.models import InboxRecord, Record

METADATA = {"main": Record.metadata, "inbox": InboxRecord.metadata}
# A table is known once the module that holds it is.
SOME = (
    broadcast_models.Broadcast,
    hold_models.Pause,
    meeting_models.MeetingTold,
    entry_models.Holdout,
    link_models.Link,
    published_models.Edition,
    score_models.ContactScore,
    sending_models.Notice,
    follow_up_models.FollowUp,
    remedy_models.Voucher,
    case_models.ServiceCase,
    work_models.CallAnswer,
    waiting_models.WaitingMessage,
)
assert {model.__tablename__ for model in SOME} <= set(Record.metadata.tables)

name = context.config.attributes["database"]
foreign = {table for other, metadata in METADATA.items() if other != name for table in metadata.tables}


def is_ours(found: str | None, kind: str, _parents: Any) -> bool:
    return kind != "table" or (found not in foreign and not str(found).startswith("migration_"))


def in_plain_types(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write a column's type as SQLAlchemy's own: a revision must not change when our classes do."""
    if kind != "type" or type(item).__module__.startswith("sqlalchemy"):
        return False
    plain = item.impl_instance
    return f"sa.{plain!r}"


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA[name],
    version_table=f"migration_{name}",
    include_name=is_ours,
    render_item=in_plain_types,
    render_as_batch=True,  # SQLite changes a table only by building it anew
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
