from typing import Any

import pytest

from backend_flask.errors import Invalid
from backend_flask.services import rules

UUID = "018bcfe5-6800-7000-8000-0123456789ab"


def problems_of(value: object, most: int = 10) -> list[str]:
    problems: list[str] = []
    rules.Text("message", most).read(value, problems)
    return problems


@pytest.mark.parametrize("value", ["hello", "  hello\n", "\u3000hello\u2003", "\u00a0hello\x85"])
def test_a_text_loses_the_white_space_around_it(value: str) -> None:
    problems: list[str] = []
    assert rules.Text("message", 5).read(value, problems) == "hello"
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
    rules.Text("message", 1, too_long="message_exceed_max_chars").read("xx", problems)
    assert problems == ["message_exceed_max_chars"]


def test_the_longest_message_has_no_more_than_4096_bytes() -> None:
    assert len(("\U0010ffff" * rules.MESSAGE_MAX_CHARACTERS).encode()) == 4096


def test_problems_are_reported_together_and_in_order() -> None:
    problems: list[str] = []
    rules.Text("one", 1).read("", problems)
    rules.Text("two", 1).read(7, problems)
    rules.Text("three", 1).read("long", problems)
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


def test_a_line_is_not_disguised() -> None:
    name = rules.Text("display_name", 50, one_line=True)
    for value in ("a\nb", "a\u202eb", "a\u200bb"):
        problems: list[str] = []
        name.read(value, problems)
        assert problems == ["display_name_invalid"]


def test_a_text_may_be_blank_if_it_says_so() -> None:
    problems: list[str] = []
    assert [rules.Text("bio", 5, may_be_blank=True).read(value, problems) for value in (None, "", " ")] == ["", "", ""]
    assert problems == []


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        (rules.Text("one", 3), [None, 7, "four"]),
        (rules.Text("one", 3, too_long="too_long"), ["", "\x00", "four"]),
        (rules.Text("one", 3, may_be_blank=True), [[], "four"]),
        (rules.UuidOf("one"), [None, "x"]),
        (rules.Choice("one", {"a": 1}), ["b"]),
        (rules.Choice("one", {"a": 1}), [["a"]]),
    ],
)
def test_a_field_names_the_codes_that_it_can_give(field: Any, wrong: list[object]) -> None:
    problems: list[str] = []
    for value in wrong:
        field.read(value, problems)
    assert problems == list(field.codes)


def test_a_field_takes_what_it_describes() -> None:
    problems: list[str] = []
    assert rules.Choice("ttl", {"1-day": 24}).read("1-day", problems) == 24
    assert rules.UuidOf("message_uuid").read(UUID.upper(), problems) == UUID
    assert rules.Choice("ttl", {"1-day": 24}).schema == {"type": "string", "enum": ["1-day"]}
    assert rules.Text("message", 3, example="hi").schema == {
        "type": "string", "minLength": 1, "maxLength": 3, "examples": ["hi"],
    }  # fmt: skip
    assert problems == []


@pytest.mark.parametrize(
    ("header", "rev"), [(None, None), ("*", None), (" * ", None), ('"0"', 0), ("7", 7), (' "12" ', 12), ('"007"', 7)]
)
def test_a_version_is_a_number_with_or_without_its_quotes(header: str | None, rev: int | None) -> None:
    assert rules.version(header) == rev


@pytest.mark.parametrize(
    "header", ["", '"', '""', '"1', '1"', 'W/"1"', '"1", "2"', "-1", "1.0", "\u0660", "9" * 10, "x"]
)
def test_what_is_no_version_is_invalid(header: str) -> None:
    with pytest.raises(Invalid, match="if_match_invalid"):
        rules.version(header)


HANDLES = rules.Handles("handles", 2)


def test_handles_come_without_their_at_signs() -> None:
    problems: list[str] = []
    assert HANDLES.read(["@ada", " bob "], problems) == ["ada", "bob"]
    assert problems == []


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "handles_blank"),
        ([], "handles_blank"),
        ("ada", "handles_invalid"),
        ({"ada": 1}, "handles_invalid"),
        (["ada", 7], "handles_invalid"),
        ([""], "handles_invalid"),
        (["a", "b", "c"], "handles_exceed_max_2"),
    ],
)
def test_what_are_no_handles_is_told(value: object, code: str) -> None:
    problems: list[str] = []
    assert HANDLES.read(value, problems) == []
    assert problems == [code]
    assert code in HANDLES.codes
