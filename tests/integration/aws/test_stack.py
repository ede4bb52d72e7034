"""The stack that moto makes of the template: the API and the stream function run on its table, and its roles may do
what they need there and nothing anywhere else.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from cfnlint.api import ManualArgs, lint
from moto.awslambda.models import LambdaFunction

from cli.aws import build
from tests import zips
from tests.arena import Arena
from tests.aws_cloud import DATABASE_ID, OF_DATABASE
from tests.aws_template import template
from tests.integration.aws.conftest import REGION, SHARED
from tests.unit.aws.test_stream_filter import PATTERN, passes

Aws = Callable[[str], Any]
ACCOUNT = "123456789012"
POLICIES = build.FOLDER / "policies"
# What each role is for, by the policies that say so.
ROLES = {
    "StreamFunctionRole": {"messaging_stream"},
    "SignUpFunctionRole": {"post_confirmation"},
    "ApiRole": {"api", "database_user"},
    "ToolsRole": {"tools", "database_user"},
    "TaskStartRole": {"task_start"},
}

# The template itself


# Rules of AWS' own, cfn-lint's and those of cfn-lint-serverless, that do not fit, and why.
NOT_OURS = {
    "I4010": "would have the reasons that the comments give written a second time, as metadata",
    "WS1000": "traces are a guest that everybody has to ask in: docs/operations.md",
    "WS1004": "looks for log groups by a name; ours are named by LoggingConfig, and another test holds them",
    "ES6000": "a queue that nobody reads by itself has nothing that could fail",
}


@pytest.mark.parametrize(("made", "found"), [(template, set(NOT_OURS)), (build.artifacts, {"I4010"})])
def test_the_linter_finds_nothing_else(made: Callable[[], build.Template], found: set[str]) -> None:
    how = ManualArgs(
        include_checks=["I"],
        include_experimental=True,
        append_rules=["cfn_lint_serverless.rules"],
        regions=[REGION],
    )
    assert {each.rule.id for each in lint(json.dumps(made()), config=how)} == found


def test_the_linter_would_find_something() -> None:
    wrong = build.artifacts()
    wrong["Resources"]["Zips"]["Properties"]["BucketEncrypted"] = True
    assert [each.rule.id for each in lint(json.dumps(wrong), config=ManualArgs(regions=[REGION]))] == ["E3002"]


def test_every_policy_is_in_use() -> None:
    assert {path.stem for path in POLICIES.glob("*.json")} == set().union(*ROLES.values())
    assert {name for name, each in template()["Resources"].items() if each["Type"] == "AWS::IAM::Role"} == set(ROLES)


# Who may do what, as IAM would decide

Statement = dict[str, Any]


@pytest.fixture
def roles(deployed: dict[str, str], aws: Aws) -> dict[str, list[Statement]]:  # noqa: ARG001
    """The statements of each role, with the addresses of what was made."""
    iam, found = aws("iam"), {}
    pages = aws("cloudformation").get_paginator("list_stack_resources").paginate(StackName=SHARED)
    made = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
    }
    for role in ROLES:
        names = iam.list_role_policies(RoleName=made[role])["PolicyNames"]
        policies = [iam.get_role_policy(RoleName=made[role], PolicyName=name)["PolicyDocument"] for name in names]
        # moto hands out what its CloudFormation gave it: as Python writes it.
        found[role] = [each for policy in policies for each in ast.literal_eval(policy)["Statement"]]
    return found


def may(statements: list[Statement], action: str, resource: str) -> bool:
    """IAM User Guide, "Policy evaluation logic", as far as our policies go: there is no Deny and no condition."""
    assert all(set(each) == {"Sid", "Effect", "Action", "Resource"} for each in statements)
    return any(
        each["Effect"] == "Allow"
        and any(fnmatchcase(action.lower(), one.lower()) for one in each["Action"])
        and fnmatchcase(resource, each["Resource"])
        for each in statements
    )


@pytest.fixture
def arns(deployed: dict[str, str], aws: Aws) -> dict[str, str]:
    """What the placeholders of the policies stand for; of the log, each part's own."""
    table = aws("dynamodb").describe_table(TableName=deployed["TableName"])["Table"]
    queue = aws("sqs").get_queue_attributes(QueueUrl=deployed["FailedRecords"], AttributeNames=["QueueArn"])
    return {
        "TableArn": table["TableArn"],
        "StreamArn": table["LatestStreamArn"],
        "FailedRecordsArn": queue["Attributes"]["QueueArn"],
        "DatabaseUserArn": f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:{DATABASE_ID}/cruddur_api",
        "RepositoryArn": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{SHARED}",
        "OwnerSecretArn": OF_DATABASE["MasterUserSecret.SecretArn"],
    }


LOG_OF = {
    "StreamFunctionRole": "StreamFunctionLog",
    "SignUpFunctionRole": "SignUpFunctionLog",
    "TaskStartRole": "ApiLog",
    "ApiRole": "ApiLog",
    "ToolsRole": "ApiLog",
}


def wanted(role: str, arns: dict[str, str], deployed: dict[str, str]) -> set[tuple[str, str]]:
    """Each action on each thing that the policies of a role name."""
    places = {**arns, "LogGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{deployed[LOG_OF[role]]}"}
    found = set()
    for policy in ROLES[role]:
        text = (POLICIES / f"{policy}.json").read_text()
        for name, arn in places.items():
            text = text.replace(f"${{{name}}}", arn)
        for statement in json.loads(text)["Statement"]:
            found |= {(action, statement["Resource"]) for action in statement["Action"]}
    return found


