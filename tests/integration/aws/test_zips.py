"""The zips as Lambda runs them, with sample events, within the memory and the time that the template gives them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

from backend_flask.lib.db import Database
from backend_flask.lib.ddb import MessageTable
from cli.release import release
from dev import dynamodb
from tests import zips
from tests.aws_template import template
from tests.messages_table import a_person, row_of
from tests.sign_ups import sign_up
from tests.stream_records import damaged, record

EVENTS = Path(__file__).resolve().parents[2] / "unit" / "lambdas" / "events.json"
RESOURCES = template()["Resources"]
# A Python that has just started and imported boto3, which Lambda does outside of the time for an event.
START_SECONDS = 10.0


def limits(name: str) -> dict[str, Any]:
    properties = RESOURCES[name]["Properties"]
    return {
        "handler": properties["Handler"],
        "memory_mb": properties["MemorySize"],
        "timeout": properties["Timeout"] + START_SECONDS,
    }


@pytest.fixture(scope="module")
def unpacked(packed: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: zips.unpack(path, tmp_path_factory.mktemp(name)) for name, path in packed.items()}


def test_a_full_batch_and_every_sample_fit_into_the_stream_function(
    unpacked: dict[str, Path], table: MessageTable, dynamodb_endpoint: str
) -> None:
    me, others = a_person(), [a_person() for _ in range(49)]
    first = table.create_message_group(me, others, "All of us", "first")
    sent = [table.create_message(me, first.message_group_uuid, "x" * 1024) for _ in range(99)]
    batch = {"Records": [record(each.to_item(), at) for at, each in enumerate(sent)] + [damaged()]}
    samples = [each["event"] for each in json.loads(EVENTS.read_text())]
    ran = zips.run(
        unpacked["cruddur_messaging_stream"],
        **limits("StreamFunction"),
        events=[batch, *samples],
        DDB_MESSAGE_TABLE=table.name,
        AWS_ENDPOINT_URL_DYNAMODB=dynamodb_endpoint,
        AWS_ACCESS_KEY_ID=dynamodb.ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY=dynamodb.SECRET_ACCESS_KEY,
    )
    assert len(ran.answers[0]["batchItemFailures"]) <= 1
    assert all(set(answer) == {"batchItemFailures"} for answer in ran.answers)
    row = row_of(table, others[-1].uuid, first.message_group_uuid)
    assert row
    assert row["last_message_uuid"]["S"] == sent[-1].message_uuid
    assert max(ran.seconds) < RESOURCES["StreamFunction"]["Properties"]["Timeout"] / 2
    assert ran.peak < RESOURCES["StreamFunction"]["Properties"]["MemorySize"] * zips.MB / 2


@pytest.fixture
def as_the_function(database_url: str) -> str:
    release(database_url)
    return make_conninfo(database_url, user="cruddur_api")


def test_sign_ups_fit_into_the_post_confirmation_function(
    unpacked: dict[str, Path], as_the_function: str, db: Database
) -> None:
    people = [sign_up(f"londo{number}") for number in range(3)]
    events = [*people, people[0], sign_up(source="ConfirmForgotPassword"), {}]
    ran = zips.run(
        unpacked["cruddur_post_confirmation"],
        **limits("SignUpFunction"),
        events=events,
        CONNECTION_URL=as_the_function,
    )
    assert ran.answers == events
    assert [row["handle"] for row in db.all("users/all")] == ["londo0", "londo1", "londo2"]
    assert max(ran.seconds) < 2
    assert ran.peak < RESOURCES["SignUpFunction"]["Properties"]["MemorySize"] * zips.MB / 2


def test_a_postgres_that_is_not_there_costs_less_than_cognito_waits(
    unpacked: dict[str, Path], closed_port: int
) -> None:
    begun = time.monotonic()
    ran = zips.run(
        unpacked["cruddur_post_confirmation"],
        **limits("SignUpFunction"),
        events=[sign_up("londo", sub="s1")],
        CONNECTION_URL=f"postgresql://cruddur_api@127.0.0.1:{closed_port}/cruddur",
    )
    assert ran.answers == [sign_up("londo", sub="s1")]
    assert max(ran.seconds) < RESOURCES["SignUpFunction"]["Properties"]["Timeout"] - 1
    assert time.monotonic() - begun < 20


def test_the_zips_hold_no_more_of_ours_than_they_need(unpacked: dict[str, Path]) -> None:
    for name, folder in unpacked.items():
        ours = {path.relative_to(folder).as_posix() for path in folder.glob("backend_flask/**/*.py")}
        assert not any(part in path for path in ours for part in ("routes", "settings", "app.py", "jwt")), name


def test_a_zip_stays_well_below_what_lambda_takes(packed: dict[str, Path]) -> None:
    """50 MB packed and 250 unpacked (AWS Lambda Developer Guide, "Lambda quotas")."""
    assert all(path.stat().st_size < 10 * zips.MB for path in packed.values())
