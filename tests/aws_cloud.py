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
from moto.core.common_models import CloudFormationModel
from moto.elbv2.models import FakeTargetGroup
from moto.rds.models import DBInstance

from cli.aws import build

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
    def cloudformation_type(cls) -> str:  # type: ignore[override]
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
    def create_from_cloudformation_json(cls, name: str, body: dict[str, Any], account: str, region: str, **_: Any) -> Any:
        return cls(cls.made(body.get("Properties", {}), get_backend("cognito-idp")[account][region]) or name)

    @classmethod
    def update_from_cloudformation_json(cls, original: Any, *_: Any) -> Any:
        return original

    @classmethod
    def delete_from_cloudformation_json(cls, *_: Any) -> None:
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


def _stand_ins() -> list[type[CloudFormationModel]]:
    known = [*CloudFormationModel.__subclasses__(), UserPool, UserPoolClient]
    missing = {each["Type"] for each in template()["Resources"].values()}
    missing -= {model.cloudformation_type() for model in known}
    return [*known, *(type(name.rpartition(":")[2], (StandIn,), {"kind": name}) for name in sorted(missing))]


def template() -> dict[str, Any]:
    """Ours, with zips that are nowhere."""
    return build.build({name: {"S3Bucket": "zips", "S3Key": f"{name}.zip"} for name in build.functions()})


@contextmanager
def whole_cloudformation() -> Iterator[None]:
    """While it lasts, moto's CloudFormation makes all of our template."""
    has, get, clean = DBInstance.has_cfn_attr, DBInstance.get_cfn_attribute, parsing.clean_json
    models = _stand_ins()

    def clean_nested(value: Any, resources: Any) -> Any:
        """moto takes `${A.B.C}` for three things."""
        match value:
            case {"Fn::GetAtt": [resource, first, second]}:
                value = {"Fn::GetAtt": [resource, f"{first}.{second}"]}
        return clean(value, resources)

    with (
        mock.patch.object(DBInstance, "has_cfn_attr", lambda attr: attr in OF_DATABASE or has(attr)),
        mock.patch.object(DBInstance, "get_cfn_attribute", lambda self, attr: OF_DATABASE.get(attr) or get(self, attr)),
        mock.patch.object(FakeTargetGroup, "get_cfn_attribute", lambda self, _: self.arn.rpartition(":")[2], create=True),
        mock.patch.object(parsing, "clean_json", clean_nested),
        mock.patch.object(parsing, "get_model_list", lambda: models),
    ):
        parsing.get_model_map.cache_clear()
        parsing.get_name_type_map.cache_clear()
        yield
    parsing.get_model_map.cache_clear()
    parsing.get_name_type_map.cache_clear()
