"""What a database does for each statement of some work: which tables it reads from end to end."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from records.session import Database

# A part of SQLite's plan that reads a whole table, or a whole index of it.
_SCAN = re.compile(r"SCAN (?!CONSTANT|SUBQUERY|\(|n\b)(?P<table>\w+)(?: USING (?:COVERING )?INDEX (?P<index>\w+))?")


class Watched:
    """Every statement that is sent to some databases, with its values."""

    def __init__(self) -> None:
        self.seen: dict[str, tuple[Database, Any]] = {}

    @contextmanager
    def of(self, *databases: Database) -> Iterator["Watched"]:
        """Watch until the block ends."""
        hooks = [(each.engine, self._hook(each)) for each in databases]
        for engine, hook in hooks:
            event.listen(engine, "before_cursor_execute", hook)
        try:
            yield self
        finally:
            for engine, hook in hooks:
                event.remove(engine, "before_cursor_execute", hook)

    def _hook(self, database: Database) -> Callable[..., None]:
        def hook(_: Any, __: Any, statement: str, values: Any, ___: Any, many: bool) -> None:
            if re.match(r"\s*(select|with|update|delete|insert)\b", statement, re.IGNORECASE):
                self.seen.setdefault(statement, (database, values[0] if many else values))

        return hook

    def whole_tables(self, small: frozenset[str]) -> dict[str, list[str]]:
        """Return, by statement, what is read from end to end; `small` are tables and indexes of which that is right."""
        found = {}
        for statement, (database, values) in self.seen.items():
            with database.engine.connect() as connection:
                whole = [each for each in _read_whole(connection, statement, values) if each not in small]
            if whole:
                found[" ".join(statement.split())] = whole
        return found


def _read_whole(connection: Connection, statement: str, values: Any) -> Iterator[str]:
    if connection.dialect.name == "sqlite":
        for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values):
            scan = _SCAN.match(step[3])
            if scan:
                yield scan["index"] or scan["table"]
        return
    # What is a few pages long PostgreSQL reads whole even where it has an index; the question is whether it has one.
    for way in ("seqscan", "hashjoin", "mergejoin"):
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    [told] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).one()
    plan = json.loads(told) if isinstance(told, str) else told
    yield from _whole_of(plan[0]["Plan"], limited=False)


def _whole_of(node: dict[str, Any], limited: bool) -> Iterator[str]:
    """A page of an ordered table stops by its limit: its index is not read to the end."""
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    elif node["Node Type"] in ("Index Scan", "Index Only Scan") and "Index Cond" not in node and not limited:
        yield node["Index Name"]
    limited = node["Node Type"] == "Limit" or (limited and node["Node Type"] == "LockRows")
    for each in node.get("Plans", ()):
        yield from _whole_of(each, limited)
