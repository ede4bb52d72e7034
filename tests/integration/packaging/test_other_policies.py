"""The policies of what is neither a route nor the stream function: scripts, and what AWS does in our name."""

from __future__ import annotations

import json
import re

import pytest

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_verify import repair
from tests.damaged_rows import Town, put
from tests.integration.packaging.test_policies import POLICIES, WRITES_LOGS, allowed, listen
from tests.messages_table import a_person, row_of

PLACEHOLDERS = {
    *("TableArn", "StreamArn", "LogGroupArn", "FailedRecordsArn"),
    *("DatabaseUserArn", "RepositoryArn", "OwnerSecretArn"),
}
# To be in a VPC (AWS Managed Policy Reference, "AWSLambdaVPCAccessExecutionRole"). AWS allows no smaller resource.
IN_A_VPC = {
    (f"ec2:{action}", "*")
    for action in (
        "AssignPrivateIpAddresses",
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "UnassignPrivateIpAddresses",
    )
}
# "AmazonECSTaskExecutionRolePolicy", and "Pass Secrets Manager secrets through Amazon ECS environment variables".
TO_START_A_TASK = {
    ("ecr:GetAuthorizationToken", "*"),
    ("ecr:BatchCheckLayerAvailability", "${RepositoryArn}"),
    ("ecr:BatchGetImage", "${RepositoryArn}"),
    ("ecr:GetDownloadUrlForLayer", "${RepositoryArn}"),
    ("secretsmanager:GetSecretValue", "${OwnerSecretArn}"),
} | WRITES_LOGS
# RDS User Guide, "Creating and using an IAM policy for IAM database access".
SIGNS_IN = {("rds-db:connect", "${DatabaseUserArn}")}


def test_bin_ddb_verify_may_do_what_it_does_and_nothing_else(table: MessageTable) -> None:
    town, used = Town(table, 2), set[tuple[str, str]]()
    row = row_of(table, *town.rows[0])
    row_of_another = row_of(table, *town.rows[-1])
    assert row
    assert row_of_another
    table.client.delete_item(TableName=table.name, Key={name: row[name] for name in ("pk", "sk")})
    put(table, row | {"pk": {"S": f"GRP#{a_person().uuid}"}, "sk": row_of_another["sk"]})
    listen(table.client, used)
    for difference in list(town.differences()):
        repair(table, difference)
    assert used == allowed("tools")


def test_what_aws_does_in_our_name_is_what_aws_says() -> None:
    assert allowed("task_start") == TO_START_A_TASK
    assert allowed("database_user") == SIGNS_IN
    assert allowed("post_confirmation") == SIGNS_IN | WRITES_LOGS | IN_A_VPC


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_names_each_thing(name: str) -> None:
    statements = json.loads(POLICIES[name])["Statement"]
    assert [set(each) for each in statements] == [{"Sid", "Effect", "Action", "Resource"}] * len(statements)
    assert not any("*" in action for action, _ in allowed(name))
    everywhere = {(action, resource) for action, resource in allowed(name) if "*" in resource}
    assert everywhere <= IN_A_VPC | TO_START_A_TASK
    assert set(re.findall(r"\$\{(\w+)\}", POLICIES[name])) <= PLACEHOLDERS


def test_there_is_a_policy_for_each_part() -> None:
    assert set(POLICIES) == {"api", "database_user", "messaging_stream", "post_confirmation", "task_start", "tools"}
