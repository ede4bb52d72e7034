"""Calls the function as Lambda does."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from dev.trigger.event import Context, Record, event_of
from dev.trigger.response import Verdict, verdict

Handler = Callable[[dict[str, Any], Any], Any]
Invoke = Callable[[Sequence[Record]], Verdict]

MESSAGING_STREAM = "lambdas.cruddur_messaging_stream.handler:handler"
TIMEOUT_SECONDS = 30.0


class HandlerNotFound(Exception):
    """There is no such function; the text is fit for a person."""


def find_handler(name: str) -> Handler:
    """The callable behind `package.module:function`. Raises HandlerNotFound."""
    module, _, attribute = name.partition(":")
    try:
        found: Handler = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise HandlerNotFound(f"no function {name!r} ({type(error).__name__}); give it as module:function") from error
    return found


def invoker(handler: Handler, function_name: str) -> Invoke:
    def invoke(records: Sequence[Record]) -> Verdict:
        try:
            response = handler(event_of(records), Context(function_name, TIMEOUT_SECONDS))
        except Exception as error:  # noqa: BLE001  # whatever a function raises fails its batch, as on Lambda
            return Verdict(0, type(error).__name__)
        return verdict(response, records)

    return invoke
