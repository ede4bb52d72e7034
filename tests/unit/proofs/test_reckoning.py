"""The reckoning that the model-based test trusts, on stories short enough to follow by eye."""

from backend_flask.services.users import User
from tests.proofs.reckoning import NOTHING_READ, Answer, Group, Reckoning

LONDO, GKAR = User("u-londo", "londo", "Londo"), User("u-gkar", "gkar", "G'Kar")


def said(uuid: str, sender: User, message: str = "hi") -> Answer:
    return {"uuid": uuid, "user_uuid": sender.uuid, "message": message, "created_at": f"at {uuid}"}


def a_group(*answers: Answer) -> Group:
    group = Group("g", [LONDO, GKAR], None, list(answers[:1]))
    group.make_rows()
    group.add(*answers[1:])
    return group


def shown(last: Answer, **changes: object) -> Answer:
    """The row that G'Kar's list shows for one unread message of Londo's."""
    row = {"uuid": "g", "user_uuid": LONDO.uuid, "display_name": "Londo", "handle": "londo", "message": last["message"]}
    row |= {"created_at": last["created_at"], "last_message_uuid": last["uuid"], "last_sender_uuid": last["user_uuid"]}
    return row | {"unread": True, "unread_count": 1} | changes


def test_a_right_row_has_no_problem() -> None:
    first = said("1", LONDO)
    assert a_group(first).problem_with(GKAR.uuid, shown(first)) == ""


def test_every_wrong_field_is_a_problem() -> None:
    first = said("1", LONDO)
    wrong: Answer = {"unread": False, "unread_count": 2, "message": "ho", "handle": "gkar", "created_at": "late"}
    for name, value in wrong.items():
        assert a_group(first).problem_with(GKAR.uuid, shown(first, **{name: value})), name


def test_a_message_that_was_not_delivered_is_not_to_be_shown_yet() -> None:
    first, second = said("1", LONDO), said("2", LONDO, "more")
    group = a_group(first, second)
    late = shown(second, unread_count=2)
    assert "not from 1 to 1" in group.problem_with(GKAR.uuid, late)
    group.deliver({"2"}, whole=True)
    assert group.problem_with(GKAR.uuid, late) == ""
    assert "not from 2 to 2" in group.problem_with(GKAR.uuid, shown(first, unread_count=2))


def test_after_a_delivery_that_was_cut_short_either_may_be_shown() -> None:
    first, second = said("1", LONDO), said("2", LONDO, "more")
    group = a_group(first, second)
    group.deliver({"2"}, whole=False)
    for last in (first, second):
        assert group.problem_with(GKAR.uuid, shown(last, unread_count=2)) == ""


def test_what_one_wrote_is_read_once_it_was_delivered() -> None:
    group = a_group(said("1", LONDO), said("2", GKAR))
    assert group.unread_counts(GKAR.uuid, "1") == {1}
    group.deliver({"2"}, whole=True)
    assert group.unread_counts(GKAR.uuid, "2") == {0}
    assert group.unread_counts(LONDO.uuid, "2") == {1}


def test_of_first_messages_that_cross_either_may_have_made_the_rows() -> None:
    group = Group("g", [LONDO, GKAR], None, [said("1", LONDO), said("2", GKAR)])
    group.make_rows()
    row = group.rows[GKAR.uuid]
    assert (row.last.low, row.last.high, row.read.low, row.read.high) == ("1", "2", NOTHING_READ, "2")


def test_a_list_lacks_nothing_holds_nothing_else_and_is_newest_first() -> None:
    reckoning = Reckoning()
    for number in ("1", "2"):
        group = Group(f"g{number}", [LONDO, GKAR], None, [said(number, LONDO)])
        reckoning.start(group)
    rows = [shown(group.said[0], uuid=group.uuid) for group in reckoning.groups]
    assert reckoning.problem_with_list(GKAR, rows[::-1]) == ""
    assert reckoning.problem_with_list(GKAR, rows) == "is not newest first"
    assert "instead of" in reckoning.problem_with_list(GKAR, rows[:1])
    assert "instead of" in reckoning.problem_with_list(GKAR, [*rows[::-1], rows[0]])
