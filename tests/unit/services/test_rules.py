import pytest

from backend_flask.errors import Invalid
from backend_flask.services import rules

UUID = "018bcfe5-6800-7000-8000-0123456789ab"


def problems_of(value: object, most: int = 10) -> list[str]:
    problems: list[str] = []
    rules.text(value, "message", most, problems)
    return problems


@pytest.mark.parametrize("value", ["hello", "  hello\n", "\u3000hello\u2003", "\u00a0hello\x85"])
def test_a_text_loses_the_white_space_around_it(value: str) -> None:
    problems: list[str] = []
    assert rules.text(value, "message", 5, problems) == "hello"
    assert problems == []


@pytest.mark.parametrize("value", [None, "", " ", "\t\r\n", "\u3000\u2003\u00a0"])
def test_a_text_of_nothing_is_blank(value: object) -> None:
    assert problems_of(value) == ["message_blank"]


@pytest.mark.parametrize("value", [0, 7, 1.5, True, False, [], ["hello"], {}, {"a": "b"}, b"hello"])
def test_what_is_no_text_is_invalid(value: object) -> None:
    assert problems_of(value) == ["message_invalid"]


@pytest.mark.parametrize("value", ["\x00", "a\x00b", "\ud800", "a\udfffb", "\udc00\ud800"])
def test_what_cannot_be_stored_is_invalid(value: str) -> None:
    assert problems_of(value) == ["message_invalid"]


@pytest.mark.parametrize("value", ["x" * 10, "🌠" * 10, "e\u0301" * 5, " " * 50 + "x" * 10 + " " * 50])
def test_a_text_may_be_as_long_as_the_limit(value: str) -> None:
    assert problems_of(value) == []


@pytest.mark.parametrize("value", ["x" * 11, "🌠" * 11, "x" * 100_000])
def test_a_longer_text_names_the_limit(value: str) -> None:
    assert problems_of(value) == ["message_exceed_max_chars_10"]


def test_the_code_of_a_longer_text_can_be_another() -> None:
    problems: list[str] = []
    rules.text("xx", "message", 1, problems, too_long="message_exceed_max_chars")
    assert problems == ["message_exceed_max_chars"]


def test_the_longest_message_has_no_more_than_4096_bytes() -> None:
    assert len(("\U0010ffff" * rules.MESSAGE_MAX_CHARACTERS).encode()) == 4096


def test_problems_are_reported_together_and_in_order() -> None:
    problems: list[str] = []
    rules.text("", "one", 1, problems)
    rules.text(7, "two", 1, problems)
    rules.text("long", "three", 1, problems)
    with pytest.raises(Invalid) as invalid:
        rules.raise_if_any(problems)
    assert invalid.value.codes == ["one_blank", "two_invalid", "three_exceed_max_chars_1"]
    rules.raise_if_any([])


@pytest.mark.parametrize("value", [UUID, UUID.upper(), "00000000-0000-0000-0000-000000000000"])
def test_a_uuid_is_one_in_any_case(value: str) -> None:
    assert rules.as_uuid(value) == value.lower()


NO_UUIDS: list[object] = [
    None, 7, b"018b", [], "", "x", UUID[:-1], UUID + "0", UUID + "\n", " " + UUID, UUID.replace("-", ""),
    "{" + UUID + "}", "urn:uuid:" + UUID, UUID.replace("0", "\u0660"), UUID.replace("a", "g"), "\x00" * 36, "~GROUP",
]  # fmt: skip


@pytest.mark.parametrize("value", NO_UUIDS, ids=repr)
def test_what_is_no_uuid_is_none(value: object) -> None:
    assert rules.as_uuid(value) is None


@pytest.mark.parametrize(("value", "size"), [(None, 20), ("1", 1), ("20", 20), ("100", 100), ("007", 7)])
def test_a_page_has_1_to_100_items_and_20_if_nobody_says(value: str | None, size: int) -> None:
    assert rules.page_size(value) == size


NO_LIMITS = ["", "0", "101", "-1", "+5", "1.0", "1e1", " 5", "5 ", "five", "\u0665", "²", "0x10", "9" * 5000, "\x00"]


@pytest.mark.parametrize("value", NO_LIMITS, ids=[repr(value[:8]) for value in NO_LIMITS])
def test_any_other_page_size_is_refused(value: str) -> None:
    with pytest.raises(Invalid) as invalid:
        rules.page_size(value)
    assert invalid.value.codes == ["limit_invalid"]


def test_a_cursor_is_a_uuid_or_absent() -> None:
    assert rules.cursor(None) is None
    assert rules.cursor(UUID.upper()) == UUID
    for value in ("", "x", UUID + "x", "~"):
        with pytest.raises(Invalid) as invalid:
            rules.cursor(value)
        assert invalid.value.codes == ["before_invalid"]


@pytest.mark.parametrize("value", [None, "k", " ", "~" * 128, UUID])
def test_a_send_key_is_1_to_128_printable_characters(value: str | None) -> None:
    assert rules.send_key(value) == value


@pytest.mark.parametrize("value", ["", "k" * 129, "k\x00", "k\n", "k\x7f", "ké", "\u2028"])
def test_any_other_send_key_is_refused(value: str) -> None:
    with pytest.raises(Invalid) as invalid:
        rules.send_key(value)
    assert invalid.value.codes == ["idempotency_key_invalid"]
