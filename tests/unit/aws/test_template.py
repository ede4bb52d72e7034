"""The template says what the code says: the table, the settings, the times, the trigger's rules."""

from __future__ import annotations

import argparse
import re
import runpy
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from backend_flask import settings
from backend_flask.lib import ddb
from backend_flask.services.live_stream import HEARTBEAT_SECONDS
from backend_flask.settings import Settings
from cli import function_zip
from cli.aws.change_set import PRECIOUS
from dev.trigger.__main__ import options
from lambdas.cruddur_post_confirmation import handler as sign_up
from tests.api_page import rows_of
from tests.aws_template import RESOURCES, TEMPLATE, all_of, of

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SIZES: dict[str, dict[str, Any]] = TEMPLATE["Mappings"]["Sizes"]
# RDS User Guide, "DB instance classes": those of the template.
GIB = {"db.t4g.small": 2, "db.m7g.large": 8}


def container(task: str, name: str) -> dict[str, Any]:
    [found] = [each for each in of(task)["ContainerDefinitions"] if each["Name"] == name]
    assert isinstance(found, dict)
    return found


# The table


def test_the_table_is_the_one_that_the_code_defines() -> None:
    table = of("MessageTable")
    wanted = ddb.definition("x")
    # CloudFormation takes it for granted that a stream which is described is wanted.
    wanted["StreamSpecification"].pop("StreamEnabled")
    assert {name: table[name] for name in wanted if name != "TableName"} == {
        name: value for name, value in wanted.items() if name != "TableName"
    }
    client = mock.Mock()
    ddb.MessageTable(client, "x", str).create()
    assert client.update_time_to_live.call_args.kwargs["TimeToLiveSpecification"] == table["TimeToLiveSpecification"]


def test_the_table_can_be_brought_back_and_not_be_lost() -> None:
    table = of("MessageTable")
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True
    assert table["SSESpecification"] == {"SSEEnabled": True}


def test_what_holds_data_outlives_its_stack() -> None:
    for name, each in RESOURCES.items():
        if each["Type"] in PRECIOUS:
            assert each["DeletionPolicy"] in {"RetainExceptOnCreate", "Snapshot"}, name
            assert each["UpdateReplacePolicy"] in {"Retain", "Snapshot"}, name
    assert of("Database")["DeletionProtection"] is True
    assert of("UserPool")["DeletionProtection"] == "ACTIVE"


# The stream


