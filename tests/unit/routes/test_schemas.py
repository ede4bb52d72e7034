"""Types as JSON Schema."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest

from backend_flask.routes.schemas import Schemas
from backend_flask.services.shapes import Schema

Short = Annotated[str, Schema(maxLength=3)]


class InnerJson(TypedDict):
    """What is inside."""

    short: Short
    maybe: Short | None


class OuterJson(InnerJson):
    inner: list[InnerJson]
    seldom: NotRequired[bool]


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (bool, {"type": "boolean"}),
        (Short, {"type": "string", "maxLength": 3}),
        (list[Short], {"type": "array", "items": {"type": "string", "maxLength": 3}}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (Literal["a", "b"], {"enum": ["a", "b"]}),
        (InnerJson, {"$ref": "#/components/schemas/Inner"}),
    ],
)
def test_a_type_is_described(kind: Any, schema: dict[str, Any]) -> None:
    assert Schemas().of(kind) == schema


def test_an_object_is_described_once_by_its_name() -> None:
    schemas = Schemas()
    schemas.of(list[OuterJson])
    short = {"type": "string", "maxLength": 3}
    inner = {"short": short, "maybe": {"anyOf": [short, {"type": "null"}]}}
    more = {"inner": {"type": "array", "items": {"$ref": "#/components/schemas/Inner"}}, "seldom": {"type": "boolean"}}
    assert schemas.named == {
        "Inner": {
            "type": "object",
            "description": "What is inside.",
            "properties": inner,
            "required": ["short", "maybe"],
        },
        "Outer": {"type": "object", "properties": inner | more, "required": ["short", "maybe", "inner"]},
    }


@pytest.mark.parametrize("kind", [float, dict, set[str], object, Any])
def test_another_type_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError, match="no type of an answer"):
        Schemas().of(kind)
