"""Who may call whom on AWS, and what becomes of what is logged there."""

from __future__ import annotations

from tests.aws_template import RESOURCES, all_of, of

# Who may call whom


def test_only_the_load_balancer_is_open_to_the_world() -> None:
    open_ones = [name for name, each in RESOURCES.items() if "CidrIp" in str(each) and "Ingress" in str(each)]
    assert open_ones == ["BalancerGroup"]
    sources = {name: each["SourceSecurityGroupId"]["Ref"] for name, each in all_of("EC2::SecurityGroupIngress").items()}
    assert sources == {
        "ApiFromBalancer": "BalancerGroup",
        "DatabaseFromApi": "ApiGroup",
        "DatabaseFromFunction": "SignUpFunctionGroup",
    }


def test_without_a_domain_only_cloudfront_may_call() -> None:
    [_, with_domain, without] = of("BalancerGroup")["SecurityGroupIngress"]["Fn::If"]
    assert {each["FromPort"] for each in with_domain} == {80, 443}
    assert [each["SourcePrefixListId"] for each in without] == [{"Ref": "CloudFrontAddresses"}]


def test_every_group_says_whom_it_calls() -> None:
    assert all(each["SecurityGroupEgress"] for each in all_of("EC2::SecurityGroup").values())


def test_the_database_is_private() -> None:
    database = of("Database")
    assert database["PubliclyAccessible"] is False
    assert database["StorageEncrypted"] is True
    assert {subnet["Ref"] for subnet in of("DatabaseSubnets")["SubnetIds"]} == {"PrivateSubnetA", "PrivateSubnetB"}


# Logs


def test_every_log_is_kept_for_a_while_and_no_longer() -> None:
    for properties in all_of("Logs::LogGroup").values():
        assert properties["RetentionInDays"] == {"Fn::FindInMap": ["Sizes", {"Ref": "Size"}, "LogDays"]}


def test_everything_that_runs_logs_to_a_group_of_ours() -> None:
    groups = set(all_of("Logs::LogGroup"))
    functions = {each["LoggingConfig"]["LogGroup"]["Ref"] for each in all_of("Lambda::Function").values()}
    tasks = {
        each["LogConfiguration"]["Options"]["awslogs-group"]["Ref"]
        for task in all_of("ECS::TaskDefinition").values()
        for each in task["ContainerDefinitions"]
    }
    assert functions | tasks == groups
    assert all(each["LoggingConfig"]["LogFormat"] == "JSON" for each in all_of("Lambda::Function").values())
