"""What a person has used up of the rate limits, and how one looks who has used up all."""

from __future__ import annotations

from werkzeug.test import TestResponse

from tests.api import Person

LIMITED = {"type": "about:blank", "title": "Too Many Requests", "status": 429, "code": "rate_limited"}
# Seconds until a limit is whole again, half a minute after which one may be taken.
NO_MESSAGE_LEFT, NO_GROUP_LEFT = 59 + 30, 540 + 30


def use_up(person: Person, messages: int = 0, groups: int = 0) -> None:
    """As if the person had sent so much that each limit is whole again only in so many seconds."""
    with person.api.stores.db._pool.connection() as connection:
        connection.execute(
            "INSERT INTO rate_limits VALUES (%s, now() + make_interval(secs => %s), now() + make_interval(secs => %s))"
            " ON CONFLICT (user_uuid) DO UPDATE SET messages_whole_at = excluded.messages_whole_at,"
            " message_groups_whole_at = excluded.message_groups_whole_at",
            [person.user.uuid, messages, groups],
        )


def used(person: Person) -> tuple[float, float]:
    """In how many seconds each limit is whole again."""
    row = person.api.stores.db.one("rate_limits/until_whole", user_uuid=person.user.uuid)
    assert row
    return row["messages"].total_seconds(), row["message_groups"].total_seconds()


def refused(answer: TestResponse) -> int:
    """How long to wait, as the refusal says."""
    assert answer.status_code == 429, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.get_json(force=True) == LIMITED
    return int(answer.headers["Retry-After"])
