from collections.abc import Callable
from typing import Any

import pytest

Record = dict[str, Any]


@pytest.fixture
def make_record() -> Callable[..., Record]:
    """A record in Lambda's form with this sequence number."""

    def make(number: int, text: str = "hello") -> Record:
        keys = {"pk": {"S": "MSG#group"}, "sk": {"S": f"message-{number}"}}
        return {
            "eventID": f"event-{number}",
            "eventName": "INSERT",
            "dynamodb": {
                "Keys": keys,
                "NewImage": {**keys, "message": {"S": text}},
                "SequenceNumber": str(number),
            },
        }

    return make
