"""The types that routes return, as JSON Schema (2020-12). An `Annotated` type adds its `Schema`."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

Json = dict[str, Any]
_PLAIN = {str: "string", int: "integer", bool: "boolean", NoneType: "null"}


class Schemas:
    """`named` collects the objects, each of which others refer to by its name."""

    def __init__(self) -> None:
        self.named: Json = {}

    def of(self, kind: Any) -> Json:
        """Raises TypeError if it is no type that an answer can have."""
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Annotated:
            return {**self.of(arguments[0]), **arguments[1].words}
        if origin in {Union, UnionType}:
            return {"anyOf": [self.of(each) for each in arguments]}
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin is list:
            return {"type": "array", "items": self.of(arguments[0])}
        if is_typeddict(kind):
            return self._reference(kind)
        if kind in _PLAIN:
            return {"type": _PLAIN[kind]}
        raise TypeError(f"{kind} is no type of an answer")

    def _reference(self, kind: Any) -> Json:
        name = kind.__name__.removesuffix("Json")
        if name not in self.named:
            self.named[name] = {}
            self.named[name] = self._object(kind)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, kind: Any) -> Json:
        fields = get_type_hints(kind, include_extras=True)
        absent = {name for name, each in fields.items() if get_origin(each) is NotRequired}
        plain = {name: get_args(each)[0] if name in absent else each for name, each in fields.items()}
        return {
            "type": "object",
            **({"description": kind.__doc__} if kind.__doc__ else {}),
            "properties": {name: self.of(each) for name, each in plain.items()},
            "required": [name for name in fields if name not in absent],
        }
