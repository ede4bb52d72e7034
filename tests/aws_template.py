"""Our template as it would be deployed, with zips that are nowhere."""

from __future__ import annotations

from cli.aws import build


def template() -> build.Template:
    return build.build({name: {"S3Bucket": "zips", "S3Key": f"{name}.zip"} for name in build.functions()})
