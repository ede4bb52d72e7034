"""A message group, somebody who is in it no longer, strangers, and people of whom there is no row."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from backend_flask.lib.ddb_items import GROUP_SK, message_key, row_key
from backend_flask.lib.metering import Meter
from tests.api import Api, Person, token_of

# What is said in the message group, and between two people.
CONFIDENTIAL = ("not for strangers", "nor is this", "only for one")


@dataclass
class Town:
    """`spent` counts what its API asks of DynamoDB, `asked` names what it asks of Postgres."""

    api: Api
    spent: Meter
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.member, self.other, self.former, self.stranger, self.loner = map(self.api.person, ("londo",) * 5)
        first = self.api.table.create_message_group(
            self.member.member, [self.other.member, self.former.member], "Three", CONFIDENTIAL[0]
        )
        self.group, self.first = first.message_group_uuid, first.message_uuid
        self._take_out(self.former)
        self.member.send(CONFIDENTIAL[1], group=self.group)
        self.member.send(CONFIDENTIAL[2], to=self.other)
        self.activity = self.member.post("/api/activities", {"message": "hi", "ttl": "1-day"}).get_json()["uuid"]
        self.api.stores.db.on_query = self.asked.append

    def _take_out(self, person: Person) -> None:
        """The API cannot do this yet."""
        table = self.api.table
        table.client.update_item(
            TableName=table.name,
            Key=message_key(self.group, GROUP_SK),
            UpdateExpression="DELETE member_uuids :out",
            ExpressionAttributeValues={":out": {"SS": [person.user.uuid]}},
        )
        table.client.delete_item(TableName=table.name, Key=row_key(person.user.uuid, self.group))

    def token(self, caller: str) -> str | None:
        """Somebody of whom there is no row is somebody else each time."""
        if caller in {"gone", "new"}:
            return token_of(f"{'NotAuthorizedException' if caller == 'gone' else 'new'} {uuid.uuid4()}")
        if caller in {"no token", "bad"}:
            return {"bad": token_of("s", client_id="theirs")}.get(caller)
        person: Person = getattr(self, caller)
        return person.token

    def call(self, method: str, path: str, token: str | None) -> TestResponse:
        """A request that is right in every way but perhaps for the one who makes it."""
        body: dict[str, Any] = {
            "message": "hi", "ttl": "1-day", "display_name": "Londo", "message_group_uuid": self.group,
            "message_uuid": self.first,
        }  # fmt: skip
        for name, value in (("message_group_uuid", self.group), ("activity_uuid", self.activity)):
            path = path.replace(f"<{name}>", value)
        path = path.replace("<handle>", self.member.user.handle) + ("?term=hi" if path.endswith("/search") else "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.api.request(method, path, headers=headers, **({} if method in {"GET", "HEAD"} else {"json": body}))

    def stored(self, *people: Person) -> list[Any]:
        """All that is stored of the message group and of these people."""
        partitions = [f"MSG#{self.group}", *(f"{kind}#{each.user.uuid}" for each in people for kind in ("GRP", "KEY"))]
        table = self.api.table
        return [
            table.client.query(
                TableName=table.name, ConsistentRead=True, KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": partition}},
            )["Items"]
            for partition in partitions
        ]  # fmt: skip
