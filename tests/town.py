"""A message group, somebody who is in it no longer, strangers, and people of whom there is no row."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from backend_flask.lib.metering import Meter
from tests.api import Api, Person, done, token_of

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
        self.guests = [self.api.person("vir") for _ in range(2)]
        first = self.member.start(self.other, self.former, message=CONFIDENTIAL[0])
        self.group, self.first = first["message_group_uuid"], first["uuid"]
        done(self.member.delete(f"/api/message_groups/{self.group}/members/{self.former.at_handle}"))
        self.member.send(CONFIDENTIAL[1], group=self.group)
        self.member.send(CONFIDENTIAL[2], to=self.other)
        self.activity = self.member.post("/api/activities", {"message": "hi", "ttl": "1-day"}).get_json()["uuid"]
        self.api.stores.db.on_query = self.asked.append

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
            "message_uuid": self.first, "title": "Many", "handles": [guest.user.handle for guest in self.guests],
        }  # fmt: skip
        handle = self._guest_in_the_group() if "members" in path or "blocks" in path else self.member.user.handle
        mine = self.member.send("mine", group=self.group)["uuid"] if "<message_uuid>" in path else ""
        for name, value in {
            "message_group_uuid": self.group, "message_uuid": mine, "activity_uuid": self.activity, "handle": handle,
        }.items():  # fmt: skip
            path = path.replace(f"<{name}>", value)
        path += "?term=hi" if path.endswith("/search") else ""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.api.request(method, path, headers=headers, **({} if method in {"GET", "HEAD"} else {"json": body}))

    def _guest_in_the_group(self) -> str:
        """The handle of somebody whom the member may take out of the message group."""
        guest = self.guests[0]
        self.api.stores.membership.add(self.member.user.uuid, self.group, [guest.member])
        return guest.user.handle

    def stored(self, *people: Person) -> list[Any]:
        """All that is stored of the message group and of these people."""
        partitions = [
            f"MSG#{self.group}",
            *(f"{kind}#{each.user.uuid}" for each in people for kind in ("GRP", "KEY", "CHG")),
        ]
        table = self.api.table
        return [
            table.client.query(
                TableName=table.name, ConsistentRead=True, KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": partition}},
            )["Items"]
            for partition in partitions
        ]  # fmt: skip
