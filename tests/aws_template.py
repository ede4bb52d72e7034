"""Our template as it would be deployed, with zips that are nowhere."""

from __future__ import annotations

from typing import Any

from cli.aws import build


def template() -> build.Template:
    return build.build({name: {"S3Bucket": "zips", "S3Key": f"{name}.zip"} for name in build.functions()})


TEMPLATE = template()
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]


def of(name: str) -> dict[str, Any]:
    properties: dict[str, Any] = RESOURCES[name]["Properties"]
    return properties


def all_of(kind: str) -> dict[str, dict[str, Any]]:
    return {name: each.get("Properties", {}) for name, each in RESOURCES.items() if each["Type"] == f"AWS::{kind}"}
