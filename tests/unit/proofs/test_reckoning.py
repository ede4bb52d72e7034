"""The reckoning that the model-based test trusts, on stories short enough to follow by eye."""

from __future__ import annotations

from backend_flask.services.users import User
from tests.proofs.reckoning import NO_MESSAGE, NOTHING_READ, Answer, Block, Group, Reckoning, Row, instant

LONDO, GKAR, VIR = (User(f"u-{name}", name, name.title()) for name in ("londo", "gkar", "vir"))
NAMES = {user.uuid: user.display_name for user in (LONDO, GKAR, VIR)}
NOW = 1_000.0


def said(uuid: str, sender: User, message: str = "hi", **changes: object) -> Answer:
    """The uuids of these stories are digits: their order is all that matters."""
    whole: Answer = {
        "uuid": uuid,
        "message_group_uuid": "g",
        "user_uuid": sender.uuid,
        "display_name": sender.display_name,
    }
    whole |= {"handle": sender.handle, "message": message, "created_at": f"at {uuid}", "rev": 0, "expires_at": None}
    return whole | changes


def a_group(*answers: Answer, title: str | None = None) -> Group:
    """Of which the first message has made the rows, and no other was delivered."""
    group = Group("", [LONDO, GKAR] if title is None else [LONDO, GKAR, VIR], title)
    group.begin(answers[0], NAMES)
    for answer in answers[1:]:
        group.add(answer)
    return group


def deliver(group: Group, *versions: tuple[str, int]) -> None:
    group.rows = {uuid: group.raised(uuid, versions) for uuid in group.rows}


def test_the_first_message_is_unread_to_the_other_alone() -> None:
    group = a_group(said("1", LONDO))
    assert group.rows[LONDO.uuid] == Row(("1", 0), "1", name="Gkar")
    assert group.rows[GKAR.uuid] == Row(("1", 0), NOTHING_READ, name="Londo", named_by="1")
    shown = group.in_list_of(GKAR.uuid, NOW)
    assert (shown["handle"], shown["message"], shown["unread"], shown["unread_count"]) == ("londo", "hi", True, 1)


def test_a_message_that_was_not_delivered_is_counted_and_not_shown_yet() -> None:
    group = a_group(said("1", LONDO), said("2", LONDO, "more"))
    shown = group.in_list_of(GKAR.uuid, NOW)
    assert (shown["message"], shown["unread_count"]) == ("hi", 2)
    deliver(group, ("2", 0))
    assert group.in_list_of(GKAR.uuid, NOW)["message"] == "more"


def test_deliveries_in_any_order_end_alike() -> None:
    edited = said("1", LONDO, "edited", rev=1)
    one, other = (a_group(said("1", LONDO), said("2", GKAR), edited) for _ in range(2))
    deliver(one, ("2", 0))
    deliver(one, ("1", 1))
    deliver(other, ("1", 0), ("1", 1), ("2", 0))
    assert one.rows == other.rows
    assert one.rows[LONDO.uuid].shows == ("2", 0)


def test_what_one_wrote_is_read_once_it_was_delivered() -> None:
    group = a_group(said("1", LONDO), said("2", GKAR))
    assert group.unread_count(GKAR.uuid, NOW) == 1
    deliver(group, ("2", 0))
    assert (group.unread_count(GKAR.uuid, NOW), group.unread_count(LONDO.uuid, NOW)) == (0, 1)


def test_a_name_is_that_of_the_newest_message() -> None:
    group = a_group(said("1", LONDO), said("2", LONDO, display_name="Emperor"), said("3", GKAR))
    deliver(group, ("2", 0), ("3", 0))
    deliver(group, ("1", 0))
    assert group.rows[GKAR.uuid].name == "Emperor"


def test_what_is_hidden_comes_back_with_the_next_message_and_not_with_an_edit() -> None:
    group = a_group(said("1", LONDO), said("1", LONDO, "edited", rev=1), said("2", LONDO))
    group.rows[GKAR.uuid].place = "hidden"
    deliver(group, ("1", 1))
    assert group.rows[GKAR.uuid].place == "hidden"
    deliver(group, ("2", 0))
    assert group.rows[GKAR.uuid].place == "listed"


def test_who_is_not_heard_writes_for_themself() -> None:
    group = Group("", [GKAR, LONDO], None, rows={GKAR.uuid: Row(place="blocked", name="Londo")})
    reckoning = Reckoning([group], blocks=[Block(GKAR.uuid, LONDO.uuid, NOW)])
    assert not reckoning.is_heard(group, LONDO.uuid)
    group.begin(said("1", LONDO), NAMES, is_heard=False)
    deliver(group, ("1", 0))
    assert group.rows[GKAR.uuid].shows == NO_MESSAGE
    assert (len(group.seen_by(LONDO.uuid, NOW)), group.seen_by(GKAR.uuid, NOW)) == (1, [])
    assert (reckoning.listed(LONDO), reckoning.listed(GKAR)) == ([group], [])


def test_what_has_expired_is_neither_seen_nor_counted() -> None:
    group = a_group(said("1", LONDO), said("2", LONDO, expires_at=instant(NOW)))
    deliver(group, ("2", 0))
    assert [message["uuid"] for message in group.seen_by(GKAR.uuid, NOW - 1)] == ["2", "1"]
    assert [message["uuid"] for message in group.seen_by(GKAR.uuid, NOW)] == ["1"]
    assert (group.unread_count(GKAR.uuid, NOW - 1), group.unread_count(GKAR.uuid, NOW)) == (2, 1)
    assert group.in_list_of(GKAR.uuid, NOW)["message"] == ""


def test_who_comes_later_has_read_it_all_and_who_leaves_keeps_nothing() -> None:
    group = a_group(said("1", LONDO), title="Three")
    group.leave(VIR.uuid)
    assert set(group.rows) == {LONDO.uuid, GKAR.uuid}
    group.join(VIR, group.newest, NOW)
    assert group.rows[VIR.uuid] == Row(("1", 0), "1")
    assert [each["handle"] for each in group.whole(VIR.uuid, NAMES)["members"]] == ["gkar", "londo", "vir"]


def test_a_list_is_newest_first() -> None:
    one, other = a_group(said("1", LONDO)), a_group(said("2", LONDO))
    assert Reckoning([one, other]).listed(GKAR) == [other, one]
