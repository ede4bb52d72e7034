"""The policies of aws/policies allow what the code asks of AWS, and nothing else.

Every route is driven, and every path of the stream function, and what their clients are told to call is written down.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import request

from backend_flask.lib import ddb, ddb_changes, ddb_members
from backend_flask.lib.ddb import INBOX_INDEX, MessageTable
from backend_flask.lib.ddb_items import GROUP_SK, Message, message_key
from lambdas.cruddur_messaging_stream.handler import apply
from tests.api import Api, Person, token_of
from tests.arena import Arena
from tests.messages_table import a_person, stored

ROOT = Path(__file__).resolve().parents[3]
POLICIES = {path.stem: path.read_text() for path in (ROOT / "aws" / "policies").glob("*.json")}
TABLE, INDEX, STREAM, LOGS = "${TableArn}", f"${{TableArn}}/index/{INBOX_INDEX}", "${StreamArn}", "${LogGroupArn}"
WRITES_LOGS = {("logs:CreateLogStream", LOGS), ("logs:PutLogEvents", LOGS)}

# What Lambda does in the function's name (AWS Managed Policy Reference, "AWSLambdaDynamoDBExecutionRole"). The template
# makes the log group, so nobody else has to.
BY_LAMBDA = {
    ("dynamodb:DescribeStream", STREAM),
    ("dynamodb:GetRecords", STREAM),
    ("dynamodb:GetShardIterator", STREAM),
    ("dynamodb:ListStreams", STREAM),
    # What was given up goes there ("Retain discarded batches for a DynamoDB event source in Lambda").
    ("sqs:SendMessage", "${FailedRecordsArn}"),
} | WRITES_LOGS

Allowed = set[tuple[str, str]]


def allowed(policy: str) -> Allowed:
    statements = json.loads(POLICIES[policy])["Statement"]
    assert all(statement["Effect"] == "Allow" for statement in statements)
    return {(action, statement["Resource"]) for statement in statements for action in statement["Action"]}


def listen(client: Any, used: Allowed) -> None:
    """Writes down each call that the client is asked for, as IAM sees it."""

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.auth_type == "none":
            # Cognito's GetUser is not signed: the access token authorizes it, and no policy is looked at.
            return
        operations = [model.name]
        if model.name == "TransactWriteItems":
            # Amazon DynamoDB Developer Guide, "Using IAM with DynamoDB transactions": those of the single operations.
            operations = [f"{kind}Item" for each in params["TransactItems"] for kind in each]
        used.update((f"dynamodb:{name}", INDEX if "IndexName" in params else TABLE) for name in operations)

    client.meta.events.register("provide-client-params", note)


@pytest.fixture
def api(arena: Arena) -> Iterator[Api]:
    with arena.api() as made:
        yield made


def drive(api: Api) -> None:
    """Asks for each route, and takes those that touch the messages table along all their paths."""
    londo, gkar = api.person("londo"), api.person("gkar")
    first = londo.send("hi", to=gkar)
    group = first["message_group_uuid"]
    londo.send("again", to=gkar, key="k1")
    last = londo.send("and again", group=group, key="k2")
    read = f"/api/message_groups/{group}/read"
    assert gkar.get("/api/message_groups").status_code == 200
    # The row of the second is not yet as far as this message.
    for message in (last, first):
        assert gkar.post(read, {"message_uuid": message["uuid"]}).status_code == 200
    drive_groups(londo, gkar, api.person("vir"))
    for path in (f"/api/messages/{group}", f"/api/messages/{group}?before={last['uuid']}", "/api/ready"):
        assert gkar.get(path).status_code == 200
    newcomer = Person(api, londo.user, token_of("nobody has seen this one"))
    assert newcomer.get("/api/message_groups").status_code == 503
    for rule in api.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            path = re.sub("<.*?>", group, str(rule))
            assert londo.request(method, path, json={"message": "x"}).status_code < 500, rule


def drive_groups(londo: Person, gkar: Person, vir: Person) -> None:
    """Those who are taken out, and those who block and are blocked, before there is a message and after."""
    group = londo.start(gkar, vir)["message_group_uuid"]
    answers = [londo.delete(f"/api/message_groups/{group}/members/{vir.at_handle}")]
    for who in (vir, gkar):
        answers.append(who.put(f"/api/blocks/{londo.at_handle}"))
        londo.send("can you hear me?", to=who)
        answers.append(who.delete(f"/api/blocks/{londo.at_handle}"))
    answers += [gkar.put(f"/api/blocks/{vir.at_handle}"), gkar.delete(f"/api/blocks/{vir.at_handle}")]
    assert [answer.status_code for answer in answers] == [200] * len(answers)


def test_the_api_may_do_what_its_routes_do_and_nothing_else(api: Api) -> None:
    used: Allowed = set()
    asked: set[tuple[str, str]] = set()
    api.app.before_request(lambda: asked.add((request.method, str(request.url_rule))))
    for client in (api.table.client, api.stores.cognito):
        listen(client, used)
    drive(api)
    assert used == allowed("api")
    rules = [(rule.methods or set(), str(rule)) for rule in api.app.url_map.iter_rules()]
    assert asked == {(method, rule) for methods, rule in rules for method in methods - {"HEAD", "OPTIONS"}}


def record(message: Message, event_name: str = "INSERT") -> dict[str, Any]:
    item = message.to_item()
    keys = {name: item[name] for name in ("pk", "sk")}
    return {"eventName": event_name, "dynamodb": {"Keys": keys, "NewImage": item, "SequenceNumber": "1"}}


def test_the_stream_function_may_do_what_its_paths_do_and_nothing_else(table: MessageTable) -> None:
    me, you = a_person(), a_person()
    group = table.create_direct_message(me, you, "one").message_group_uuid
    two, three = (table.create_message(me, group, text) for text in ("two", "three"))
    table.mark_read(me.uuid, group, three.message_uuid)
    lost = table.create_direct_message(a_person(), a_person(), "no group item")
    table.client.delete_item(TableName=table.name, Key=message_key(lost.message_group_uuid, GROUP_SK))
    everything, used = stored(table, group), set[tuple[str, str]]()
    listen(table.client, used)
    for messages in ([two], [two], [three], everything, [lost]):
        apply({"Records": [record(each) for each in messages]}, table)
    edited = table.edit_message(me.uuid, *two.place, "better")
    changed = record(edited, "MODIFY")
    grown = record(two, "MODIFY")
    grown["dynamodb"]["Keys"] = message_key(group, GROUP_SK)
    apply({"Records": [record(two, "REMOVE"), changed, grown, {}]}, table)
    assert used | BY_LAMBDA == allowed("messaging_stream")


def test_no_call_of_the_table_is_left_out(api: Api) -> None:
    """Each operation that the modules of the table know is one that the routes were driven to, or one of scripts."""
    used: Allowed = set()
    listen(api.table.client, used)
    drive(api)
    written = {
        node.func.attr.replace("_", "")
        for module in (ddb, ddb_members, ddb_changes)
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value) in {"self.client", "self.table.client"}
    }
    scripts = {"createtable", "deletetable", "updatetimetolive", "getwaiter"}
    # Both are parts of a transaction only.
    in_transactions = {"conditioncheckitem", "deleteitem"}
    driven = {action.partition(":")[2].lower() for action, _ in used}
    assert (written - scripts) | in_transactions == driven | {"transactwriteitems"}
