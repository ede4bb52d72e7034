"""Items as lines of a file, `{"Item": {"pk": {"S": "..."}, ...}}`: the format of AWS's own exports and imports.

Sources: Amazon DynamoDB Developer Guide, "DynamoDB table export output format" (DynamoDB JSON) and "Amazon S3 import
formats for DynamoDB". A file whose name ends in .gz is compressed, as the files of an export on AWS are.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from cli.script import ScriptError

from backend_flask.lib.ddb_items import Item

# An item has at most 400 KB (DynamoDB quotas); escaped, each byte may take six.
_LONGEST_LINE = 6 * 400 * 1024 + 1024


@dataclass(frozen=True)
class Position:
    """The end of a line: `offset` in bytes as they are when unpacked, `line` counted from 1; 0 is the start."""

    offset: int = 0
    line: int = 0


def line_of(item: Item) -> bytes:
    text = json.dumps({"Item": item}, separators=(",", ":"), default=lambda each: base64.b64encode(each).decode())
    return text.encode() + b"\n"


def item_of(line: bytes) -> Item:
    """As boto3 takes it. Raises ValueError, saying what is wrong."""
    try:
        read = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("no JSON") from None
    try:
        json.dumps(read, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("half a surrogate pair, which cannot be stored") from None
    if not isinstance(read, dict) or not isinstance(read.get("Item"), dict):
        raise ValueError('no object with an "Item"')
    item = {name: _attribute(name, typed) for name, typed in read["Item"].items()}
    for name in ("pk", "sk"):
        if not item.get(name, {}).get("S"):
            raise ValueError(f"an item without the key {name}")
    return item


def open_file(file: Path) -> BufferedReader:
    """For `read`. It stays the same when another takes its name. Raises ScriptError."""
    if not file.is_file():
        raise ScriptError(f"{file} is not a file")
    return file.open("rb")


def read(file: BufferedReader, start: Position) -> Iterator[tuple[Position, Item]]:
    """The items behind this position, each with its own. Raises ScriptError with the number of a line that is none."""
    offset, number = start.offset, start.line
    file.seek(0)
    lines = gzip.GzipFile(fileobj=file) if file.name.endswith(".gz") else file
    try:
        lines.seek(offset)
        for line in iter(lambda: lines.readline(_LONGEST_LINE), b""):
            offset, number = offset + len(line), number + 1
            if line.strip():
                yield Position(offset, number), item_of(line)
    except ValueError as error:
        raise ScriptError(f"{file.name}, line {number}: {_cut(line) or error}") from None
    except (EOFError, zlib.error):
        raise ScriptError(f"{file.name}: cut or damaged after line {number}") from None


def _cut(line: bytes) -> str:
    return "" if line.endswith(b"\n") else "the file is cut in the middle of it"


def _attribute(name: str, typed: Any) -> dict[str, Any]:
    if not isinstance(typed, dict) or len(typed) != 1:
        raise ValueError(f"the attribute {name!r} has no type")
    ((kind, value),) = typed.items()
    if kind == "B":
        return {kind: _binary(name, value)}
    if kind == "BS" and isinstance(value, list):
        return {kind: [_binary(name, each) for each in value]}
    if kind == "M" and isinstance(value, dict):
        return {kind: {key: _attribute(key, each) for key, each in value.items()}}
    if kind == "L" and isinstance(value, list):
        return {kind: [_attribute(name, each) for each in value]}
    if not _IS_OF.get(kind, lambda _: False)(value):
        raise ValueError(f"the attribute {name!r} is of an unknown type, or not of the type that it names")
    return {kind: value}


_IS_OF = {
    "S": lambda value: isinstance(value, str),
    "N": lambda value: isinstance(value, str),
    "BOOL": lambda value: isinstance(value, bool),
    "NULL": lambda value: value is True,
    "SS": lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    "NS": lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
}


def _binary(name: str, value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, binascii.Error):
        raise ValueError(f"the attribute {name!r} is not in base64") from None
