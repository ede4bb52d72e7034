"""A little of `bin/bench live`, and that it would see what it is there to see."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from bench import audience, live
from bench.audience import Audience
from bench.caller import AnswerError
from bench.trial import Trial
from tests.arena import Arena


def test_listeners_are_measured_idle_and_told_of_messages(arena: Arena) -> None:
    steps: list[int] = []
    expected: list[int] = []
    answer = live.run(Trial(arena, 0.0, expected.append, steps.append), listeners=20, members=10)
    names = [figure.name for figure in answer.figures]
    assert [name for name in names if "20 idle listeners" in name] == names[:2]
    assert [name.rpartition(", ")[2] for name in names[2:5]] == ["CPU time of each", "requests/s", "p50"]
    assert [name.rpartition(", ")[2] for name in names[5:]] == ["p50", "p99"] * 3
    assert "the last of 9 events" in names[-1]
    assert all(figure.value > 0 for figure in answer.figures[2:])
    assert [sum(steps)] == expected


@pytest.fixture
def speaker(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, list[bytes]]]:
    """Answers each connection with these words, and the port where it does."""
    monkeypatch.setattr(audience, "PATIENCE_SECONDS", 0.3)
    words: list[bytes] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def speak() -> None:
            opened, _ = listener.accept()
            with opened:
                opened.recv(10_000)
                for each in words:
                    opened.sendall(each)
                is_over.wait(10)

        is_over, thread = threading.Event(), threading.Thread(target=speak)
        thread.start()
        yield listener.getsockname()[1], words
        is_over.set()
        thread.join()


def test_a_stream_that_is_refused_is_found_out(speaker: tuple[int, list[bytes]]) -> None:
    port, words = speaker
    words.append(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(AnswerError, match="0 of 1 streams have begun"):
        Audience(port, ["token"])


def test_an_event_that_comes_in_pieces_is_heard_once_and_one_that_does_not_come_is_missed(
    speaker: tuple[int, list[bytes]],
) -> None:
    port, words = speaker
    uuid = "01a1f9cc-1a11-7a52-9d0f-5d1d1c2f7b10"
    event = f'event: message\nid: 1.\ndata: {{"uuid": "{uuid}"}}\n\n'.encode()
    words += [b"HTTP/1.1 200 OK\r\n\r\nretry: 1\n\nevent: rea", b"dy\nid: 1.\ndata: {}\n\n", event[:30], event[30:]]
    with Audience(port, ["token"]) as heard:
        assert len(heard.heard(uuid)) == 1
        with pytest.raises(AnswerError, match="0 of 1 have heard"):
            heard.heard("another")
