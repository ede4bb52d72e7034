from __future__ import annotations

import time
from copy import deepcopy
from typing import Any

import pytest

from backend_flask.lib.ddb import MessageTable, definition
from cli.ddb_schema import complete, differences, summary


class Table:
    """A table whose only client call is the one about time to live."""

    name = "cruddur-messages"

    def __init__(self, status: str = "ENABLED", attribute: str = "expires_at") -> None:
        self.client = self
        self._ttl = {"TimeToLiveStatus": status} | ({"AttributeName": attribute} if attribute else {})

    def describe_time_to_live(self, TableName: str) -> dict[str, Any]:  # noqa: N803
        assert TableName == self.name
        return {"TimeToLiveDescription": self._ttl}


def as_described() -> dict[str, Any]:
    """As DescribeTable answers for the table that the definition makes: order and extras are the engine's."""
    made = deepcopy(definition("cruddur-messages"))
    made["AttributeDefinitions"].reverse()
    made["BillingModeSummary"] = {"BillingMode": made.pop("BillingMode")}
    made["ProvisionedThroughput"] = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    made["GlobalSecondaryIndexes"][0] |= {"IndexStatus": "ACTIVE", "ItemCount": 5}
    return made | {"TableStatus": "ACTIVE", "LatestStreamArn": "arn:x", "ItemCount": 7, "TableSizeBytes": 70}


def test_a_table_as_defined_has_no_differences() -> None:
    assert differences(Table(), as_described()) == []  # type: ignore[arg-type]
    assert differences(Table("ENABLING"), as_described()) == []  # type: ignore[arg-type]


DAMAGE: dict[str, Any] = {
    "keys": lambda table: table["KeySchema"].reverse(),
    "attributes": lambda table: table["AttributeDefinitions"][0].update(AttributeType="N"),
    "billing": lambda table: table.pop("BillingModeSummary"),
    "stream": lambda table: table["StreamSpecification"].update(StreamViewType="KEYS_ONLY"),
    "indexes": lambda table: table["GlobalSecondaryIndexes"][0].update(Projection={"ProjectionType": "KEYS_ONLY"}),
    "local indexes": lambda table: table.update(LocalSecondaryIndexes=[{}]),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_whatever_differs_is_named(what: str) -> None:
    described = as_described()
    DAMAGE[what](described)
    (line,) = differences(Table(), described)  # type: ignore[arg-type]
    assert line.startswith(f"{what}: defined ")


@pytest.mark.parametrize("name", ["StreamSpecification", "GlobalSecondaryIndexes"])
def test_a_part_that_is_missing_is_named(name: str) -> None:
    described = as_described()
    del described[name]
    (line,) = differences(Table(), described)  # type: ignore[arg-type]
    assert name[:6].lower() in line or "indexes" in line


@pytest.mark.parametrize(
    ("status", "attribute"), [("DISABLED", ""), ("ENABLED", "expiry"), ("DISABLING", "expires_at")]
)
def test_time_to_live_that_is_not_as_defined_is_named(status: str, attribute: str) -> None:
    (line,) = differences(Table(status, attribute), as_described())  # type: ignore[arg-type]
    assert line.startswith("time to live: ")


def test_a_summary_names_what_a_person_asks_for() -> None:
    shown = summary(as_described())
    assert shown["table"] == "cruddur-messages"
    assert shown["stream"] == "NEW_IMAGE"
    assert shown["items"] == "7, 70 bytes, as last counted"
    assert shown["protected"] == "no"


class Backups:
    """A DynamoDB whose table is right but young: backups are refused so many times."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.done: list[str] = []

    class exceptions:  # noqa: N801  # botocore's name
        class ContinuousBackupsUnavailableException(Exception):
            pass

    def describe_time_to_live(self, **_: Any) -> dict[str, Any]:
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED"}}

    def update_table(self, *, DeletionProtectionEnabled: bool, **_: Any) -> None:  # noqa: N803
        self.done.append(f"protected {DeletionProtectionEnabled}")

    def get_waiter(self, name: str) -> Backups:
        self.done.append(name)
        return self

    def wait(self, **_: Any) -> None:
        pass

    def update_continuous_backups(self, *, PointInTimeRecoverySpecification: dict[str, Any], **_: Any) -> None:  # noqa: N803
        self.refusals -= 1
        if self.refusals >= 0:
            raise self.exceptions.ContinuousBackupsUnavailableException
        self.done.append(f"backups {PointInTimeRecoverySpecification['PointInTimeRecoveryEnabled']}")


def test_a_table_of_production_is_protected_and_backed_up_as_soon_as_aws_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    client = Backups(refusals=3)
    complete(MessageTable(client, "t", make_id=str), protect=True)
    assert client.done == ["protected True", "table_exists", "backups True"]
    assert len(waited) == 3


def test_aws_is_not_asked_for_backups_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    client = Backups(refusals=1000)
    with pytest.raises(client.exceptions.ContinuousBackupsUnavailableException):
        complete(MessageTable(client, "t", make_id=str), protect=True)


def test_a_table_of_this_machine_needs_neither() -> None:
    client = Backups(refusals=0)
    complete(MessageTable(client, "t", make_id=str), protect=False)
    assert client.done == []
