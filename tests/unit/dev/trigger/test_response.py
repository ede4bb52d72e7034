from collections.abc import Callable
from typing import Any

import pytest

from dev.trigger.response import verdict

Record = dict[str, Any]


@pytest.fixture
def records(make_record: Callable[..., Record]) -> list[Record]:
    # Engines count without leading zeros: the order is that of the batch, not that of the texts.
    return [make_record(number) for number in (8, 9, 10, 11)]


@pytest.mark.parametrize(
    "response", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}, {"somethingElse": 1}]
)
def test_an_empty_answer_means_success(records: list[Record], response: Any) -> None:
    assert verdict(response, records).first_failed is None


@pytest.mark.parametrize(
    ("named", "first_failed"), [(["8"], 0), (["11"], 3), (["11", "10"], 2), (["10", "9", "11"], 1), (["9", "9"], 1)]
)
def test_the_lowest_failed_record_counts(records: list[Record], named: list[str], first_failed: int) -> None:
    response = {"batchItemFailures": [{"itemIdentifier": number} for number in named]}
    assert verdict(response, records).first_failed == first_failed


@pytest.mark.parametrize(
    "failure",
    [
        {"itemIdentifier": ""},
        {"itemIdentifier": None},
        {"itemIdentifier": "12"},
        {"itemIdentifier": 9},
        {"itemIdentifier": ["9"]},
        {"itemIdentifer": "9"},
        {},
        "9",
        None,
    ],
)
def test_an_answer_that_names_no_record_of_the_batch_fails_all_of_it(records: list[Record], failure: Any) -> None:
    found = verdict({"batchItemFailures": [{"itemIdentifier": "11"}, failure]}, records)
    assert (found.first_failed, found.error) == (0, "InvalidResponse")


@pytest.mark.parametrize("response", ["ok", 1, True, [], {"batchItemFailures": {}}, {"batchItemFailures": "9"}])
def test_an_answer_of_another_form_fails_all_of_the_batch(records: list[Record], response: Any) -> None:
    assert verdict(response, records).first_failed == 0
