"""Live events, as server-sent events (HTML Standard, section 9.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextvars import copy_context
from functools import partial
from typing import Annotated, Any, TypeVar

from flask import Blueprint, Response, g

from backend_flask.auth import seconds_left, signed_in
from backend_flask.errors import RateLimited
from backend_flask.lib import deadline
from backend_flask.lib.ddb_changes import Happened
from backend_flask.routes.declared import refuses, takes
from backend_flask.routes.messages import as_json
from backend_flask.routes.parameters import Parameter
from backend_flask.services.live_stream import ComeBack, Event, Heartbeat, Moved, Part, Stream, last_event_id
from backend_flask.services.users import User
from backend_flask.stores import stores

live = Blueprint("live", __name__, url_prefix="/api/messages")

T = TypeVar("T")
# Less than a heartbeat.
LOOK_WITHIN_SECONDS = 10.0
LAST_EVENT_ID = Parameter(
    "Last-Event-ID",
    "The `id` of the last event that I was sent: what has happened since comes first.",
    {"type": "string", "maxLength": 4096},
    ("last_event_id_invalid",),
    last_event_id,
    "position",
    place="header",
)
HEADERS = {
    "Cache-Control": "no-store",
    # A proxy of nginx's would collect the events.
    "X-Accel-Buffering": "no",
}


@live.get("/stream")
@signed_in
@takes(LAST_EVENT_ID)
@refuses(RateLimited())
def stream_events(user: User, position: Any) -> Annotated[Response, "text/event-stream"]:
    """What happens in my message groups, as it happens.

    Server-sent events, each with an `id` and one line of JSON as its `data`. `message`, `edited` and `deleted` have a
    message, `read` a `message_group_uuid` and my own marker `read_up_to`. `ready`, the first without Last-Event-ID, and
    `reset`, if too much was missed, have nothing: fetch the lists then. Comments are heartbeats. The stream ends after
    some minutes: connect again with Last-Event-ID, after as many milliseconds as `retry` says.
    """
    hub, catch_up = stores().live.hub, stores().live.catch_up
    seconds = seconds_left()
    listener = hub.join(user.uuid)

    def look(since_ms: int) -> list[Happened]:
        with hub.turn(), deadline.within(LOOK_WITHIN_SECONDS):
            return catch_up(user.uuid, since_ms)

    stream = Stream(listener, position, in_this_request(look), hub.look_failed, seconds=seconds)
    g.stream = stream
    response = Response(_text(stream, partial(hub.leave, listener)), headers=HEADERS, content_type="text/event-stream")
    # Also of a text that nobody has begun to read.
    response.call_on_close(partial(hub.leave, listener))
    return response


def in_this_request(ask: Callable[[int], T]) -> Callable[[int], T]:
    """The same, later, when the request has long been answered: it counts for it and has its trace, but no more its
    deadline."""
    context = copy_context()
    context.run(deadline.clear)
    return lambda since_ms: context.run(ask, since_ms)


def _text(stream: Stream, end: Callable[[], object]) -> Iterator[str]:
    try:
        yield from map(text_of, stream.parts())
    finally:
        end()


def text_of(part: Part) -> str:
    match part:
        case Event(kind, position, _):
            return f"event: {kind}\nid: {position}\ndata: {json.dumps(_data(part))}\n\n"
        case Moved(position):
            return f"id: {position}\n\n"
        case Heartbeat():
            return ": \n\n"
        case ComeBack(milliseconds):
            return f"retry: {milliseconds}\n\n"


def _data(event: Event) -> Any:
    happened = event.happened
    if happened is None:
        return {}
    if happened.message is not None:
        return as_json(happened.message)
    return {"message_group_uuid": happened.message_group_uuid, "read_up_to": happened.message_uuid}
