"""Tables and functions that are wrong on purpose. Whoever is shown one must find out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from backend_flask.lib import ddb, ddb_changes, ddb_items
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Item, Message
from backend_flask.lib.ddb_members import Membership
from backend_flask.lib.ddb_rows import Rise

NAMED_BY = " AND (attribute_not_exists(named_by) OR named_by <= :named_by)"


@dataclass(frozen=True)
class Sabotage:
    """`wrong` stands where `name` was in these places, and is given what was there before."""

    says: str
    where: tuple[Any, ...]
    name: str
    wrong: Callable[..., Any]

    def install(self, put: Callable[[Any, str, Any], None]) -> None:
        """`put` is that of monkeypatch."""
        for place in self.where:
            put(place, self.name, _bound(self.wrong, getattr(place, self.name)))


def _bound(wrong: Callable[..., Any], right: Any) -> Callable[..., Any]:
    return lambda *given, **named: wrong(right, *given, **named)


def _goes_back(right: Any, table: Any, key: Item, update: str, condition: str, values: Item, **more: Any) -> Any:
    return right(
        table, key, update, "attribute_exists(pk)" if ":last_message_rev" in values else condition, values, **more
    )


def _takes_no_notice_of_keys(right: Any, table: Any, sender: Any, group: str, text: str, _key: str | None) -> Any:
    return right(table, sender, group, text, None)


def _forgets_the_oldest(right: Any, *asked: Any, **more: Any) -> Any:
    page = right(*asked, **more)
    return page if page.more else replace(page, items=page.items[:-1])


def _hears_everybody(right: Callable[..., Message], side: Any, message: Message) -> Message:
    return replace(right(side, message), only_sender=False)


def _lives_for_ever(right: Callable[..., Message], side: Any, message: Message) -> Message:
    return replace(right(side, message), expires_at=None)


def _takes_any_version(right: Any, table: Any, place: Any, update: str, values: Item, _rev: Any, is_done: Any) -> Any:
    return right(table, place, update, values, None, is_done)


def _leaves_the_row(right: Any, table: Any, *actions: Item) -> Any:
    return right(table, *(each for each in actions if "Delete" not in each))


def _takes_any_name(right: Any, rise: Rise) -> Any:
    update, condition, values = right(rise)
    return update, condition.replace(NAMED_BY, ""), values


def _names_are_always_due(right: Callable[..., Rise], rise: Rise, item: Item) -> Rise:
    return replace(right(rise, item), named=rise.named)


def _keeps_it_hidden(right: Any, rise: Rise) -> Any:
    update, condition, values = right(rise)
    return (
        update.replace(", inbox_sk = :inbox_sk", ""),
        condition,
        {k: v for k, v in values.items() if k != ":inbox_sk"},
    )


def _forgets_changes(right: Any, table: Any, messages: Any) -> None:
    if new := [message for message in messages if not message.rev]:
        right(table, new)


def _looks_past_since(right: Any, user_uuid: str, before: str | None, _since: str | None) -> Any:
    return right(user_uuid, before, None)


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _always(*_: Any) -> bool:
    return True


def _never(*_: Any) -> bool:
    return False


def _one_more(right: Any, *given: Any) -> int:
    return int(right(*given)) + 1


def _last_first(right: Any, *given: Any) -> Any:
    page = right(*given)
    return replace(page, items=page.items[::-1])


TABLE = (MessageTable,)
SABOTAGES = (
    Sabotage("a row goes back to an older message", TABLE, "update_if", _goes_back),
    Sabotage("a send key is not looked at", TABLE, "_draft", _takes_no_notice_of_keys),
    Sabotage("a count is one too many", TABLE, "_count_unread", _one_more),
    Sabotage("a page lacks the oldest message", TABLE, "list_messages", _forgets_the_oldest),
    Sabotage("a page shows what has expired", (ddb_items,), "has_expired", _never),
    Sabotage("a page shows what a block keeps away", (Message,), "reaches", _always),
    Sabotage("a block is not looked at", (ddb,), "_for", _hears_everybody),
    Sabotage("who blocks may write", (ddb,), "is_blocked", _never),
    Sabotage("a time to live is not looked at", (ddb,), "_for", _lives_for_ever),
    Sabotage("an edit takes any version for the right one", TABLE, "_revise", _takes_any_version),
    Sabotage("an edit does not reach the rows", TABLE, "update_message_groups", _forgets_changes),
    Sabotage("an edit is not noted for those who are away", TABLE, "_note", _nothing),
    Sabotage("a removal leaves the row", TABLE, "transact", _leaves_the_row),
    Sabotage("anybody reads older pages", TABLE, "require_member", _nothing),
    Sabotage("a refresh does nothing", TABLE, "refresh_message_group", _nothing),
    Sabotage("a hidden message group stays hidden", (Rise,), "expressions", _keeps_it_hidden),
    Sabotage("what is muted is not", (Membership,), "mute", _nothing),
    Sabotage("blocks are listed the wrong way round", (Membership,), "list_blocks", _last_first),
    Sabotage("a list takes no notice of since", (ddb,), "_inbox", _looks_past_since),
    Sabotage("who was away hears of nothing new", (ddb_changes.Changes,), "_newer", lambda *_: []),
)
# Takes both: a row refuses an older name, and then asks whether it is due.
OLD_NAMES = (
    Sabotage("a name is taken from an older message", (Rise,), "expressions", _takes_any_name),
    Sabotage("a name is taken from an older message", (Rise,), "still_due", _names_are_always_due),
)
EVERY = [(each,) for each in SABOTAGES] + [OLD_NAMES]
