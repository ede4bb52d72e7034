"""The arithmetic of money: small enough to be done again by hand here."""

from __future__ import annotations

import json
from datetime import date

import pytest

from bench.prices import FILE, HOURS_OF_A_MONTH, MILLION, of_a_million_messages, of_invocations, of_units, price, prices
from bench.units import REQUESTS, SEND, TEXT, Units, message, spread, start

FOUND = json.loads(FILE.read_text(encoding="utf-8"))


def test_units_add_up_and_multiply() -> None:
    assert Units(1, 2) + Units(3, 4) == Units(4, 6)
    assert Units(1, 2) * 3 == Units(3, 6)
    assert str(Units(1.5, 7)) == "7 write and 1.5 read units"
    assert str(Units()) == "no units"


def test_the_budget_of_a_direct_message_is_that_of_the_design() -> None:
    assert Units(read=1, write=1) == SEND
    assert spread(2) == Units(read=1, write=6)
    assert message(2) == Units(read=2, write=7)


def test_a_bigger_batch_costs_less_a_message_down_to_the_send_alone() -> None:
    assert message(50) == Units(read=2, write=151)
    assert message(50, 10) == Units(read=1.1, write=16)
    assert message(50, 10**9).write == pytest.approx(SEND.write)


def test_a_new_group_writes_itself_its_message_and_a_row_for_each_member_twice() -> None:
    assert start(2) == Units(write=10)
    assert start(50) == Units(write=154)


def test_a_million_units_cost_what_the_file_says() -> None:
    assert of_units(Units(write=MILLION)) == FOUND["prices"]["write_units"]["usd"] == 0.625
    assert of_units(Units(read=MILLION)) == FOUND["prices"]["read_units"]["usd"] == 0.125


def test_a_million_direct_messages_cost_less_than_five_dollars() -> None:
    assert of_a_million_messages(2) == pytest.approx(7 * 0.625 + 2 * 0.125)
    assert of_a_million_messages(50, 100) == pytest.approx(2.5 * 0.625 + 1.01 * 0.125)


def test_an_invocation_costs_its_request_and_its_memory_for_as_long_as_it_takes() -> None:
    assert of_invocations(MILLION, seconds=0.1, gigabytes=0.25) == pytest.approx(0.20 + 25_000 * 0.0000166667)


def test_a_month_of_an_hourly_price() -> None:
    assert price("alb_hours", HOURS_OF_A_MONTH) == pytest.approx(16.2)


def test_a_price_that_is_not_in_the_file_is_an_error() -> None:
    with pytest.raises(KeyError):
        price("goodwill")


@pytest.mark.parametrize("name", prices())
def test_each_price_says_per_what_and_by_which_page_and_how_that_was_seen(name: str) -> None:
    found = prices()[name]
    assert found.usd >= 0
    assert found.per > 0
    assert found.unit
    assert found.page.startswith(("https://aws.amazon.com/", "https://docs.aws.amazon.com/"))
    assert found.seen in FOUND["seen"]
    assert found.note or found.seen == "not seen", "who quotes it?"


def test_the_prices_have_a_region_and_a_date() -> None:
    assert FOUND["region"] == "us-east-1"
    assert date.fromisoformat(FOUND["looked_up"]).year >= 2026


def test_every_request_that_is_counted_costs_something() -> None:
    assert all(of_units(units) > 0 for units in REQUESTS.values())
    assert len(TEXT) == 80
