"""Child processes: how they are waited for and how they end."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev import processes
from dev.processes import Child, Interrupted, StackError, accepts, end_group, free_port, is_taken, living, spawn

Start = Callable[..., Child]
SAY_AND_STAY = "import time; print('here', flush=True); time.sleep(60)"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a Python program. It answers when it has printed something."""
    children: list[Child] = []

    def run(program: str) -> Child:
        log = tmp_path / "child.log"
        child = spawn("child", [sys.executable, "-c", program], log, answers=lambda: bool(log.stat().st_size))
        children.append(child)
        return child

    yield run
    for child in children:
        child.stop()


def test_a_child_that_answers_is_ready_and_stops_when_asked(start: Start) -> None:
    child = start(SAY_AND_STAY).wait_until_ready()
    assert child.is_running

    child.stop()

    assert child.process.returncode == -signal.SIGTERM


def test_a_child_that_ends_before_it_answers_says_its_last_words(start: Start) -> None:
    child = start("import sys; sys.exit(3)")
    with pytest.raises(StackError, match=r"child ended while it started. The end of .*child.log:"):
        child.wait_until_ready()


def test_its_last_words_are_the_last_lines_of_this_run(start: Start) -> None:
    start("print('an earlier run')").wait_until_done()
    child = start("for n in range(30): print('line', n)")
    child.wait_until_done()

    words = child.last_words(lines=2).splitlines()

    assert words[1:] == ["  line 28", "  line 29"]
    assert "an earlier run" not in child.last_words(lines=99)


def test_a_child_that_never_answers_is_given_up(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "START_SECONDS", 0.1)
    with pytest.raises(StackError, match="did not answer within"):
        start("import time; time.sleep(60)").wait_until_ready()


def test_a_job_that_fails_is_an_error(start: Start) -> None:
    with pytest.raises(StackError, match="child failed"):
        start("print('no'); raise SystemExit(1)").wait_until_done()


def test_waiting_ends_when_somebody_interrupts(start: Start) -> None:
    child = start("import time; time.sleep(60)")
    with pytest.raises(Interrupted):
        child.wait_until_ready(lambda: True)
    with pytest.raises(Interrupted):
        child.wait_until_done(lambda: True)


def test_a_deaf_child_and_its_own_children_are_killed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.1)
    program = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"print(subprocess.Popen([sys.executable, '-c', {SAY_AND_STAY!r}], stdout=subprocess.DEVNULL).pid, flush=True);"
        "time.sleep(60)"
    )
    child = start(program).wait_until_ready()
    grandchild = int(child.log.read_text())
    assert living(grandchild)

    child.stop()

    assert child.process.returncode == -signal.SIGKILL
    while living(grandchild):
        time.sleep(0.01)


def test_a_child_does_not_hear_the_ctrl_c_of_the_terminal(start: Start) -> None:
    child = start(SAY_AND_STAY)
    assert os.getsid(child.process.pid) != os.getsid(0)


def test_a_port_is_taken_while_somebody_listens_on_it() -> None:
    port = free_port()
    assert not is_taken(port)
    with socket.create_server(("127.0.0.1", port)):
        assert is_taken(port)
        assert accepts(port)
    assert not accepts(port)


def test_a_number_that_somebody_else_has_by_now_is_left_alone(start: Start) -> None:
    """As if the number of a child that has ended had been given away again."""
    somebody = start(SAY_AND_STAY)
    end_group(somebody.process.pid)
    assert somebody.is_running
