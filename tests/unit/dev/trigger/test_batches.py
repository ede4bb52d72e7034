from collections.abc import Callable, Sequence
from typing import Any

import pytest

from dev.trigger.batches import LONGEST_WAIT, Delivery, Step
from dev.trigger.event import sequence_number
from dev.trigger.invoke import invoker

Record = dict[str, Any]
Make = Callable[..., Record]
MAX_ATTEMPTS = 3


class Function:
    """Handles records in order, and fails at those in `poison` in the way that is asked for."""

    def __init__(self, poison: Sequence[int] = (), *, reports: bool) -> None:
        self.poison = {str(number) for number in poison}
        self.reports = reports
        self.seen: list[list[str]] = []
        self.handled: list[str] = []

    def __call__(self, event: dict[str, Any], _: Any) -> Any:
        numbers = [sequence_number(record) for record in event["Records"]]
        self.seen.append(numbers)
        bad = [number for number in numbers if number in self.poison]
        if bad and not self.reports:
            raise ValueError("a text with the message in it")
        self.handled += [number for number in numbers if number not in self.poison and number not in self.handled]
        return {"batchItemFailures": [{"itemIdentifier": number} for number in reversed(bad)]}


def deliver(delivery: Delivery, function: Callable[..., Any], limit: int = 200) -> list[Step]:
    steps = []
    invoke = invoker(function, "function")
    while not delivery.is_finished:
        steps.append(delivery.step(invoke))
        assert len(steps) < limit
    return steps


@pytest.fixture
def delivery_of(make_record: Make) -> Callable[..., Delivery]:
    def make(*numbers: int, may_give_up: Callable[[], bool] = lambda: True) -> Delivery:
        return Delivery([make_record(number) for number in numbers], MAX_ATTEMPTS, may_give_up)

    return make


def passed(steps: list[Step]) -> list[str]:
    return [sequence_number(record) for step in steps for record in step.passed]


def given_up(steps: list[Step]) -> list[str]:
    return [sequence_number(step.given_up) for step in steps if step.given_up]


def test_a_good_batch_is_one_invocation(delivery_of: Callable[..., Delivery]) -> None:
    function = Function(reports=True)
    steps = deliver(delivery_of(1, 2, 3), function)
    assert function.seen == [["1", "2", "3"]]
    assert passed(steps) == ["1", "2", "3"]


def test_what_lies_before_the_lowest_failed_record_is_not_tried_again(delivery_of: Callable[..., Delivery]) -> None:
    function = Function([3, 5], reports=True)
    steps = deliver(delivery_of(1, 2, 3, 4, 5), function)
    assert function.seen[:2] == [["1", "2", "3", "4", "5"], ["3", "4", "5"]]
    assert [sequence_number(record) for record in steps[0].done] == ["1", "2"]
    assert steps[0].wait == 0


@pytest.mark.parametrize("reports", [True, False])
@pytest.mark.parametrize("poison", range(1, 11))
def test_a_poison_record_is_isolated_and_all_others_are_handled_in_order(
    delivery_of: Callable[..., Delivery], poison: int, reports: bool
) -> None:
    function = Function([poison], reports=reports)
    steps = deliver(delivery_of(*range(1, 11)), function)
    good = [str(number) for number in range(1, 11) if number != poison]
    assert given_up(steps) == [str(poison)]
    if not reports:
        assert function.handled == good
    assert sorted(function.handled, key=int) == good
    assert passed(steps) == [str(number) for number in range(1, 11)]


def test_a_function_that_raises_never_has_a_later_record_handled_before_an_earlier_one(
    delivery_of: Callable[..., Delivery],
) -> None:
    function = Function([2, 5, 6], reports=False)
    deliver(delivery_of(*range(1, 9)), function)
    assert function.handled == ["1", "3", "4", "7", "8"]


def test_splitting_uses_up_no_attempts(delivery_of: Callable[..., Delivery]) -> None:
    function = Function([1], reports=False)
    steps = deliver(delivery_of(1, 2, 3, 4), function)
    assert function.seen[:3] == [["1", "2", "3", "4"], ["1", "2"], ["1"]]
    assert function.seen.count(["1"]) == MAX_ATTEMPTS
    assert next(step.attempts for step in steps if step.given_up) == MAX_ATTEMPTS


def test_a_record_has_its_own_attempts(delivery_of: Callable[..., Delivery]) -> None:
    function = Function([1, 2], reports=True)
    deliver(delivery_of(1, 2), function)
    assert function.seen.count(["1"]) == function.seen.count(["2"]) == MAX_ATTEMPTS


def test_a_record_that_succeeds_at_last_is_not_given_up(delivery_of: Callable[..., Delivery]) -> None:
    answers = iter([RuntimeError(), RuntimeError(), None])

    def function(*_: Any) -> None:
        if answer := next(answers):
            raise answer

    steps = deliver(delivery_of(1), function)
    assert given_up(steps) == []
    assert passed(steps) == ["1"]


def test_waits_between_attempts_grow_up_to_a_limit(make_record: Make) -> None:
    delivery = Delivery([make_record(1)], 40, lambda: True)
    waits = [step.wait for step in deliver(delivery, Function([1], reports=True)) if not step.given_up]
    assert waits[:3] == [0.1, 0.2, 0.4]
    assert waits[-1] == LONGEST_WAIT


def test_nothing_is_given_up_while_the_engine_is_away(delivery_of: Callable[..., Delivery]) -> None:
    is_away = iter([True, True, False])
    function = Function([1], reports=True)
    steps = deliver(delivery_of(1, may_give_up=lambda: not next(is_away)), function)
    assert len(function.seen) == MAX_ATTEMPTS + 2
    assert given_up(steps) == ["1"]


def test_an_error_is_named_by_its_class_and_never_by_its_text(delivery_of: Callable[..., Delivery]) -> None:
    errors = {step.error for step in deliver(delivery_of(1, 2), Function([1], reports=False))}
    assert errors == {"", "ValueError"}


def test_what_a_function_does_to_its_event_is_not_seen_by_the_next_attempt(
    delivery_of: Callable[..., Delivery],
) -> None:
    seen = []

    def function(event: dict[str, Any], _: Any) -> None:
        seen.append(event["Records"][0]["dynamodb"].pop("NewImage", None))
        raise RuntimeError

    deliver(delivery_of(1), function)
    assert len(seen) == MAX_ATTEMPTS
    assert None not in seen
