"""bin/aws/logs, and bin/aws/destroy, which keeps what people have written unless that is asked for too."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.aws.conftest import EMAIL, SHARED, Run
from tests.integration.aws.test_deploy import IMAGE, stacks

Aws = Callable[[str], Any]


def write_lines(aws: Aws, group: str, *lines: str) -> None:
    logs, now = aws("logs"), int(time.time() * 1000)
    stream = f"task/api/{time.time_ns()}"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    events = [{"timestamp": now + number, "message": line} for number, line in enumerate(lines)]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def test_the_lines_of_the_api_are_printed_as_they_are(run: Run, aws: Aws, deployed: dict[str, str]) -> None:
    write_lines(aws, deployed["ApiLog"], '{"event": "request", "status": 200}', "a library's own words")
    out = run("logs", "api", "--name", SHARED).out.splitlines()
    assert '{"event": "request", "status": 200}' in out
    assert any(re.fullmatch(r"2\S+T\S+  a library's own words", line) for line in out)


def test_the_functions_have_logs_of_their_own(run: Run, aws: Aws, deployed: dict[str, str]) -> None:
    write_lines(aws, deployed["SignUpFunctionLog"], '{"message": "sign_up_written"}')
    assert run("logs", "sign-up", "--name", SHARED, "--since", "1h").out == '{"message": "sign_up_written"}\n'
    assert run("logs", "stream", "--name", SHARED).out == ""


@pytest.mark.parametrize("words", [["nothing"], ["api", "--since", "soon"]])
def test_words_that_are_not_known_are_refused(run: Run, words: list[str]) -> None:
    assert run("logs", *words).status == 2


def test_without_a_deployment_it_says_so(run: Run) -> None:
    done = run("logs", "--name", "nobody")
    assert done.err == "logs: there is no deployment nobody in us-east-1. Make one with bin/aws/deploy\n"


def deploy(run: Run, name: str) -> None:
    assert run("deploy", "--name", name, "--email", EMAIL, *IMAGE, "--yes").status == 0


def test_destroying_leaves_what_people_have_written(run: Run, aws: Aws) -> None:
    deploy(run, "gone")
    done = run("destroy", "--name", "gone", stdin="gone")
    assert done.status == 0, done.err
    assert stacks(aws, "gone") == []
    assert "still there: the table gone-messages" in done.out
    assert "the user pool us-east-1_" in done.out
    assert "the last snapshot of" in done.out


def test_all_of_it_goes_only_when_that_is_asked_for(run: Run, aws: Aws) -> None:
    deploy(run, "erased")
    done = run("destroy", "--name", "erased", "--with-data", stdin="erased")
    assert done.status == 0, done.err
    assert "ALL MESSAGES AND ALL ACCOUNTS" in done.err
    assert "erased-messages" not in aws("dynamodb").list_tables()["TableNames"]
    assert "still there: the table" not in done.out
    again = run("destroy", "--name", "erased")
    assert (again.status, again.out) == (
        0,
        "there is no deployment erased in us-east-1, so there is nothing to destroy\n",
    )


def test_who_types_another_name_destroys_nothing(run: Run, aws: Aws, deployed: dict[str, str]) -> None:
    done = run("destroy", "--name", SHARED, stdin="cruddur")
    assert done.status == 1
    assert stacks(aws, SHARED) == [SHARED, f"{SHARED}-artifacts"]
    assert aws("dynamodb").describe_table(TableName=deployed["TableName"])
