"""`schema`: what editors check and complete by, made from the models that read the files."""

import json
from pathlib import Path, PurePosixPath

from domain.definition import nearest
from starter.cli_result import ProblemsFound, Result
from starter.schema import schemas

SUFFIX = ".schema.json"


def show_schema(name: str) -> Result:
    """Return the schema of this name. Raises `ProblemsFound`."""
    named = {PurePosixPath(path).name.removesuffix(SUFFIX): schema for path, schema in schemas().items()}
    if name not in named:
        raise ProblemsFound([f"there is no schema '{name}'{nearest(name, set(named))}"])
    return Result(named[name], [as_text(named[name]).rstrip()])


def write_schemas(folder: Path) -> Result:
    """Write every schema below a folder. Raises `ProblemsFound`."""
    for path, schema in schemas().items():
        try:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(as_text(schema), encoding="utf-8")
        except OSError as error:
            raise ProblemsFound(
                [f"{folder / path}: cannot be written ({error.strerror}); give another folder"]
            ) from None
    written = sorted(schemas())
    return Result({"out": str(folder), "written": written}, [], [f"written: {folder / path}" for path in written])


def as_text(schema: dict[str, object]) -> str:
    """Return a schema as its file holds it."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
