"""What a deployment would change, by a change set that nobody carries out."""

from __future__ import annotations

from cli.aws import artifacts, build
from cli.aws.change_set import HEADER
from cli.aws.cloud import Cloud
from cli.aws.deploy import propose
from cli.show import columns


def diff(cloud: Cloud, wishes: dict[str, str]) -> str:
    artifacts.fetch_certificates(cloud.region)
    packed = artifacts.zips()
    if cloud.stack() is None:
        resources = build.build(artifacts.code_of("none", packed))["Resources"]
        return columns(HEADER, [("add", name, each["Type"], "") for name, each in resources.items()])
    bucket = cloud.outputs(cloud.artifacts)["Zips"]
    template = build.build(artifacts.code_of(bucket, packed))
    proposed = propose(cloud, template, artifacts.upload_template(cloud, bucket, template), wishes)
    if proposed is None:
        return "nothing would change"
    proposed.forget()
    return proposed.shown()
