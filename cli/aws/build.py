"""Makes the one template that is deployed of the files in aws/, and says what it is missing.

Two things in them are not CloudFormation's: where a policy belongs, `Fn::Sub` names a file of aws/policies, whose
placeholders it fills; and the `Code` of a function is the function's name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.script import ROOT

import yaml

FOLDER = ROOT / "aws"
PARTS = ("network.yaml", "alarms.yaml")
# Functions that are written as `!Ref x` and are no `Fn::`.
_WITHOUT_PREFIX = {"Ref", "Condition"}

Template = dict[str, Any]
# Where the zip of a function lies, by the function's name: {"S3Bucket": ..., "S3Key": ...}
Code = Mapping[str, Mapping[str, str]]


class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short forms: `!GetAtt A.B` becomes `{"Fn::GetAtt": ["A", "B"]}`."""


def _short_form(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if name == "GetAtt":
        value = value.split(".", 1)
    return {name if name in _WITHOUT_PREFIX else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _short_form)


def read(path: Path) -> Template:
    loaded: Template = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506  # it is a SafeLoader
    return loaded


def artifacts() -> Template:
    """The template of the stack that holds what is deployed."""
    return read(FOLDER / "artifacts.yaml")


def build(code: Code) -> Template:
    """The whole template. Raises KeyError if a function's zip is missing in `code`."""
    template = read(FOLDER / "template.yaml")
    for part in PARTS:
        template["Resources"] |= read(FOLDER / part)["Resources"]
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = dict(code[resource["Properties"]["Code"]])
    built: Template = _with_policies(template)
    return built


def functions() -> list[str]:
    """The names of the functions that the template runs."""
    resources = read(FOLDER / "template.yaml")["Resources"].values()
    return sorted(each["Properties"]["Code"] for each in resources if each["Type"] == "AWS::Lambda::Function")


def _with_policies(value: Any) -> Any:
    """The same, each policy by its text instead of its file."""
    if isinstance(value, list):
        return [_with_policies(each) for each in value]
    if not isinstance(value, dict):
        return value
    match value.get("Fn::Sub"):
        case [str(file), dict(variables)] if file.startswith("policies/"):
            document = json.loads((FOLDER / file).read_text(encoding="utf-8"))
            return _filled(document, _with_policies(variables))
    return {name: _with_policies(each) for name, each in value.items()}


def _filled(value: Any, variables: dict[str, Any]) -> Any:
    """The same, with `${Name}` filled in: alone it becomes the variable, within a text Fn::Sub does it."""
    if isinstance(value, list):
        return [_filled(each, variables) for each in value]
    if isinstance(value, dict):
        return {name: _filled(each, variables) for name, each in value.items()}
    if not isinstance(value, str) or "${" not in value:
        return value
    used = {name: each for name, each in variables.items() if f"${{{name}}}" in value}
    return next((each for name, each in used.items() if value == f"${{{name}}}"), {"Fn::Sub": [value, used]})
