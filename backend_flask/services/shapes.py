"""What the values of an answer look like: types, each with what JSON Schema says about it beside its kind."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict


class Schema:
    """Words of JSON Schema, such as `format`."""

    def __init__(self, **words: Any) -> None:
        self.words = words


Uuid = Annotated[str, Schema(format="uuid", examples=["01a1f9cc-1a11-7a52-9d0f-5d1d1c2f7b10"])]
Instant = Annotated[str, Schema(format="date-time", examples=["2026-11-20T16:31:05.233Z"])]
Handle = Annotated[str, Schema(examples=["ada"])]
DisplayName = Annotated[str, Schema(examples=["Ada Lovelace"])]
Words = Annotated[str, Schema(examples=["Are you still up for the meteor shower on Saturday?"])]
Kind = Literal["direct", "group"]
Lifetime = Annotated[str, Schema(examples=["7-days"])]
Count = Annotated[int, Schema(minimum=0)]


class SuccessJson(TypedDict):
    success: bool
