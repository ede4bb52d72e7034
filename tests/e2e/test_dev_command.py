"""bin/dev as a person runs it: what it prints, and what it leaves behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from dev.processes import free_port, living
from dev.stack import ROOT, Ports, Stack, option_of

SHELL_OF_SOMEBODY_WHO_USES_AWS = {
    "AWS_ACCESS_KEY_ID": "AKIAOFSOMEBODY000000",
    "AWS_SECRET_ACCESS_KEY": "theirs",
    "AWS_SESSION_TOKEN": "theirs",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
}
PARTS = ("postgres", "dynamodb", "cognito", "trigger", "api")


class Running:
    """A bin/dev in a process of its own, with its data in `folder`."""

    def __init__(self, folder: Path, ports: dict[str, int], *words: str) -> None:
        self.folder = folder
        chosen = [word for name, port in ports.items() for word in (option_of(name), str(port))]
        self.output = folder.with_suffix(".out")
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [ROOT / "bin" / "dev", "--folder", folder, *chosen, *words],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.output.read_text()

    def processes(self) -> list[psutil.Process]:
        """bin/dev and everything below it."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return {each.name: free_port() for each in fields(Ports)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data of all tests of this file, which run in their order: each finds what the one before has left."""
    data = tmp_path_factory.mktemp("dev") / "data"
    yield data
    Stack(data).reset()


@pytest.fixture(scope="module")
def bin_dev(folder: Path, ports: dict[str, int], until: Callable[..., Any]) -> Callable[..., Any]:
    @contextmanager
    def run(*words: str) -> Iterator[Running]:
        running = Running(folder, ports, *words)
        try:
            until(lambda: "Ctrl-C stops everything" in running.text or running.process.poll() is not None, 60)
            yield running
        finally:
            if running.process.poll() is None:
                running.process.send_signal(signal.SIGINT)
                running.process.wait(30)

    return run


@pytest.fixture(scope="module")
def left() -> list[psutil.Process]:
    """What the run that is killed leaves, for the run after it."""
    return []


@pytest.fixture(scope="module")
def again(bin_dev: Callable[..., Any]) -> Iterator[Running]:
    """The run after that, which forgets all data and goes on without a trigger."""
    with bin_dev("--reset", "--no-trigger") as running:
        yield running


def conversations(folder: Path) -> str:
    """What bin/ddb/patterns/list-conversations prints of the first seeded user, in a shell that has AWS on its mind."""
    environ = os.environ | SHELL_OF_SOMEBODY_WHO_USES_AWS | {"CRUDDUR_ENV_FILES": str(folder / "stack.env")}
    command: list[str | Path] = [ROOT / "bin/ddb/patterns/list-conversations", "--handle", "andrewbrown"]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environ).stdout


