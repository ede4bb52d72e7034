"""bin/aws/deploy and diff against moto, from an account that has nothing on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.aws import build
from tests.aws_template import template
from tests.integration.aws.conftest import EMAIL, SHARED, Run

Aws = Callable[[str], Any]
IMAGE = ("--image", "example/cruddur@sha256:1")
FIRST = ("--email", EMAIL, *IMAGE, "--yes")
AGAIN = ("--name", SHARED)


def parameters(aws: Aws, stack: str = SHARED) -> dict[str, str]:
    [found] = aws("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {each["ParameterKey"]: each["ParameterValue"] for each in found["Parameters"]}


def stacks(aws: Aws, name: str) -> list[str]:
    names = [each["StackName"] for each in aws("cloudformation").describe_stacks()["Stacks"]]
    return sorted(each for each in names if each.startswith(name))


def open_change_sets(aws: Aws) -> list[str]:
    found = aws("cloudformation").list_change_sets(StackName=SHARED)["Summaries"]
    return [each["ChangeSetName"] for each in found if each["ExecutionStatus"] == "AVAILABLE"]


def test_an_empty_account_gets_everything(run: Run, aws: Aws, docker: Path) -> None:
    done = run("deploy", "--email", EMAIL, stdin="cruddur")
    assert done.status == 0, done.err
    pages = aws("cloudformation").get_paginator("list_stack_resources").paginate(StackName="cruddur")
    made = {each["LogicalResourceId"] for page in pages for each in page["StackResourceSummaries"]}
    wanted = template()["Resources"]
    # moto lists one more, without a name.
    assert made - {""} == {name for name, each in wanted.items() if each.get("Condition") in {None, "HasNoDomain"}}
    assert "UserPoolId=us-east-1_" in done.out
    assert "AWSServiceRoleForecs" in str(aws("iam").list_roles()["Roles"])
    calls = [json.loads(line) for line in docker.read_text().splitlines()]
    assert [call[0] for call in calls] == ["login", "build", "push"]
    assert "backend" in calls[1]
    [image] = aws("ecr").describe_images(repositoryName="cruddur")["imageDetails"]
    assert parameters(aws, "cruddur")["ApiImage"].endswith(f"/cruddur@{image['imageDigest']}")


def test_what_runs_is_what_was_packed(deployed: dict[str, str], packed: dict[str, Path], aws: Aws) -> None:
    function = aws("lambda").get_function(FunctionName=deployed["StreamFunction"])["Configuration"]
    assert function["Handler"] == "lambdas.cruddur_messaging_stream.handler.handler"
    assert function["CodeSize"] == packed["cruddur_messaging_stream"].stat().st_size
    places = aws("cloudformation").describe_stacks(StackName=f"{SHARED}-artifacts")["Stacks"][0]["Outputs"]
    [bucket] = [each["OutputValue"] for each in places if each["OutputKey"] == "Zips"]
    keys = [each["Key"] for each in aws("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert {key.split("/")[0] for key in keys} == {*build.functions(), "templates"}


@pytest.mark.usefixtures("deployed")
def test_a_second_time_changes_nothing_and_forgets_nothing(run: Run, aws: Aws) -> None:
    before = parameters(aws)
    done = run("deploy", *AGAIN, "--image", before["ApiImage"])
    assert (done.status, done.out.splitlines()[-1]) == (0, "nothing has changed"), done
    assert parameters(aws) == before
    assert before["AlarmEmail"] == EMAIL


@pytest.mark.usefixtures("deployed")
def test_what_is_wished_changes_and_the_rest_stays(run: Run, aws: Aws) -> None:
    before = parameters(aws)
    done = run("deploy", *AGAIN, "--image", "example/cruddur@sha256:2", "--budget", "99", stdin=SHARED)
    assert done.status == 0, done.err
    assert "modify  ApiTask" in done.out
    assert parameters(aws) == before | {"ApiImage": "example/cruddur@sha256:2", "MonthlyBudget": "99"}


@pytest.mark.usefixtures("deployed")
def test_who_does_not_type_the_name_changes_nothing(run: Run, aws: Aws) -> None:
    before = parameters(aws)
    done = run("deploy", *AGAIN, "--image", "example/cruddur@sha256:3", stdin="yes")
    assert done.status == 1
    assert done.err.endswith("deploy: not confirmed, so nothing was changed\n")
    assert parameters(aws) == before
    assert open_change_sets(aws) == []


def test_a_first_time_that_is_not_confirmed_leaves_no_stack(run: Run, aws: Aws) -> None:
    assert run("deploy", "--name", "shy", "--email", EMAIL, *IMAGE, stdin="no").status == 1
    assert stacks(aws, "shy") == ["shy-artifacts"]


def test_the_first_time_somebody_has_to_hear_of_alarms(run: Run) -> None:
    done = run("deploy", "--name", "deaf", *IMAGE)
    assert (done.status, done.err) == (1, "deploy: who is to hear of alarms? Give --email the first time\n")


def test_a_table_of_an_earlier_deployment_is_not_run_into(run: Run, aws: Aws) -> None:
    key = [{"AttributeName": "pk", "KeyType": "HASH"}]
    aws("dynamodb").create_table(
        TableName="late-messages",
        KeySchema=key,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    done = run("deploy", "--name", "late", *FIRST)
    assert done.status == 1
    assert "late-messages is there already" in done.err
    assert stacks(aws, "late") == []


def test_without_docker_it_says_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run("deploy", "--name", "shy", "--email", EMAIL, "--yes")
    assert done.status == 1
    [line] = done.err.splitlines()
    assert line.startswith(
        "deploy: there is no docker here. Build the image elsewhere, push it to 123456789012.dkr.ecr."
    )


def test_two_deployments_do_not_know_each_other(deployed: dict[str, str], run: Run, aws: Aws) -> None:
    assert run("deploy", *FIRST, "--name", "staging", "--size", "production").status == 0
    assert deployed["TableName"] == "shared-messages"
    assert {"shared-messages", "staging-messages"} <= set(aws("dynamodb").list_tables()["TableNames"])
    assert parameters(aws, "staging")["Size"] == "production"


def test_a_diff_of_nothing_is_all_that_would_be_made(run: Run, aws: Aws) -> None:
    done = run("diff", "--name", "dream")
    assert done.status == 0
    assert "add     MessageTable" in done.out
    assert stacks(aws, "dream") == []


@pytest.mark.usefixtures("deployed")
def test_a_diff_shows_and_changes_nothing(run: Run, aws: Aws) -> None:
    before = parameters(aws)
    assert run("diff", *AGAIN).out.splitlines()[-1] == "nothing would change"
    done = run("diff", *AGAIN, "--frontend", "https://x.example")
    assert "modify  ApiTask" in done.out
    assert parameters(aws) == before
    assert open_change_sets(aws) == []


def test_losing_data_is_asked_for_even_with_yes(
    deployed: dict[str, str], run: Run, monkeypatch: pytest.MonkeyPatch, aws: Aws
) -> None:
    whole = build.build

    def without_table(code: build.Code) -> build.Template:
        template = whole(code)
        template["Resources"]["Precious"] = template["Resources"].pop("MessageTable")
        return template

    monkeypatch.setattr(build, "build", without_table)
    done = run("deploy", *AGAIN, *IMAGE, "--yes", stdin="yes")
    assert done.status == 1
    assert "THIS TAKES AWAY OR REPLACES MessageTable" in done.err
    assert aws("dynamodb").describe_table(TableName=deployed["TableName"])
