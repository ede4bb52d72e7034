"""A change of a stack: made, shown, carried out or taken back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.script import ScriptError

from botocore.exceptions import ClientError

from cli.aws.build import Template
from cli.aws.cloud import Cloud
from cli.show import columns, safe

POLL_SECONDS = 3.0
HEADER = ("change", "resource", "type", "replaced")
# They hold what people have written, or who they are.
PRECIOUS = {"AWS::DynamoDB::Table", "AWS::RDS::DBInstance", "AWS::Cognito::UserPool"}
_NOTHING = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class Change:
    action: str
    resource: str
    kind: str
    replaced: str

    @classmethod
    def of(cls, change: dict[str, Any]) -> Change:
        change = change["ResourceChange"]
        replaced = change.get("Replacement", "False")
        return cls(
            change["Action"],
            change["LogicalResourceId"],
            change["ResourceType"],
            {"True": "yes", "Conditional": "maybe"}.get(replaced, ""),
        )

    @property
    def loses_data(self) -> bool:
        return self.kind in PRECIOUS and (self.action == "Remove" or bool(self.replaced))


@dataclass(frozen=True)
class ChangeSet:
    cloud: Cloud
    stack: str
    name: str
    changes: list[Change]

    def shown(self) -> str:
        rows = [(each.action.lower(), each.resource, each.kind, each.replaced) for each in self.changes]
        return columns(HEADER, rows) if rows else "no resource changes, only what the stack says of itself"

    def lost(self) -> list[str]:
        return [each.resource for each in self.changes if each.loses_data]

    def forget(self) -> None:
        """The stack stays as it is; one that would have been made leaves nothing."""
        cloudformation = self.cloud.client("cloudformation")
        cloudformation.delete_change_set(StackName=self.stack, ChangeSetName=self.name)
        found = self.cloud.stack(self.stack)
        if found and found["StackStatus"] == "REVIEW_IN_PROGRESS":
            cloudformation.delete_stack(StackName=self.stack)

    def execute(self) -> None:
        """Prints what happens until it is over. Raises ScriptError with the first reason if it fails."""
        cloudformation = self.cloud.client("cloudformation")
        seen = {event["EventId"] for event in _events(self.cloud, self.stack)}
        cloudformation.execute_change_set(StackName=self.stack, ChangeSetName=self.name)
        follow(self.cloud, self.stack, seen)


def propose(
    cloud: Cloud,
    stack: str,
    template: Template | str,
    parameters: Mapping[str, str],
    previous: frozenset[str] = frozenset(),
) -> ChangeSet | None:
    """A change set for a template, or for the address of one. None if it would change nothing.

    `previous` are parameters that keep the value that they have.
    """
    cloudformation = cloud.client("cloudformation")
    found, name = cloud.stack(stack), f"deploy-{time.time_ns()}"
    if found and found["StackStatus"] in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}:
        raise ScriptError(f"{stack} could not be made ({found['StackStatus']}). Clear it away with bin/aws/destroy")
    is_new = found is None or found["StackStatus"] == "REVIEW_IN_PROGRESS"
    values = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    kept: list[dict[str, Any]] = [{"ParameterKey": key, "UsePreviousValue": True} for key in sorted(previous)]
    try:
        cloudformation.create_change_set(
            StackName=stack,
            ChangeSetName=name,
            ChangeSetType="CREATE" if is_new else "UPDATE",
            Parameters=[*values, *kept],
            Capabilities=["CAPABILITY_IAM"],
            Tags=[{"Key": "deployment", "Value": cloud.name}],
            **({"TemplateURL": template} if isinstance(template, str) else {"TemplateBody": json.dumps(template)}),
        )
    except ClientError as error:
        if _is_nothing(error.response["Error"]["Message"]):
            return None
        raise
    made = ChangeSet(cloud, stack, name, [])
    failed = _wait(made)
    if failed:
        made.forget()
        if _is_nothing(failed):
            return None
        raise ScriptError(f"AWS refuses the change of {stack}: {safe(failed)}")
    return made


def _wait(made: ChangeSet) -> str:
    """Until AWS has worked out the changes. Why it could not, or nothing."""
    cloudformation = made.cloud.client("cloudformation")
    while True:
        answer = cloudformation.describe_change_set(StackName=made.stack, ChangeSetName=made.name)
        if answer["Status"] in {"CREATE_COMPLETE", "FAILED"}:
            break
        time.sleep(POLL_SECONDS)
    if answer["Status"] == "FAILED":
        return str(answer.get("StatusReason", "no reason given"))
    made.changes.extend(map(Change.of, answer["Changes"]))
    while answer.get("NextToken"):
        answer = cloudformation.describe_change_set(
            StackName=made.stack, ChangeSetName=made.name, NextToken=answer["NextToken"]
        )
        made.changes.extend(map(Change.of, answer["Changes"]))
    return ""


def _is_nothing(reason: str) -> bool:
    return any(words in reason for words in _NOTHING)


def follow(cloud: Cloud, stack: str, seen: set[str]) -> None:
    """Prints the events of a stack until nothing happens any more, apart from those that were seen."""
    reasons: list[str] = []
    arn = _identity(cloud, stack)
    while True:
        status = _status(cloud, arn)
        for event in _events(cloud, arn):
            if event["EventId"] in seen:
                continue
            seen.add(event["EventId"])
            reason = safe(event.get("ResourceStatusReason", ""))
            if event["ResourceStatus"].endswith("_FAILED") and reason:
                reasons.append(f"{event['LogicalResourceId']}: {reason}")
            print(f"{event['Timestamp']:%H:%M:%S}  {event['ResourceStatus']:<30}{event['LogicalResourceId']}  {reason}")
        if not status.endswith("_IN_PROGRESS"):
            break
        time.sleep(POLL_SECONDS)
    if "ROLLBACK" in status or status.endswith("_FAILED"):
        raise ScriptError(f"{stack} ended as {status}. {reasons[0] if reasons else 'See its events'}")


def _identity(cloud: Cloud, stack: str) -> str:
    """By its name a stack that was deleted cannot be found any more."""
    found = cloud.stack(stack)
    return str(found["StackId"]) if found else stack


def _status(cloud: Cloud, arn: str) -> str:
    found = cloud.stack(arn)
    return str(found["StackStatus"]) if found else "DELETE_COMPLETE"


def _events(cloud: Cloud, stack: str) -> Iterator[dict[str, Any]]:
    """Oldest first; none if there is no stack yet."""
    if cloud.stack(stack) is None:
        return
    pages = cloud.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack)
    yield from reversed([event for page in pages for event in page["StackEvents"]])
