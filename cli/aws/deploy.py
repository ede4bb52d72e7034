"""From this checkout to what runs: the steps of bin/aws/deploy, and of bin/aws/diff as far as they change nothing."""

from __future__ import annotations

from cli.script import ArgumentParser, Arguments, ScriptError, confirm

from botocore.exceptions import ClientError

from cli.aws import artifacts, build, change_set
from cli.aws.change_set import ChangeSet
from cli.aws.cloud import Cloud

# What may be said on the command line, by the parameter of the template that it becomes.
WISHES = {
    "Size": ("--size", "small or production"),
    "AlarmEmail": ("--email", "who hears of alarms and of the budget; needed the first time"),
    "FrontendUrl": ("--frontend", "origin of the front end, such as https://cruddur.example.com"),
    "DomainName": ("--domain", "name of the API, such as api.example.com"),
    "HostedZoneId": ("--zone", "Route 53 zone of the domain"),
    "CertificateArn": ("--certificate", "certificate of the domain, if its zone is not in Route 53"),
    "MonthlyBudget": ("--budget", "USD a month"),
}
CLOUDFRONT = "com.amazonaws.global.cloudfront.origin-facing"


def add_wishes(parser: ArgumentParser) -> None:
    for parameter, (option, meaning) in WISHES.items():
        parser.add_argument(option, dest=parameter, help=f"{meaning}; what is not said stays as it is")


def wished(args: Arguments) -> dict[str, str]:
    given = {parameter: getattr(args, parameter) for parameter in WISHES}
    return {parameter: value for parameter, value in given.items() if value is not None}


def deploy(cloud: Cloud, wishes: dict[str, str], image: str | None, *, yes: bool) -> None:
    """Each step may be done again. Prints what it does; raises ScriptError, and then what ran goes on running."""
    before = cloud.stack()
    if before is None:
        _look_before_the_first_time(cloud, wishes)
        _let_ecs_act(cloud)
    print(f"{cloud.name} in {cloud.region}, account {cloud.account}")
    artifacts.fetch_certificates(cloud.region)
    packed = artifacts.zips()
    _ready_artifacts(cloud)
    places = cloud.outputs(cloud.artifacts)
    code = artifacts.code_of(places["Zips"], packed)
    artifacts.upload(cloud, packed, code)
    wishes = {**wishes, "ApiImage": image or artifacts.push_image(cloud, places["Images"])}
    template = build.build(code)
    address = artifacts.upload_template(cloud, places["Zips"], template)
    proposed = propose(cloud, template, address, wishes)
    if proposed is None:
        print("nothing has changed")
        return
    print(proposed.shown())
    _ask(proposed, yes=yes)
    proposed.execute()
    print("\n".join(f"{name}={value}" for name, value in cloud.outputs().items()))


def propose(cloud: Cloud, template: build.Template, address: str | None, wishes: dict[str, str]) -> ChangeSet | None:
    """The change to what runs. What nobody wishes stays as it is, or is the template's default the first time."""
    found = cloud.stack()
    there = {each["ParameterKey"] for each in (found or {}).get("Parameters", [])}
    wishes = {"CloudFrontAddresses": cloudfront_addresses(cloud), **wishes}
    kept = frozenset(template["Parameters"]) & there - set(wishes)
    return change_set.propose(cloud, cloud.name, address or template, wishes, kept)


def cloudfront_addresses(cloud: Cloud) -> str:
    """The prefix list that AWS keeps of CloudFront's addresses: another one in each region."""
    answer = cloud.client("ec2").describe_managed_prefix_lists(
        Filters=[{"Name": "prefix-list-name", "Values": [CLOUDFRONT]}]
    )
    if not answer["PrefixLists"]:
        raise ScriptError(f"{cloud.region} has no list of CloudFront's addresses. Take another region")
    return str(answer["PrefixLists"][0]["PrefixListId"])


def _look_before_the_first_time(cloud: Cloud, wishes: dict[str, str]) -> None:
    if "AlarmEmail" not in wishes:
        raise ScriptError("who is to hear of alarms? Give --email the first time")
    table = f"{cloud.name}-messages"
    dynamodb = cloud.client("dynamodb")
    if table in [name for page in dynamodb.get_paginator("list_tables").paginate() for name in page["TableNames"]]:
        raise ScriptError(
            f"{table} is there already, of an earlier deployment. See docs/deploy.md, or give another --name"
        )


def _let_ecs_act(cloud: Cloud) -> None:
    """In an account that never had ECS, its own role comes with the first cluster, and too late for the first service
    (Amazon ECS Developer Guide, "Using service-linked roles for Amazon ECS").
    """
    try:
        cloud.client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    except ClientError as error:
        # It is there: AWS says the one, moto the other.
        if error.response["Error"]["Code"] not in {"InvalidInput", "EntityAlreadyExists"}:
            raise


def _ready_artifacts(cloud: Cloud) -> None:
    proposed = change_set.propose(cloud, cloud.artifacts, build.artifacts(), {"Repository": cloud.name})
    if proposed:
        print(proposed.shown())
        proposed.execute()


def _ask(proposed: ChangeSet, *, yes: bool) -> None:
    lost = proposed.lost()
    if yes and not lost:
        return
    consequence = f"This changes {proposed.stack} in {proposed.cloud.region} as shown above."
    if lost:
        consequence = f"THIS TAKES AWAY OR REPLACES {', '.join(lost)}, WITH ALL THAT PEOPLE HAVE IN IT. {consequence}"
    try:
        confirm(proposed.stack, consequence)
    except ScriptError:
        proposed.forget()
        raise
