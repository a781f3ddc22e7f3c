"""What SQLite and PostgreSQL say differently, and the conditions that every figure of a report shares."""

from typing import Any

from sqlalchemy import ColumnElement, Float, String, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

# In the very words of the partial index: only so SQLite sees that it may use it.
FINAL: ColumnElement[bool] = literal_column("decision.final")


class seconds_between(FunctionElement[float]):  # noqa: N801  it stands in statements like SQL's own functions
    """The seconds from the second instant to the first."""

    inherit_cache = True
    type = Float()


@compiles(seconds_between, "sqlite")
def _sqlite_seconds(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:
    later, earlier = (compiler.process(each, **options) for each in element.clauses)
    return f"((julianday({later}) - julianday({earlier})) * 86400.0)"


@compiles(seconds_between, "postgresql")
def _postgresql_seconds(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:
    later, earlier = (compiler.process(each, **options) for each in element.clauses)
    return f"extract(epoch from ({later} - {earlier}))"


class leads_by(FunctionElement[str]):  # noqa: N801
    """An outcome without what is one run's own (which event, when, in whose words): what tells where a run goes."""

    inherit_cache = True
    type = String()


@compiles(leads_by, "sqlite")
def _sqlite_leads_by(element: leads_by, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_remove({compiler.process(element.clauses, **options)}, '$.id', '$.at', '$.reason')"


@compiles(leads_by, "postgresql")
def _postgresql_leads_by(element: leads_by, compiler: SQLCompiler, **options: Any) -> str:
    return f"((({compiler.process(element.clauses, **options)})::jsonb) - 'id' - 'at' - 'reason')::text"