def test_the_trigger_has_the_rules_of_the_one_on_a_laptop() -> None:
    parser = argparse.ArgumentParser()
    options(parser)
    trigger, local = of("StreamTrigger"), parser.parse_args([])
    assert trigger["BatchSize"] == local.batch_size == 100
    assert trigger["MaximumRetryAttempts"] + 1 == local.max_attempts == 5
    assert trigger["StartingPosition"] == "TRIM_HORIZON"
    assert trigger["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert trigger["BisectBatchOnFunctionError"] is True
    assert trigger["DestinationConfig"] == {"OnFailure": {"Destination": {"Fn::GetAtt": ["FailedRecords", "Arn"]}}}
    assert all(size["BatchSeconds"] <= 1 for size in SIZES.values())
    assert 0 < trigger["MaximumRecordAgeInSeconds"] <= 43_200


def test_the_function_has_the_time_for_a_batch_of_big_groups() -> None:
    """docs/scale.md reckons with 26 seconds, and a batch may be late by as long as the queue keeps it hidden."""
    assert of("StreamFunction")["Timeout"] >= 60
    assert of("FailedRecords")["VisibilityTimeout"] >= of("StreamFunction")["Timeout"]


# The functions


@pytest.mark.parametrize("name", all_of("Lambda::Function"))
def test_a_function_runs_the_handler_that_is_in_its_zip(name: str) -> None:
    function = of(name)
    package = function["Code"]["S3Key"].removesuffix(".zip")
    assert function["Handler"] == f"lambdas.{package}.handler.handler"
    assert (ROOT / "lambdas" / package / "handler.py").is_file()
    assert function["Runtime"] == f"python{function_zip.PYTHON}"
    assert all(platform.endswith(function["Architectures"][0]) for platform in function_zip.PLATFORMS)


def test_functions_and_containers_run_one_python() -> None:
    assert f"FROM python:{function_zip.PYTHON}." in DOCKERFILE


def test_cognito_gets_its_answer_in_time() -> None:
    """Amazon Cognito Developer Guide, "Customizing user pool workflows with Lambda triggers": 5 seconds."""
    assert sign_up.SECONDS < of("SignUpFunction")["Timeout"] <= 5


def test_the_sign_up_function_finds_the_certificates_in_its_zip() -> None:
    text = str(of("SignUpFunction")["Environment"])
    assert "sslrootcert=/var/task/db/rds-ca.pem" in text
    assert "rds-ca.pem" in (ROOT / "lambdas/cruddur_post_confirmation/package.toml").read_text()


# The API


def environment(task: str, name: str) -> dict[str, Any]:
    return {each["Name"]: each["Value"] for each in container(task, name)["Environment"]}


@pytest.mark.parametrize(("task", "name"), [("ApiTask", "api"), ("ToolsTask", "tools")])
def test_a_task_has_the_settings_that_it_needs(task: str, name: str) -> None:
    given = environment(task, name)
    assert set(given) <= {field.upper() for field in Settings.__dataclass_fields__}
    in_force = settings.load({key: "2" if isinstance(value, dict) else str(value) for key, value in given.items()})
    assert in_force.db_sign_in == "iam"
    assert in_force.cruddur_env == "production"
    assert in_force.rate_limits == "on"


@pytest.mark.parametrize("task", ["ApiTask", "ToolsTask"])
def test_containers_can_write_nothing_and_may_nothing(task: str) -> None:
    for each in of(task)["ContainerDefinitions"]:
        assert each["ReadonlyRootFilesystem"] is True
        assert each["LinuxParameters"] == {"Capabilities": {"Drop": ["ALL"]}}
        assert not {"User", "Privileged"} & set(each)
        assert each["Image"] == {"Ref": "ApiImage"}


def test_nothing_serves_before_the_database_is_ready() -> None:
    assert container("ApiTask", "api")["DependsOn"] == [{"ContainerName": "release", "Condition": "SUCCESS"}]
    release = container("ApiTask", "release")
    assert (ROOT / release["Command"][0]).is_file()
    assert release["Essential"] is False
    assert "PGPASSWORD" not in environment("ApiTask", "release")
    assert [each["Name"] for each in release["Secrets"]] == ["PGPASSWORD"]


def test_no_password_stands_in_the_template_and_the_api_has_none() -> None:
    assert "Secrets" not in container("ApiTask", "api")
    assert of("Database")["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in of("Database")
    assert of("Database")["EnableIAMDatabaseAuthentication"] is True


def test_postgres_is_known_by_its_certificate() -> None:
    for task, name in (("ApiTask", "api"), ("ApiTask", "release"), ("ToolsTask", "tools")):
        address = str(environment(task, name)["CONNECTION_URL"])
        assert "sslmode=verify-full&sslrootcert=/app/db/rds-ca.pem" in address
    assert "COPY db db" in DOCKERFILE
    assert re.search(r"^WORKDIR /app$", DOCKERFILE, re.M)


@pytest.fixture
def gunicorn(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    for name in environment("ApiTask", "api"):
        monkeypatch.setenv(name, "iam" if name == "DB_SIGN_IN" else "2")
    monkeypatch.delenv("CRUDDUR_ENV", raising=False)
    return runpy.run_path(str(ROOT / "backend_flask" / "gunicorn.conf.py"))


def attributes(name: str, kind: str) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in of(name)[kind]}


def test_a_task_that_stops_has_the_time_to_drain(gunicorn: dict[str, Any]) -> None:
    assert container("ApiTask", "api")["StopTimeout"] > gunicorn["graceful_timeout"]
    delay = int(attributes("ApiTargets", "TargetGroupAttributes")["deregistration_delay.timeout_seconds"])
    assert delay >= gunicorn["graceful_timeout"]


def test_the_load_balancer_is_the_first_to_close_an_idle_connection(gunicorn: dict[str, Any]) -> None:
    idle = int(attributes("LoadBalancer", "LoadBalancerAttributes")["idle_timeout.timeout_seconds"])
    assert 2 * HEARTBEAT_SECONDS <= idle < gunicorn["keepalive"]
    assert of("CloudFront")["DistributionConfig"]["Origins"][0]["CustomOriginConfig"]["OriginReadTimeout"] >= idle


def test_a_task_has_a_descriptor_for_every_stream() -> None:
    [limit] = container("ApiTask", "api")["Ulimits"]
    most = max(size["Workers"] for size in SIZES.values()) * Settings.__dataclass_fields__["live_streams"].default
    assert limit["SoftLimit"] > 2 * most


def test_everybody_asks_the_same_whether_it_lives() -> None:
    [check] = re.findall(r"HEALTHCHECK .*\\\n +CMD (\[.*\])", DOCKERFILE)
    path = of("ApiTargets")["HealthCheckPath"]
    assert path in check
    assert path in container("ApiTask", "api")["HealthCheck"]["Command"][-1]


def test_everybody_means_the_same_port() -> None:
    [port] = re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.M)
    assert [each["ContainerPort"] for each in container("ApiTask", "api")["PortMappings"]] == [int(port)]
    assert of("ApiTargets")["Port"] == int(port)
    assert of("ApiService")["LoadBalancers"][0]["ContainerPort"] == int(port)
    assert of("ApiFromBalancer")["FromPort"] == of("ApiFromBalancer")["ToPort"] == int(port)


def test_the_stream_function_comes_before_an_api_that_writes_something_new() -> None:
    assert {"StreamFunction", "StreamTrigger"} <= set(RESOURCES["ApiService"]["DependsOn"])


def test_a_deployment_never_has_fewer_tasks_and_goes_back_by_itself() -> None:
    how = of("ApiService")["DeploymentConfiguration"]
    assert how["MinimumHealthyPercent"] == 100
    assert how["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert all(size["MinTasks"] >= 2 for size in SIZES.values())


# Postgres


@pytest.mark.parametrize("size", SIZES)
def test_the_database_has_a_connection_for_each_process_even_during_a_deployment(size: str) -> None:
    quotas = {row[0]: row[1] for row in rows_of((ROOT / "docs/scale.md").read_text(), "| quota | default | where")}
    bytes_each = int(quotas["bytes of the database for a Postgres connection"].replace(",", ""))
    given = SIZES[size]
    most = GIB[given["DatabaseClass"]] * 2**30 // bytes_each
    at_once = of("ApiService")["DeploymentConfiguration"]["MaximumPercent"] / 100 * given["MaxTasks"] * given["Workers"]
    # One more to listen on, and the release of each task.
    assert at_once * (given["Pool"] + 1) + 2 * given["MaxTasks"] <= most
    assert given["ManyConnections"] == pytest.approx(0.8 * most, rel=0.01)
    assert given["LittleStorageBytes"] == pytest.approx(0.2 * given["DatabaseStorage"] * 2**30, rel=0.01)


def test_postgres_is_the_version_of_the_laptop() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    assert re.search(rf"image: postgres:{of('Database')['EngineVersion']}\.", compose)
