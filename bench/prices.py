"""What AWS charges, in USD. prices.json says per what, by which page, and whether that was seen with one's own eyes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.units import Units, message

FILE = Path(__file__).with_name("prices.json")
MILLION = 1_000_000
HOURS_OF_A_MONTH = 24 * 30


@dataclass(frozen=True)
class Price:
    """`usd` for `per` of what `unit` names. `seen` is a key of the file's own "seen"."""

    usd: float
    per: float
    unit: str
    page: str
    seen: str
    note: str = ""

    def of(self, amount: float) -> float:
        return self.usd * amount / self.per


@cache
def prices() -> dict[str, Price]:
    return {name: Price(**price) for name, price in json.loads(FILE.read_text(encoding="utf-8"))["prices"].items()}


def price(name: str, amount: float = 1) -> float:
    """What so much of it costs. Raises KeyError if there is no such price."""
    return prices()[name].of(amount)


def of_units(units: Units) -> float:
    """On demand."""
    return price("write_units", units.write) + price("read_units", units.read)


def of_a_million_messages(members: int, batch: int = 1) -> float:
    """Units of the table alone, from the send to the last member's row; `batch` messages of a group at once."""
    return of_units(message(members, batch) * MILLION)


def of_invocations(count: float, seconds: float, gigabytes: float) -> float:
    """So many invocations of a function with so much memory, which take so many seconds each."""
    return price("lambda_requests", count) + price("lambda_gb_seconds", count * seconds * gigabytes)
