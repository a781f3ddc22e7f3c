"""The JSON Schema of what authors write, for editors that complete and check while one types.

It is made from the models that read the files: their fields, the sentences below them, their patterns and limits. No
kind of step is named here. Draft 7, because that is what the YAML language server (VS Code and others) and JetBrains'
editors support in full; later drafts only in part. The schema is looser than `rapport check`, which sees the whole
home, and never refuses what `check` accepts.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from domain.definition import Header
from domain.forms import FormMapping
from domain.policy_files import FORMS, POLICIES, POLICY_FILES
from domain.program import Program
from domain.steps.base import Block, Step

DRAFT = "http://json-schema.org/draft-07/schema#"
SEQUENCE, STEP = "sequence", "step"
REF = "#/definitions/{model}"


class _AsWritten(GenerateJsonSchema):
    """Schemas of what stands in a file: every scalar is a text to us, and what is left out is not written as null."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012  (the library's own way)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if made.get("default", "") in (None, "", [], {}):
            made.pop("default", None)
        return made

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        return super().str_schema(schema) | {"type": ["string", "number", "boolean"]}

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return super().int_schema(schema) | {"type": ["integer", "string"], "pattern": "^[+-]?[0-9]+$"}

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        return {"enum": [True, False, "yes", "no", "on", "off", "true", "false"]}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        if schema["cls"] is Block:
            return {"type": "array", "items": {"$ref": REF.format(model=STEP)}}
        made = super().model_schema(schema)
        if "properties" in made:
            made = _described(schema["cls"], made) | {"additionalProperties": False}
        return made


def _described(model: type[BaseModel], made: JsonSchemaValue) -> JsonSchemaValue:
    """Return the schema of a model with only the keys an author writes, each with the sentence below its field."""
    written = model.keys() if issubclass(model, Step) else frozenset(made["properties"])
    words = said_of_fields(model)
    properties = {
        key: ({"description": words[key]} if key in words else {}) | each
        for key, each in made["properties"].items()
        if key in written
    }
    return made | {"properties": properties, "description": said_of(model)}


def said_of(model: type[BaseModel]) -> str:
    """Return the first paragraph of a model's docstring, in one line."""
    return " ".join(inspect.cleandoc(model.__doc__ or "").partition("\n\n")[0].split())


def said_of_fields(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstrings that stand below the fields of a model, by the key that an author writes."""
    found: dict[str, str] = {}
    for each in reversed([one for one in model.__mro__ if issubclass(one, BaseModel) and one is not BaseModel]):
        found |= _docstrings(each)
    aliases = {name: info.alias for name, info in model.model_fields.items() if info.alias}
    return {aliases.get(name, name): words for name, words in found.items()}


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    found: dict[str, str] = {}
    for field, below in zip(body.body, body.body[1:], strict=False) if isinstance(body, ast.ClassDef) else ():
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                found[name] = " ".join(words.split())
    return found


def schemas() -> dict[str, dict[str, Any]]:
    """Return every schema by its path below docs/: `sequence.schema.json`, and one for each policy."""
    policies = {path.removesuffix(".yaml"): model for path, model in _policies().items()}
    return {f"{SEQUENCE}.schema.json": sequence_schema()} | {
        f"{path}.schema.json": _document(model, path.rpartition("/")[2]) for path, model in policies.items()
    }


def _policies() -> dict[str, type[BaseModel]]:
    return {f"{POLICIES}{name}.yaml": model for name, model in POLICY_FILES.items()} | {
        f"{FORMS.removesuffix('s/')}.yaml": FormMapping
    }


def _document(model: type[BaseModel], title: str) -> dict[str, Any]:
    made, definitions = _made([model])
    return _whole(title, definitions.pop(made[model]), definitions)


def sequence_schema() -> dict[str, Any]:
    """Return the schema of a file in `sequences/`."""
    kinds = dict(sorted(Step.kinds.items()))
    made, definitions = _made([Header, *kinds.values()])
    head = definitions.pop(made[Header])
    head["properties"]["steps"] = {
        "description": Program.model_fields["steps"].description or "What happens, one step after the other.",
        "type": "array",
        "items": {"$ref": f"#/definitions/{STEP}"},
    }
    head["required"] = [*head.get("required", []), "steps"]
    definitions[STEP] = _step({kind: (model, made[model]) for kind, model in kinds.items()}, definitions)
    return _whole(SEQUENCE, head, definitions)


def _step(kinds: Mapping[str, tuple[type[Step], str]], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of any step: which kind it is decides, as it does when it is read, and there is one.

    An `if` for each kind, not one of many: an editor then says what is wrong with this kind, and completes its keys.
    """
    keys = sorted({key for _, name in kinds.values() for key in definitions[name]["properties"]})
    return {
        "description": said_of(Step),
        "type": "object",
        "properties": {kind: {"description": said_of(model)} for kind, (model, _) in kinds.items()},
        "propertyNames": {"enum": keys},
        "oneOf": [{"required": [kind]} for kind in kinds],
        "allOf": [
            {"if": {"required": [kind]}, "then": {"$ref": REF.format(model=name)}} for kind, (_, name) in kinds.items()
        ],
    }


def _made(models: Iterable[type[BaseModel]]) -> tuple[dict[type[BaseModel], str], dict[str, Any]]:
    """Return the name of each model's definition, and all definitions."""
    asked: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in models]
    made, rest = models_json_schema(asked, ref_template=REF, schema_generator=_AsWritten)
    names = {model: made[model, mode]["$ref"].rpartition("/")[2] for model, mode in asked}
    return names, {name: _tidy(each) for name, each in rest["$defs"].items()}


def _tidy(node: Any) -> Any:
    """Return a schema without titles, and with what stands beside a reference put where draft 7 looks at it."""
    if isinstance(node, list):
        return [_tidy(each) for each in node]
    if not isinstance(node, dict):
        return node
    properties = {key: _tidy(each) for key, each in node.get("properties", {}).items()}
    rest = {key: _tidy(each) for key, each in node.items() if key not in ("title", "properties")}
    if "$ref" in rest and len(rest) > 1:
        rest["allOf"] = [{"$ref": rest.pop("$ref")}]
    return rest | ({"properties": properties} if properties else {})


def _whole(title: str, root: dict[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    return {"$schema": DRAFT, "title": title, **root, "definitions": dict(sorted(definitions.items()))}
