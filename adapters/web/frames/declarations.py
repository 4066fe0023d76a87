"""The frames as TypeScript declarations, for the front end's check by `tsc`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Final, get_args

import msgspec
from msgspec import inspect as shapes

from adapters.web.frames import browser, http, page

UNIONS: Final = {"Act": browser.Act, "FromBrowser": browser.FromBrowser, "FromPage": page.FromPage}
HEAD: Final = """\
// What goes between browser and page. Made by `make generate` from adapters/web/frames; do not edit.
"""


def typescript() -> str:
    """The content of `static/frames.d.ts`."""
    found = _Found()
    roots: Sequence[type] = (
        *get_args(browser.FromBrowser),
        *get_args(page.FromPage),
        *http.POSTS.values(),
        *http.ANSWERS,
    )
    for root in roots:
        found.add(shapes.type_info(root))
    parts = [
        *(_enum(each) for each in found.enums.values()),
        *(_interface(each) for each in found.structs.values()),
    ]
    parts += [f"export type {name} = {' | '.join(_names(union))};\n" for name, union in UNIONS.items()]
    posts = [f"  {json.dumps(path)}: {body.__name__};" for path, body in http.POSTS.items()]
    parts.append("\n".join(["/** Which body is sent where. */\nexport interface Posts {", *posts, "}\n"]))
    return "\n".join([HEAD, *parts])


class _Found:
    """Every struct and enum that is reached, by name, in the order in which it is needed."""

    def __init__(self) -> None:
        self.structs: dict[str, shapes.StructType] = {}
        self.enums: dict[str, type[Enum]] = {}

    def add(self, shape: shapes.Type) -> None:
        match shape:
            case shapes.StructType() if self._is_new(shape.cls):
                self.structs[shape.cls.__name__] = shape
                for field in shape.fields:
                    self.add(field.type)
            case shapes.EnumType():
                self.enums[shape.cls.__name__] = shape.cls
            case shapes.ListType() | shapes.VarTupleType():
                self.add(shape.item_type)
            case shapes.UnionType():
                for each in shape.types:
                    self.add(each)
            case _:
                pass

    def _is_new(self, cls: type) -> bool:
        known = self.structs.get(cls.__name__)
        if known is not None and known.cls is not cls:
            raise ValueError(f"two frames have the name {cls.__name__}")
        return known is None


def _enum(cls: type[Enum]) -> str:
    return f"{_about(cls)}export type {cls.__name__} = {' | '.join(json.dumps(each.value) for each in cls)};\n"


def _interface(shape: shapes.StructType) -> str:
    return "\n".join([f"{_about(shape.cls)}export interface {shape.cls.__name__} {{", *_fields(shape), "}\n"])


def _fields(shape: shapes.StructType) -> Iterator[str]:
    if shape.tag is not None:
        yield f"  {shape.tag_field}: {json.dumps(shape.tag)};"
    for field in shape.fields:
        yield f"  {field.encode_name}{'' if field.required else '?'}: {_type(field.type)};"


def _about(cls: type) -> str:
    return f"/** {' '.join(inspect.cleandoc(cls.__doc__ or '').split())} */\n"


def _type(shape: shapes.Type) -> str:
    match shape:
        case shapes.StructType() | shapes.EnumType():
            return str(shape.cls.__name__)
        case shapes.ListType() | shapes.VarTupleType():
            inner = _type(shape.item_type)
            return f"({inner})[]" if " | " in inner else f"{inner}[]"
        case shapes.UnionType():
            return " | ".join(_type(each) for each in shape.types)
        case shapes.DictType():
            return f"Record<{_type(shape.key_type)}, {_type(shape.value_type)}>"
        case shapes.LiteralType():
            return " | ".join(json.dumps(value) for value in shape.values)
        case shapes.StrType():
            return "string"
        case shapes.IntType() | shapes.FloatType():
            return "number"
        case shapes.BoolType():
            return "boolean"
        case shapes.NoneType():
            return "null"
        case other:
            raise TypeError(f"no TypeScript for {other}")


def _names(union: Any) -> list[str]:
    members: tuple[type[msgspec.Struct], ...] = get_args(union)
    return [each.__name__ for each in members]