def test_it_says_what_it_does_before_it_does_anything(tmp_path: Path) -> None:
    helped = subprocess.run([ROOT / "bin" / "dev", "--help"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert helped.stdout.splitlines()[0].startswith("usage: dev")
    assert all(option_of(each.name) in helped.stdout for each in fields(Ports))


def test_ctrl_c_while_it_starts_leaves_nothing_behind_however_often_it_is_pressed(
    folder: Path, ports: dict[str, int], until: Callable[..., Any]
) -> None:
    running = Running(folder, ports)
    until((folder / "logs" / "bootstrap.log").exists, 30)
    started = running.processes()
    assert len(started) > 3

    for _ in range(3):
        running.process.send_signal(signal.SIGINT)

    assert running.process.wait(30) == 0
    assert running.text.rstrip().endswith("stopping")
    until(lambda: not any(living(process.pid) for process in started))


def test_its_lines_work_when_pasted_and_ctrl_c_leaves_nothing_behind(
    bin_dev: Callable[..., Any], folder: Path, until: Callable[..., Any]
) -> None:
    with bin_dev() as running:
        pasted = re.findall(r"^  (curl .*?)(?=\n\n)", running.text, re.DOTALL | re.MULTILINE)
        assert len(pasted) == 2, running.text
        for line in pasted:
            done = subprocess.run(
                ["bash", "-c", line],
                cwd="/",
                capture_output=True,
                text=True,
                check=True,
                env=os.environ | SHELL_OF_SOMEBODY_WHO_USES_AWS,
            )
            assert '"uuid":' in done.stdout, line + done.stdout + done.stderr
        assert "bin/cognito/token andrewbrown" in running.text
        until(lambda: "Hello!" in conversations(folder))
        started = running.processes()
        assert len(started) > len(PARTS)

    assert running.process.returncode == 0
    assert running.text.rstrip().endswith("stopping")
    assert not (folder / "stack.env").exists()
    assert not any(process.is_running() for process in started)


def test_data_survives_a_restart_and_a_kill_leaves_the_parts_running(
    bin_dev: Callable[..., Any], folder: Path, left: list[psutil.Process]
) -> None:
    with bin_dev() as running:
        assert "Hello!" in conversations(folder)
        left += running.processes()[1:]
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
    assert len(left) > len(PARTS)
    assert all(process.is_running() for process in left)


def test_what_a_killed_run_has_left_is_stopped_by_the_next(again: Running, left: list[psutil.Process]) -> None:
    assert f"stopped {len(PARTS)} processes that an earlier bin/dev has left behind" in again.text
    assert "Cruddur messaging is up" in again.text
    assert not any(process.is_running() for process in left)


def test_reset_forgets_what_was_said(again: Running, folder: Path) -> None:
    assert again.process.poll() is None
    header, listed = conversations(folder).splitlines()
    assert header.startswith("last message")
    # The seeds are there anew; their first message, as the trigger has not brought the others.
    assert "Are you still up for the meteor shower on Saturday?" in listed


def test_a_second_run_is_refused_and_disturbs_nothing(again: Running, folder: Path, ports: dict[str, int]) -> None:
    second = subprocess.run(
        [ROOT / "bin" / "dev", "--folder", folder], capture_output=True, text=True, timeout=20, check=False
    )
    assert second.returncode == 1
    wanted = f"bin/dev is running already, as process {again.process.pid}. Stop it first"
    assert second.stderr.strip() == f"bin/dev: {wanted}"
    assert requests.get(f"http://127.0.0.1:{ports['api']}/api/ready", timeout=5).ok


def test_the_trigger_can_run_alone_be_killed_and_catch_up(
    again: Running, folder: Path, ports: dict[str, int], until: Callable[..., Any]
) -> None:
    environ = os.environ | {"CRUDDUR_ENV_FILES": str(folder / "stack.env")}

    def run_trigger() -> subprocess.Popen[bytes]:
        words = [str(ROOT / "bin/lambda/trigger"), "--state-dir", str(folder / "trigger")]
        return subprocess.Popen(words, env=environ, stderr=subprocess.DEVNULL)

    def send(text: str) -> None:
        asked = subprocess.run(
            [ROOT / "bin/cognito/token", "bayko"], capture_output=True, text=True, check=True, env=environ
        )
        requests.post(
            f"http://127.0.0.1:{ports['api']}/api/messages",
            json={"handle": "andrewbrown", "message": text},
            headers={"Authorization": f"Bearer {asked.stdout.strip()}"},
            timeout=10,
        ).raise_for_status()

    trigger = run_trigger()
    send("with the trigger")
    until(lambda: "with the trigger" in conversations(folder))
    trigger.kill()
    trigger.wait()
    send("while nobody listens")
    assert "while nobody listens" not in conversations(folder)
    trigger = run_trigger()
    until(lambda: "while nobody listens" in conversations(folder))
    assert again.process.poll() is None
    trigger.terminate()
    assert trigger.wait(15) == 0


def test_a_dead_part_stops_the_rest(again: Running, until: Callable[..., Any]) -> None:
    started = again.processes()
    next(process for process in started if "dev.cognito" in process.cmdline()).kill()
    until(lambda: again.process.poll() is not None, 30)
    assert again.process.returncode == 1
    assert "cognito has ended" in again.text
    assert not any(process.is_running() for process in started)


def test_a_port_in_use_is_said_in_one_line(bin_dev: Callable[..., Any], ports: dict[str, int]) -> None:
    with socket.create_server(("127.0.0.1", ports["cognito"])), bin_dev() as running:
        assert running.process.wait(10) == 1
    wanted = f"port {ports['cognito']} is in use, and cognito wants it. Choose another with --cognito-port"
    assert running.text.strip() == f"bin/dev: {wanted}"
