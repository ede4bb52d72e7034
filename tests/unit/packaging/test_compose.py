"""docker-compose.yml agrees with the settings, the Dockerfile and itself. Nothing here needs a container engine."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from backend_flask import settings
from backend_flask.settings import Settings
from dev import dynamodb
from dev.cognito import ids_file
from dev.stack import Ports, Stack

Service = dict[str, Any]
Services = dict[str, Service]

# Names that an image reads itself.
OF_IMAGES = {"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"}
NAMES = {name.upper() for name in Settings.__dataclass_fields__}


@pytest.fixture
def in_force(services: Services) -> Settings:
    return settings.load(services["backend"]["environment"])


def container_ports(service: Service) -> set[int]:
    return {int(published.rsplit(":", 1)[1]) for published in service.get("ports", [])}


def test_every_name_in_an_environment_is_a_setting(services: Services) -> None:
    given = {name for service in services.values() for name in service.get("environment", {})}
    assert given - OF_IMAGES <= NAMES
    assert given & OF_IMAGES == OF_IMAGES


def test_the_backend_has_all_settings_that_it_needs(in_force: Settings) -> None:
    assert in_force.is_local


def test_all_our_own_services_have_the_same_settings(services: Services) -> None:
    own = [services[name]["environment"] for name in ("backend", "bootstrap", "cognito", "trigger")]
    assert all(environment == own[0] for environment in own)


def test_every_address_is_that_of_a_service_and_a_port_that_it_serves(services: Services, in_force: Settings) -> None:
    addresses = [
        in_force.connection_url,
        in_force.aws_endpoint_url_dynamodb,
        in_force.aws_endpoint_url_dynamodb_streams,
        in_force.aws_endpoint_url_cognito_identity_provider,
        in_force.aws_cognito_jwks_url,
    ]
    for address in map(urlsplit, addresses):
        assert address.port in container_ports(services[str(address.hostname)])


def test_the_database_is_the_one_that_postgres_makes(services: Services, in_force: Settings) -> None:
    made, used = services["postgres"]["environment"], urlsplit(in_force.connection_url)
    assert (used.username, used.password) == (made["POSTGRES_USER"], made["POSTGRES_PASSWORD"])
    assert used.path == "/" + made["POSTGRES_DB"]


def test_the_key_set_is_that_of_the_pool(in_force: Settings) -> None:
    assert f"/{in_force.aws_cognito_user_pool_id}/" in in_force.aws_cognito_jwks_url


def test_the_pool_is_the_one_that_the_local_cognito_makes(root: Path, in_force: Settings, tmp_path: Path) -> None:
    ask = "import json, pathlib, dev.cognito as c; print(json.dumps(c.Pool(pathlib.Path('none')).ids))"
    environ = os.environ | {
        "PYTHONPATH": str(root),
        "MOTO_COGNITO_IDP_USER_POOL_ID_STRATEGY": "HASH",
        "MOTO_COGNITO_IDP_USER_POOL_CLIENT_ID_STRATEGY": "HASH",
    }
    ended = subprocess.run([sys.executable, "-c", ask], env=environ, cwd=tmp_path, capture_output=True, check=True)
    ids = json.loads(ended.stdout)
    assert ids["AWS_COGNITO_USER_POOL_ID"] == in_force.aws_cognito_user_pool_id
    assert ids["AWS_COGNITO_USER_POOL_CLIENT_ID"] == in_force.aws_cognito_user_pool_client_id


def test_the_keys_are_the_documented_examples(in_force: Settings) -> None:
    assert in_force.aws_access_key_id == dynamodb.ACCESS_KEY_ID
    assert in_force.aws_secret_access_key == dynamodb.SECRET_ACCESS_KEY


def test_the_api_is_published_where_its_address_says(services: Services, in_force: Settings) -> None:
    assert services["backend"]["ports"] == [f"127.0.0.1:{in_force.port}:{in_force.port}"]
    assert urlsplit(in_force.backend_url).port == in_force.port


def test_the_ports_are_those_of_bin_dev(services: Services) -> None:
    published = {name: service["ports"][0].split(":")[1] for name, service in services.items() if "ports" in service}
    assert {("api" if name == "backend" else name): int(port) for name, port in published.items()} == asdict(Ports())


def test_the_settings_are_those_of_bin_dev(services: Services, tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    ids = ids_file(tmp_path / "cognito" / "users.json")
    ids.parent.mkdir()
    ids.write_text('{"AWS_COGNITO_USER_POOL_ID": "x", "AWS_COGNITO_USER_POOL_CLIENT_ID": "y"}')
    left_at_their_defaults = {"DDB_MESSAGE_TABLE", "HOST", "PORT"}
    # The name of a container is none outside, where the browser is.
    only_between_containers = {"COGNITO_BROWSER_URL"}
    given = set(services["backend"]["environment"]) - only_between_containers
    assert set(stack.environment()) - left_at_their_defaults == given


def test_ports_are_open_to_this_machine_only(services: Services) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert len(published) == 4
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_images_are_pinned_by_an_exact_version(services: Services) -> None:
    for service in services.values():
        assert ("image" in service) != ("build" in service)
        assert re.search(r":\d+\.\d+[\w.-]*$", service.get("image", ":0.0"))


def test_what_is_built_is_a_stage_of_the_dockerfile(services: Services, stages: dict[str, Any]) -> None:
    targets = {service["build"]["target"] for service in services.values() if "build" in service}
    assert targets == {"backend", "dev", "dynamodb"}
    assert targets <= set(stages)


def test_every_service_is_checked_or_runs_once(services: Services, stages: dict[str, Any]) -> None:
    for name, service in services.items():
        own = stages.get(service.get("build", {}).get("target"))
        checked = "healthcheck" in service or (own is not None and bool(own.all("HEALTHCHECK")))
        assert checked or service.get("restart") == "no", name


def test_what_serves_starts_after_what_it_needs_is_ready(services: Services) -> None:
    needs = {
        name: {other: how["condition"] for other, how in service.get("depends_on", {}).items()}
        for name, service in services.items()
    }
    engines = {"postgres", "dynamodb", "cognito"}
    assert needs["bootstrap"] == dict.fromkeys(engines, "service_healthy")
    assert needs["backend"] == needs["trigger"] == {"bootstrap": "service_completed_successfully"}
    assert all("healthcheck" in services[name] for name in engines)


def test_nothing_runs_as_root_by_request(services: Services) -> None:
    for service in services.values():
        assert not {"user", "privileged", "cap_add"} & set(service)


def test_our_own_containers_can_write_nothing_but_their_volumes(services: Services) -> None:
    for name in ("backend", "bootstrap", "cognito", "trigger"):
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]


def test_a_fresh_volume_finds_a_folder_that_its_user_owns(services: Services, steps_of: Any) -> None:
    for name in ("dynamodb", "cognito", "trigger"):
        steps = steps_of(services[name]["build"]["target"])
        made = " ".join(
            text for instruction, text in steps if instruction == "RUN" and re.search("chown|--owner", text)
        )
        for volume in services[name]["volumes"]:
            assert volume.partition(":")[2].removeprefix("/app/") in made.split()


def test_every_volume_is_declared_and_used(compose: dict[str, Any], services: Services) -> None:
    used = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert used == set(compose["volumes"])


def test_the_engine_keeps_what_it_stores_on_its_volume(services: Services) -> None:
    engine = services["dynamodb"]
    command = engine["command"]
    assert "-sharedDb" in command
    assert "-inMemory" not in command
    folder = Path(engine["working_dir"]) / command[command.index("-dbPath") + 1]
    assert engine["volumes"] == [f"dynamodb:{folder}"]


def test_gunicorn_has_the_time_to_drain(root: Path, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in services["backend"]["environment"].items():
        monkeypatch.setenv(name, value)
    gunicorn = runpy.run_path(str(root / "backend_flask" / "gunicorn.conf.py"))
    assert int(services["backend"]["stop_grace_period"].removesuffix("s")) > gunicorn["graceful_timeout"]


@pytest.mark.parametrize(("age", "status"), [(0, 0), (60, 1)])
def test_the_trigger_is_ill_when_it_has_not_polled_for_long(
    services: Services, tmp_path: Path, age: int, status: int
) -> None:
    lock = tmp_path / ".dev" / "trigger" / "trigger.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    os.utime(lock, (time.time() - age, time.time() - age))
    _, python, *arguments = services["trigger"]["healthcheck"]["test"]
    assert python == "python"
    assert subprocess.run([sys.executable, *arguments], cwd=tmp_path, check=False).returncode == status
