import argparse
from datetime import UTC, datetime, timedelta

import pytest

from backend_flask.lib.ddb_items import instant_of, milliseconds_of
from cli import when

NOON = 1_795_262_400_000
SIX_THIRTY = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["2026-11-21T18:30", "2026-11-21 18:30:00", "2026-11-21T18:30Z", "2026-11-21T20:30+02:00"]
)
def test_an_instant_is_in_utc_unless_it_names_an_offset(text: str) -> None:
    assert when.instant(text) == SIX_THIRTY
    assert when.instant(text).utcoffset() == timedelta(0)


def test_a_date_is_its_first_instant() -> None:
    assert when.instant("2026-11-21") == datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-01",
        "2026-11-21T25:00",
        "1969-12-31T23:59:59Z",
        "0001-01-01",
        "0001-01-01T00:00+05:00",
        "9999-12-31T23:59-05:00",
        "99999-01-01",
        "\x00",
        "\ud800",
    ],
)
def test_what_is_no_time_that_an_uuid_can_carry_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        when.instant(text)


def test_the_last_instant_of_the_calendar_is_taken() -> None:
    assert when.text(when.instant("9999-12-31T23:59:59.999Z")) == "9999-12-31T23:59:59.999Z"


def test_a_cursor_carries_every_millisecond_exactly() -> None:
    for ms in (*range(NOON, NOON + 1_000), 0, 1, 138_316_187_924_636, 253_402_300_799_999):
        asked = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
        cursor = when.first_uuid_at(asked)
        assert milliseconds_of(cursor) == ms
        assert instant_of(cursor) == when.text(asked)


def test_a_cursor_lies_before_every_message_of_its_millisecond() -> None:
    assert when.first_uuid_at(SIX_THIRTY) < "01a1ff5f-5b40-7000-8000-000000000000"
    assert when.first_uuid_at(SIX_THIRTY) > when.first_uuid_at(SIX_THIRTY - timedelta(milliseconds=1))
