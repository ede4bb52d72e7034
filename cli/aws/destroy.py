"""Takes a deployment away. What people have written and who they are stays, unless that is asked for by name too."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from backend_flask.lib.ddb import PATIENCE
from cli.aws.change_set import follow
from cli.aws.cloud import Cloud


def resources(cloud: Cloud) -> dict[str, str]:
    """The physical names of what the stack has, by their types; those that it has once."""
    if cloud.stack() is None:
        return {}
    pages = cloud.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=cloud.name)
    return {
        each["ResourceType"]: each["PhysicalResourceId"] for page in pages for each in page["StackResourceSummaries"]
    }


def destroy(cloud: Cloud, *, with_data: bool) -> list[str]:
    """What is left, as lines for a person. May be run again if it was cut short."""
    found = resources(cloud)
    _unprotect_database(cloud, found.get("AWS::RDS::DBInstance"))
    _delete_stack(cloud, cloud.name)
    left = _delete_data(cloud, found) if with_data else _what_stays(found)
    _empty_bucket(cloud)
    _delete_stack(cloud, cloud.artifacts)
    return left


def _what_stays(found: dict[str, str]) -> list[str]:
    kinds = {
        "AWS::DynamoDB::Table": "the table {}",
        "AWS::Cognito::UserPool": "the user pool {}",
        "AWS::RDS::DBInstance": "the last snapshot of {}",
    }
    return [text.format(found[kind]) for kind, text in kinds.items() if kind in found]


def _unprotect_database(cloud: Cloud, database: str | None) -> None:
    if database:
        rds = cloud.client("rds")
        rds.modify_db_instance(DBInstanceIdentifier=database, DeletionProtection=False, ApplyImmediately=True)


def _delete_data(cloud: Cloud, found: dict[str, str]) -> list[str]:
    table, pool = found.get("AWS::DynamoDB::Table", f"{cloud.name}-messages"), found.get("AWS::Cognito::UserPool")
    dynamodb, cognito = cloud.client("dynamodb"), cloud.client("cognito-idp")
    try:
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig=PATIENCE)
        dynamodb.delete_table(TableName=table)
    except dynamodb.exceptions.ResourceNotFoundException:
        pass
    if pool:
        cognito.update_user_pool(UserPoolId=pool, DeletionProtection="INACTIVE")
        cognito.delete_user_pool(UserPoolId=pool)
    return [text for text in _what_stays(found) if "snapshot" in text]


def _empty_bucket(cloud: Cloud) -> None:
    if cloud.stack(cloud.artifacts) is None:
        return
    s3, bucket = cloud.client("s3"), cloud.outputs(cloud.artifacts)["Zips"]
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            keys: list[Any] = [{"Key": each["Key"]} for each in page.get("Contents", [])]
            if keys:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise


def _delete_stack(cloud: Cloud, name: str) -> None:
    found = cloud.stack(name)
    if found is None:
        return
    print(f"deleting {name}")
    cloud.client("cloudformation").delete_stack(StackName=found["StackId"])
    follow(cloud, found["StackId"], set())