@pytest.mark.parametrize("role", ROLES)
def test_every_statement_allows_what_it_is_there_for(
    role: str, roles: dict[str, list[Statement]], arns: dict[str, str], deployed: dict[str, str]
) -> None:
    """What the code asks for is held to the policies by tests/integration/packaging/test_policies.py."""
    asked = wanted(role, arns, deployed)
    assert asked
    for action, resource in asked:
        stream = f"{resource}:log-stream:one" if resource.startswith("arn:aws:logs") else resource
        assert may(roles[role], action, stream) or may(roles[role], action, resource), (action, resource)
    allowed = {(action, each["Resource"]) for each in roles[role] for action in each["Action"]}
    assert {action for action, _ in allowed} == {action for action, _ in asked}
    assert len(allowed) == len(asked)


def all_actions(service: str, prefix: str) -> set[str]:
    return {f"{prefix}:{name}" for name in Session().get_service_model(service).operation_names}


@pytest.mark.parametrize("role", ROLES)
def test_no_role_may_do_anything_else_to_the_table_or_to_another(
    role: str, roles: dict[str, list[Statement]], arns: dict[str, str], deployed: dict[str, str]
) -> None:
    asked = wanted(role, arns, deployed)
    table = arns["TableArn"]
    others = [table.replace(SHARED, "another"), f"{table}/index/another", f"{table}-2"]
    things = [table, f"{table}/index/inbox-index", f"{table}/backup/1", arns["StreamArn"], *others]
    for action in all_actions("dynamodb", "dynamodb") | all_actions("dynamodbstreams", "dynamodb"):
        for thing in things:
            assert may(roles[role], action, thing) == ((action, thing) in asked), (action, thing)


def test_only_what_starts_a_task_reads_the_password_of_the_owner(
    roles: dict[str, list[Statement]], arns: dict[str, str]
) -> None:
    readers = [role for role in ROLES if may(roles[role], "secretsmanager:GetSecretValue", arns["OwnerSecretArn"])]
    assert readers == ["TaskStartRole"]


def test_nobody_signs_in_to_postgres_as_its_owner(roles: dict[str, list[Statement]], arns: dict[str, str]) -> None:
    owner = arns["DatabaseUserArn"].replace("cruddur_api", "cruddur_owner")
    assert not any(may(roles[role], "rds-db:connect", owner) for role in ROLES)
    signing = {role for role in ROLES if may(roles[role], "rds-db:connect", arns["DatabaseUserArn"])}
    assert signing == {"ApiRole", "ToolsRole", "SignUpFunctionRole"}


def test_nobody_may_touch_roles_or_keys(roles: dict[str, list[Statement]]) -> None:
    for statements in roles.values():
        for action in all_actions("iam", "iam") | all_actions("kms", "kms") | all_actions("s3", "s3"):
            assert not may(statements, action, "*")


# What runs on it


KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


@dataclass
class Trigger:
    """What moto's trigger has for the function: as moto waits for each, it is run afterwards."""

    task: Path
    address: str
    waiting: list[tuple[LambdaFunction, dict[str, Any]]] = field(default_factory=list)

    def take(self, function: LambdaFunction, event: dict[str, Any]) -> tuple[str, bool, str]:
        passing = [each for each in event["Records"] if passes(PATTERN, each)]
        self.waiting.append((function, {"Records": passing}))
        return "{}", False, ""

    def run(self) -> list[Any]:
        """The zip, with what the template gives the function."""
        function, _ = self.waiting[0]
        settings = {**function.environment_vars, **KEYS, "AWS_ENDPOINT_URL": self.address}
        events = [event for _, event in self.waiting]
        ran = zips.run(
            self.task, str(function.handler), events, int(function.memory_size), function.timeout, **settings
        )
        return ran.answers


@pytest.fixture
def trigger(packed: dict[str, Path], moto_address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Trigger:
    made = Trigger(zips.unpack(packed["cruddur_messaging_stream"], tmp_path / "task"), moto_address)

    def invoke(function: LambdaFunction, event: dict[str, Any]) -> tuple[str, bool, str]:
        return made.take(function, event)

    monkeypatch.setattr(LambdaFunction, "_invoke_lambda", invoke)
    return made


def test_the_api_and_the_stream_function_run_on_the_table_that_the_template_makes(
    arena: Arena, deployed: dict[str, str], trigger: Trigger
) -> None:
    settings: Any = {**KEYS, "AWS_ENDPOINT_URL": trigger.address, "DDB_MESSAGE_TABLE": deployed["TableName"]}
    with arena.api(**settings) as api:
        londo, gkar = api.person("londo"), api.person("gkar")
        group = londo.send("first", to=gkar)["message_group_uuid"]
        londo.send("second", group=group)
        page = gkar.get(f"/api/messages/{group}").json or []
        assert [each["message"] for each in page] == ["second", "first"]
        assert [each["message"] for each in gkar.get("/api/message_groups").json or []] == ["first"]
        assert all(answer == {"batchItemFailures": []} for answer in trigger.run())
        [row] = gkar.get("/api/message_groups").json or []
        assert (row["message"], row["unread_count"]) == ("second", 2)
