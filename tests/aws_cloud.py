"""moto's CloudFormation, and what it lacks for our template: types that it does not know stand in by their names alone,
but for the user pool, which is moto's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from moto.backends import get_backend
from moto.cloudformation import parsing
from moto.cloudformation.models import ChangeSet, Stack
from moto.core.common_models import CloudFormationModel
from moto.elbv2.models import FakeTargetGroup
from moto.rds.models import DBInstance

from cli.aws import build
from tests import aws_change_sets
from tests.aws_template import template

DATABASE_ID = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Attributes of an instance that moto has, but not in its CloudFormation.
OF_DATABASE = {
    "DbiResourceId": DATABASE_ID,
    "MasterUserSecret.SecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-1-AbCdEf",
}


class StandIn(CloudFormationModel):
    """Is there, and has any attribute."""

    kind = ""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.kind

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003
        return True

    def get_cfn_attribute(self, attr: str) -> str:
        return f"{self.physical_resource_id}.{attr}"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> Any:
        cognito = get_backend("cognito-idp")[account_id][region_name]
        return cls(cls.made(cloudformation_json.get("Properties", {}), cognito) or resource_name)

    @classmethod
    def update_from_cloudformation_json(cls, original_resource: Any, *_: Any, **__: Any) -> Any:
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, *_: Any, **__: Any) -> None:
        pass

    @classmethod
    def made(cls, properties: dict[str, Any], cognito: Any) -> str:  # noqa: ARG003
        """Makes the real thing, and gives its id."""
        return ""

    def is_created(self) -> bool:
        return True


class UserPool(StandIn):
    kind = "AWS::Cognito::UserPool"

    @classmethod
    def made(cls, properties: dict[str, Any], cognito: Any) -> str:
        return str(cognito.create_user_pool(properties["UserPoolName"], properties).id)


class UserPoolClient(StandIn):
    kind = "AWS::Cognito::UserPoolClient"

    @classmethod
    def made(cls, properties: dict[str, Any], cognito: Any) -> str:
        extended = {name: value for name, value in properties.items() if name not in {"UserPoolId", "GenerateSecret"}}
        return str(cognito.create_user_pool_client(properties["UserPoolId"], False, extended).id)


def _models() -> list[Any]:
    """What moto knows, and a stand-in for each type of our templates besides."""
    known: list[Any] = [*CloudFormationModel.__subclasses__(), UserPool, UserPoolClient]
    ours = [*template()["Resources"].values(), *build.artifacts()["Resources"].values()]
    missing = {each["Type"] for each in ours} - {model.cloudformation_type() for model in known}
    return [*known, *(type(name.rpartition(":")[2], (StandIn,), {"kind": name}) for name in sorted(missing))]


@contextmanager
def whole_cloudformation() -> Iterator[None]:
    """While it lasts, moto's CloudFormation makes all of our template."""
    has, get, clean = DBInstance.has_cfn_attr, DBInstance.get_cfn_attribute, parsing.clean_json
    models = _models()

    def clean_nested(value: Any, resources: Any) -> Any:
        """moto takes `${A.B.C}` for three things."""
        match value:
            case {"Fn::GetAtt": [resource, first, second]}:
                value = {"Fn::GetAtt": [resource, f"{first}.{second}"]}
        return clean(value, resources)

    def full_name(target_group: FakeTargetGroup, _: str) -> str:
        return target_group.arn.rpartition(":")[2]

    with (
        mock.patch.object(DBInstance, "has_cfn_attr", lambda attr: attr in OF_DATABASE or has(attr)),
        mock.patch.object(DBInstance, "get_cfn_attribute", lambda self, attr: OF_DATABASE.get(attr) or get(self, attr)),
        mock.patch.object(FakeTargetGroup, "get_cfn_attribute", full_name, create=True),
        mock.patch.object(ChangeSet, "apply", aws_change_sets.apply),
        mock.patch.object(ChangeSet, "diff", aws_change_sets.diff),
        mock.patch.object(parsing.ResourceMap, "delete", aws_change_sets.delete),
        mock.patch.object(Stack, "has_parameters", aws_change_sets.has_parameters),
        mock.patch.object(parsing, "clean_json", clean_nested),
        mock.patch.object(parsing, "get_model_list", return_value=models),
    ):
        parsing.get_model_map.cache_clear()
        parsing.get_name_type_map.cache_clear()
        yield
    parsing.get_model_map.cache_clear()
    parsing.get_name_type_map.cache_clear()
