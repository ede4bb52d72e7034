"""Which records the filter of the template lets through to the stream function. AWS' own filter nobody can run here, so
it is read as the AWS Lambda Developer Guide says in "Control which events Lambda sends to your function".
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.aws_template import template
from tests.stream_records import ANDREW, GROUP, FakeTable, handle, message, record

[FILTER] = template()["Resources"]["StreamTrigger"]["Properties"]["FilterCriteria"]["Filters"]
PATTERN = json.loads(FILTER["Pattern"])


def passes(pattern: Any, value: Any) -> bool:
    """A pattern is an object of patterns, or a list of which one must fit: a value, or `{"prefix": ...}`."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(name in value and passes(pattern[name], value[name]) for name in pattern)
    return any(
        isinstance(value, str) and value.startswith(each["prefix"]) if isinstance(each, dict) else value == each
        for each in pattern
    )


def about(key: Any, name: str = "INSERT") -> Any:
    return record(message(1).to_item() | key, 1, name)


GROUP_ITEM = {"pk": {"S": f"MSG#{GROUP}"}, "sk": {"S": "~GROUP"}}
ROW = {"pk": {"S": f"GRP#{ANDREW.uuid}"}, "sk": {"S": GROUP}}
SEND_KEY = {"pk": {"S": f"KEY#{ANDREW.uuid}"}, "sk": {"S": "k"}}


@pytest.mark.parametrize("name", ["INSERT", "MODIFY"])
def test_messages_and_message_groups_pass(name: str) -> None:
    assert passes(PATTERN, record(message(1).to_item(), 1, name))
    assert passes(PATTERN, about(GROUP_ITEM, name))


@pytest.mark.parametrize("key", [ROW, SEND_KEY])
def test_what_the_function_writes_itself_does_not_wake_it(key: Any) -> None:
    assert not passes(PATTERN, about(key, "MODIFY"))


def test_what_is_removed_does_not_wake_it() -> None:
    assert not passes(PATTERN, record(message(1).to_item(), 1, "REMOVE"))


@pytest.mark.parametrize("key", [GROUP_ITEM, ROW, SEND_KEY, {}])
@pytest.mark.parametrize("name", ["INSERT", "MODIFY", "REMOVE"])
def test_nothing_that_the_function_would_act_on_is_kept_from_it(key: Any, name: str) -> None:
    given, table = about(key, name), FakeTable()
    handle(table, given)
    assert passes(PATTERN, given) or table.calls == []
