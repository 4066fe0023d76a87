"""What is wrong with settings, all at once: key, problem, a line that would be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, SecretStr, ValidationError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: the key, what is wrong with it, and a line that would be right."""

    key: str
    text: str
    example: str = ""


class WrongSettings(Exception):
    """The settings cannot be used; `problems` lists all that is wrong at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{problem.key}: {problem.text}" for problem in problems))
        self.problems = tuple(problems)


def problems_of(error: ValidationError, model: type[BaseModel], under: str = "") -> list[Problem]:
    """Every fault that pydantic found in a `model`, in this house's words. `under`: the key of its table.

    Values are not repeated: they may be secret.
    """
    found = []
    for fault in error.errors(include_url=False, include_input=False):
        location = fault["loc"]
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
        key = "".join((under, *parts)).lstrip(".")
        text = _text_of(fault)
        field = _field_at(model, location)
        if fault["type"] == "extra_forbidden":
            # Late: most configurations have no typing error.
            import difflib

            near = difflib.get_close_matches(str(location[-1]), _keys_at(model, location[:-1]), n=1)
            text = "is not a known key" + (f"; did you mean {near[0]!r}?" if near else "")
        example = ""
        if field is not None and field.examples:
            name = next(part for part in reversed(location) if isinstance(part, str))
            example = f"{name} = {toml_value(field.examples[0])}"
        found.append(Problem(key, text, example))
    return found


WORDS: Final = {
    "missing": "is missing",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be a list; in the environment lists must be JSON",
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "has a wrong form",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "decimal_parsing": "must be a number",
    "decimal_type": "must be a number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
    "too_long": "must have at most {max_length} entries",
}
"""pydantic's kinds of faults in an operator's words; of others pydantic's own text is shown."""


def _text_of(fault: Mapping[str, Any]) -> str:
    words = WORDS.get(fault["type"])
    return words.format(**fault.get("ctx", {})) if words else str(fault["msg"]).removeprefix("Value error, ")


def _model_at(root: type[BaseModel], location: Sequence[str | int]) -> type[BaseModel] | None:
    """The model whose keys stand at `location`."""
    model: type[BaseModel] | None = root
    for part in location:
        if model is None or isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        model = _inner_model(field.annotation) if field is not None else None
    return model


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if isinstance(argument, type) and issubclass(argument, BaseModel):
            return argument
    return None


def _field_at(root: type[BaseModel], location: Sequence[str | int]) -> Any:
    named = [part for part in location if isinstance(part, str)]
    model = _model_at(root, named[:-1])
    return model.model_fields.get(named[-1]) if model is not None and named else None


def _keys_at(root: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    model = _model_at(root, location)
    return list(model.model_fields) if model is not None else []


def toml_value(value: object) -> str:
    """A TOML literal of text, number, truth value, path, list or (inline) table."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return str(value)
        case SecretStr():
            return '""'
        case str() | Path():
            return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
        case list() | tuple():
            return "[" + ", ".join(toml_value(item) for item in value) + "]"
        case Mapping():
            return "{ " + ", ".join(f"{key} = {toml_value(item)}" for key, item in value.items()) + " }"
        case None:
            return '""'
        case _:
            raise TypeError(f"{type(value).__name__} has no TOML form here")
