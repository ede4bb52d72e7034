"""One deployment on AWS: its name, its clients, and what its stack says of itself.

Credentials and region are found as every tool of AWS finds them: AWS_PROFILE, AWS_DEFAULT_REGION, single sign-on and
the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cli.script import ArgumentParser, Arguments, ScriptError

import boto3
from botocore.exceptions import ClientError

NAME = "cruddur"


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--name", default=NAME, help="the deployment, and so its stack (default: %(default)s)")
    parser.add_argument("--region", help="AWS region (default: that of the environment or the profile)")


@dataclass(frozen=True)
class Cloud:
    name: str
    region: str
    _session: Any = field(repr=False, compare=False)

    @classmethod
    def of(cls, args: Arguments) -> Cloud:
        """Raises ScriptError if nothing says which region."""
        session = boto3.session.Session(region_name=args.region)
        if not session.region_name:
            raise ScriptError("no AWS region. Give --region, or set AWS_DEFAULT_REGION")
        return cls(args.name, session.region_name, session)

    @property
    def artifacts(self) -> str:
        """The name of the stack that holds zips and images."""
        return f"{self.name}-artifacts"

    @cache  # noqa: B019  # one of each, as long as the script runs
    def client(self, service: str) -> Any:
        return self._session.client(service)

    @property
    def account(self) -> str:
        return str(self.client("sts").get_caller_identity()["Account"])

    def stack(self, name: str | None = None) -> dict[str, Any] | None:
        """What CloudFormation says of a stack, of the deployment's own if none is named; None if it is not there."""
        try:
            answer = self.client("cloudformation").describe_stacks(StackName=name or self.name)
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise
        found: dict[str, Any] = answer["Stacks"][0]
        return found

    def outputs(self, name: str | None = None) -> dict[str, str]:
        """Raises ScriptError if there is no such stack, or none that is whole."""
        found = self.stack(name)
        if found is None or not found.get("Outputs"):
            raise ScriptError(f"there is no deployment {self.name} in {self.region}. Make one with bin/aws/deploy")
        return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
