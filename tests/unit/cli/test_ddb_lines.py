"""Lines of a backup: DynamoDB's own format, and one clear line about whatever is none of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.script import ScriptError

import pytest

from backend_flask.lib.ddb_items import Item
from cli.ddb_lines import Position, item_of, line_of, open_file, read

START = Position()
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
# The example of "Amazon S3 import formats for DynamoDB", with our keys, and the types that it does not have.
EVERY_TYPE: dict[str, dict[str, Any]] = {
    **KEY,
    "Authors": {"SS": ["Author1", "Author2"]},
    "Id": {"N": "103"},
    "InPublication": {"BOOL": False},
    "Nothing": {"NULL": True},
    "Sizes": {"NS": ["1", "2.5"]},
    "Title": {"S": "Book \u2603 \n \u2028 Title"},
    "Cover": {"B": b"\x00\xff"},
    "Pages": {"BS": [b"\x01", b""]},
    "Nested": {"M": {"list": {"L": [{"S": ""}, {"M": {}}, {"B": b"\x02"}]}}},
}


def lines(file: Path, start: Position = START) -> Iterator[tuple[Position, Item]]:
    with open_file(file) as opened:
        yield from read(opened, start)


def test_an_item_of_every_type_comes_back_as_it_was() -> None:
    line = line_of(EVERY_TYPE)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert json.loads(line)["Item"]["Cover"] == {"B": "AP8="}
    assert item_of(line) == EVERY_TYPE


NO_ITEMS: dict[str, str | bytes] = {
    "no JSON": "pk,sk",
    "half a line": '{"Item": {"pk"',
    "very deep": "[" * 100_000,
    "not UTF-8": b"\xff\xfe",
    "a list": "[]",
    "an incremental export": '{"Metadata": {}, "Keys": {"pk": {"S": "a"}}, "NewImage": {}}',
    "no typed attributes": '{"Item": {"pk": "a", "sk": "b"}}',
    "no key": '{"Item": {"pk": {"S": "a"}}}',
    "an empty key": '{"Item": {"pk": {"S": ""}, "sk": {"S": "b"}}}',
    "half a surrogate pair in a text": '{"Item": {"pk": {"S": "a"}, "sk": {"S": "b"}, "x": {"L": [{"S": "\\ud83d"}]}}}',
    "half a surrogate pair in a key": '{"Item": {"pk": {"S": "a"}, "sk": {"S": "\\ude00"}}}',
    "half a surrogate pair in a name": '{"Item": {"pk": {"S": "a"}, "sk": {"S": "b"}, "\\ud83d": {"S": "x"}}}',
    "half a surrogate pair in bytes": b'{"Item": {"pk": {"S": "a"}, "sk": {"S": "\xed\xa0\xbd"}}}',
    "a key of another type": '{"Item": {"pk": {"N": "1"}, "sk": {"S": "b"}}}',
}
NO_ATTRIBUTES: list[dict[str, Any]] = [
    {"X": "1"},
    {"S": 1},
    {"N": 1},
    {"S": "1", "N": "1"},
    {},
    {"SS": "a"},
    {"SS": [1]},
    {"BOOL": "true"},
    {"NULL": False},
    {"B": "%"},
    {"B": 1},
    {"B": ["AA=="]},
    {"BS": ["%"]},
    {"BS": "AA=="},
    {"M": []},
    {"M": {"y": {"X": 1}}},
    {"L": {}},
    {"L": [1]},
]
NO_ITEMS |= {f"an attribute {value}": json.dumps({"Item": KEY | {"x": value}}) for value in NO_ATTRIBUTES}


@pytest.mark.parametrize("name", NO_ITEMS)
def test_a_line_that_is_no_item_is_named_by_its_number(tmp_path: Path, name: str) -> None:
    file, line = tmp_path / "backup.json", NO_ITEMS[name]
    broken = line if isinstance(line, bytes) else line.encode()
    file.write_bytes(line_of(KEY) + b"\n" + broken + b"\n" + line_of(KEY))
    items = lines(file)
    assert next(items) == (Position(len(line_of(KEY)), 1), KEY)
    with pytest.raises(ScriptError, match="line 3: ") as raised:
        next(items)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_file_that_is_cut_in_the_middle_of_a_line_is_said_so(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "backup.json"
    file.write_bytes((line_of(KEY) + line_of(EVERY_TYPE))[: -1 - cut])
    with pytest.raises(ScriptError, match="line 2: the file is cut in the middle of it"):
        list(lines(file))


def test_a_last_line_without_its_end_is_read_if_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "backup.json"
    file.write_bytes(line_of(KEY)[:-1])
    assert [item for _, item in lines(file)] == [KEY]


@pytest.mark.parametrize("name", ["backup.json", "backup.json.gz"])
def test_reading_goes_on_behind_any_line(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    items = [KEY | {"n": {"N": str(number)}} for number in range(20)]
    pages = [b"".join(map(line_of, items[start : start + 6])) for start in range(0, 20, 6)]
    file.write_bytes(b"".join(gzip.compress(page) if file.suffix == ".gz" else page for page in pages))
    whole = list(lines(file))
    assert [item for _, item in whole] == items
    for number, (position, _) in enumerate(whole, start=1):
        assert list(lines(file, position)) == whole[number:]


@pytest.mark.parametrize("name", ["backup.json", "backup.json.gz"])
def test_a_file_that_is_replaced_meanwhile_is_read_to_the_end_as_it_was(tmp_path: Path, name: str) -> None:
    file, new = tmp_path / name, tmp_path / "new"
    file.write_bytes(gzip.compress(line_of(KEY)) if file.suffix == ".gz" else line_of(KEY))
    new.write_bytes(b"other")
    with open_file(file) as opened:
        first = list(read(opened, START))
        new.replace(file)
        assert list(read(opened, START)) == first == [(Position(len(line_of(KEY)), 1), KEY)]


@pytest.mark.parametrize("damage", ["cut", "changed", "not compressed"])
def test_a_compressed_file_that_is_damaged_is_said_so(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "backup.json.gz"
    packed = gzip.compress(line_of(EVERY_TYPE) * 100, mtime=0)
    damaged = {"cut": packed[:-20], "changed": packed[:40] + b"\xff" * 20 + packed[60:], "not compressed": line_of(KEY)}
    file.write_bytes(damaged[damage])
    with pytest.raises((ScriptError, OSError)) as raised:
        list(lines(file))
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["nothing.json", "."])
def test_what_is_no_file_is_said_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScriptError, match="is not a file"):
        open_file(tmp_path / name)
