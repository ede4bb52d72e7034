"""The client against a DynamoDB that answers whatever a test wants."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from backend_flask.lib import aws, deadline
from tests.canned import Dynamo, refusal

ITEM = {"pk": {"S": "a"}, "sk": {"S": "b"}}


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[[Dynamo], Any]:
    """A client of this DynamoDB that does not sleep between its attempts."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)

    def connected(dynamo: Dynamo) -> Any:
        made = aws.client("dynamodb", region="us-east-1", endpoint_url=None, key_id="k", secret_key="s")
        made.meta.events.register_last("before-send", dynamo)
        return made

    return connected


@pytest.fixture(autouse=True)
def without_deadline() -> Iterator[None]:
    yield
    deadline.clear()


def put(client: Any) -> Any:
    return client.put_item(TableName="t", Item=ITEM, ConditionExpression="attribute_not_exists(pk)")


def test_a_client_waits_and_tries_again_as_the_promises_need() -> None:
    config = aws.client("dynamodb", region="us-east-1", endpoint_url=None, pool=77).meta.config
    assert (config.connect_timeout, config.read_timeout) == (1, 2)
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert config.max_pool_connections == 77


def test_only_the_given_address_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere.example")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://elsewhere.example")
    real = aws.client("dynamodb", region="us-east-1", endpoint_url=None)
    local = aws.client("dynamodb", region="us-east-1", endpoint_url="http://localhost:8000")
    assert real.meta.endpoint_url.endswith("amazonaws.com")
    assert local.meta.endpoint_url == "http://localhost:8000"


def test_a_throttled_call_is_tried_three_times(connect: Callable[[Dynamo], Any]) -> None:
    dynamo = refusal("ThrottlingException")
    with pytest.raises(ClientError):
        put(connect(dynamo))
    assert dynamo.calls == 3


def test_with_time_enough_a_deadline_changes_nothing(connect: Callable[[Dynamo], Any]) -> None:
    deadline.start(60)
    dynamo = refusal("ThrottlingException")
    with pytest.raises(ClientError):
        put(connect(dynamo))
    assert dynamo.calls == 3
    assert put(connect(Dynamo()))


def test_a_call_that_could_not_end_in_time_is_not_sent(connect: Callable[[Dynamo], Any]) -> None:
    deadline.start(aws.LONGEST_ATTEMPT - 0.1)
    dynamo = Dynamo()
    with pytest.raises(deadline.DeadlineExceeded):
        put(connect(dynamo))
    assert dynamo.calls == 0


def test_a_call_is_not_sent_again_where_the_answer_could_come_too_late(connect: Callable[[Dynamo], Any]) -> None:
    dynamo = refusal("ThrottlingException")
    dynamo.seconds_left = aws.LONGEST_ATTEMPT - 0.1
    with pytest.raises(deadline.DeadlineExceeded):
        put(connect(dynamo))
    assert dynamo.calls == 1


def test_a_call_is_not_tried_again_where_the_wait_takes_too_long(connect: Callable[[Dynamo], Any]) -> None:
    for dynamo in (refusal("ThrottlingException"), Dynamo(500), Dynamo(503, {"__type": "x#ServiceUnavailable"})):
        deadline.clear()
        dynamo.seconds_left = 0.9
        with pytest.raises(ClientError):
            put(connect(dynamo))
        assert dynamo.calls == 1


def test_the_last_error_is_what_the_caller_sees_when_time_is_short(connect: Callable[[Dynamo], Any]) -> None:
    dynamo = Dynamo()
    dynamo.seconds_left = 0.9
    dynamo.raises = ConnectTimeoutError(endpoint_url="http://localhost")
    with pytest.raises(ConnectTimeoutError):
        put(connect(dynamo))
    assert dynamo.calls == 1


def test_an_answer_that_is_no_failure_keeps_its_meaning_when_time_is_short(connect: Callable[[Dynamo], Any]) -> None:
    """A condition that fails is an answer. The table tells it from an error by its class and reads its item."""
    failed = refusal("ConditionalCheckFailedException", Item=ITEM)
    failed.seconds_left = 0.9
    client = connect(failed)
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as refused:
        put(client)
    assert refused.value.response["Item"] == ITEM
    conflict = refusal("TransactionCanceledException", CancellationReasons=[{"Code": "TransactionConflict"}])
    conflict.seconds_left = 0.9
    deadline.clear()
    client = connect(conflict)
    with pytest.raises(client.exceptions.TransactionCanceledException) as cancelled:
        client.transact_write_items(TransactItems=[{"Put": {"TableName": "t", "Item": ITEM}}])
    assert cancelled.value.response["CancellationReasons"] == [{"Code": "TransactionConflict"}]


def test_a_success_stays_one_when_time_is_short(connect: Callable[[Dynamo], Any]) -> None:
    dynamo = Dynamo()
    dynamo.seconds_left = 0.9
    assert put(connect(dynamo))["ResponseMetadata"]["HTTPStatusCode"] == 200
