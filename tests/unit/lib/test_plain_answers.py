"""What the SDK makes of an answer, and what is made of it here, are the same."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from hypothesis import Phase, given
from hypothesis import strategies as st

from backend_flask.lib import aws
from backend_flask.lib.plain_answers import OPERATIONS, take_as_json
from tests.canned import Dynamo, refusal
from tests.proofs.trial import made_up

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers().map(str)
attributes = st.recursive(
    st.one_of(
        texts.map(lambda text: {"S": text}),
        numbers.map(lambda number: {"N": number}),
        st.booleans().map(lambda flag: {"BOOL": flag}),
        st.just({"NULL": True}),
        st.lists(texts, min_size=1, max_size=3).map(lambda several: {"SS": several}),
        st.lists(numbers, min_size=1, max_size=3).map(lambda several: {"NS": several}),
        st.just({"B": "YWJj"}),
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda several: {"L": several})
        | st.dictionaries(texts, inner, max_size=3).map(lambda named: {"M": named})
    ),
    max_leaves=8,
)
items = st.dictionaries(st.text("abcdefg_", min_size=1), attributes, max_size=4)
capacities = st.fixed_dictionaries({"TableName": st.just("t"), "CapacityUnits": st.floats(0, 1000)})
answers = st.fixed_dictionaries(
    {},
    optional={
        "Items": st.lists(items, max_size=3),
        "Count": st.integers(0, 100),
        "ScannedCount": st.integers(0, 100),
        "LastEvaluatedKey": items,
        "ConsumedCapacity": capacities,
    },
)
# One of each operation, with the least that the SDK lets through.
CALLS: dict[str, dict[str, Any]] = {
    "get_item": {"Key": {}},
    "put_item": {"Item": {}},
    "query": {},
    "update_item": {"Key": {}},
}


def client(dynamo: Dynamo, *, plain: bool) -> Any:
    made = aws.client("dynamodb", region="us-east-1", endpoint_url=None, key_id="k", secret_key="s")
    if plain:
        take_as_json(made)
    made.meta.events.register_last("before-send", dynamo)
    return made


THE_SAME = Dynamo()
CLIENTS = [client(THE_SAME, plain=plain) for plain in (False, True)]


def seen(method: str, dynamo: Dynamo, **arguments: Any) -> list[Any]:
    """What both clients make of it: an answer without what the SDK says about the connection, or an error."""
    THE_SAME.status, THE_SAME.body = dynamo.status, dynamo.body
    found: list[Any] = []
    for each in CLIENTS:
        try:
            answer = getattr(each, method)(TableName="t", **arguments)
        except ClientError as error:
            found.append((type(error).__name__, error.response))
        except (ResponseParserError, TypeError, AttributeError, UnicodeDecodeError) as error:
            found.append(type(error))
        else:
            assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == dynamo.status
            found.append(answer)
    return found


@made_up(200, phases=list(Phase))
@given(answers)
def test_a_page_is_what_the_sdk_would_have_made_of_it(answer: dict[str, Any]) -> None:
    by_sdk, plain = seen("query", Dynamo(body=answer))
    assert plain == by_sdk


@made_up(50, phases=list(Phase))
@given(items)
def test_an_item_is_what_the_sdk_would_have_made_of_it(item: dict[str, Any]) -> None:
    for method, key in (("get_item", "Item"), ("put_item", "Attributes"), ("update_item", "Attributes")):
        by_sdk, plain = seen(method, Dynamo(body={key: item}), **CALLS[method])
        assert plain == by_sdk


def test_an_error_keeps_its_class_and_its_item() -> None:
    dynamo = refusal("ConditionalCheckFailedException", Item={"sk": {"S": "a"}})
    by_sdk, plain = seen("put_item", dynamo, **CALLS["put_item"])
    assert plain == by_sdk
    assert plain[0] == "ConditionalCheckFailedException"
    assert plain[1]["Item"] == {"sk": {"S": "a"}}


@pytest.mark.parametrize("raw", [b"", b"{", b"<html>", b"\xff", b"[]", b"null", b'"text"', b"7"])
def test_what_is_no_json_object_is_left_to_the_sdk(raw: bytes) -> None:
    by_sdk, plain = seen("query", Dynamo(raw=raw))
    assert plain == by_sdk


def test_what_is_null_is_not_there() -> None:
    by_sdk, plain = seen("get_item", Dynamo(body={"Item": None}), Key={})
    assert plain == by_sdk == {}


@pytest.mark.parametrize("value", [{"B": "YWJj"}, {"BS": ["YWJj"]}, {"L": [{"M": {"a": {"B": "YWJj"}}}]}, {"S": "B"}])
def test_answers_with_binary_values_are_left_to_the_sdk(value: dict[str, Any]) -> None:
    by_sdk, plain = seen("get_item", Dynamo(body={"Item": {"a": value}}), Key={})
    assert plain == by_sdk


def test_other_operations_are_left_to_the_sdk() -> None:
    described = {"Table": {"TableName": "t", "CreationDateTime": 1.7e9}}
    by_sdk, plain = seen("describe_table", Dynamo(body=described))
    assert plain == by_sdk
    assert "DescribeTable" not in OPERATIONS
