"""What the table refuses, in the words of the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from backend_flask.errors import Conflict, CruddurError, Forbidden, NotFound, PreconditionFailed
from backend_flask.lib import ddb, ddb_members

_WORDS: dict[type[Exception], Callable[[], CruddurError]] = {
    ddb.MessageGroupNotFound: lambda: NotFound("message_group_not_found"),
    ddb.MessageNotFound: lambda: NotFound("message_not_found"),
    ddb.MessageNotYours: lambda: Forbidden("message_not_yours", "Only who wrote a message may change it."),
    ddb.MessageDeleted: lambda: Conflict("message_deleted", "A deleted message cannot be changed."),
    ddb.MessageChanged: lambda: PreconditionFailed("message_changed", "The message has changed since it was read."),
    ddb.SendKeyReused: lambda: Conflict("idempotency_key_reused", "This Idempotency-Key was used for another message."),
    ddb.UserBlocked: lambda: Conflict("user_blocked", "You have blocked this person."),
    ddb_members.DirectMessageGroup: lambda: Conflict(
        "message_group_direct", "A direct message group keeps its two people and has no title."
    ),
    ddb_members.MessageGroupFull: lambda: Conflict(
        "message_group_full", f"A message group has at most {ddb.MAX_MEMBERS} members."
    ),
    ddb_members.NotTheCreator: lambda: Forbidden(
        "not_the_creator", "Only who has started a message group takes others out of it."
    ),
    ddb_members.MemberNotFound: lambda: NotFound("member_not_found"),
}
_REFUSED = tuple(_WORDS)


@contextmanager
def told() -> Iterator[None]:
    """Raises a CruddurError for what the table refuses in it."""
    try:
        yield
    except _REFUSED as refused:
        raise _WORDS[type(refused)]() from None
