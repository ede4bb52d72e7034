"""A client that a generator makes of the served document alone, talking to the production server."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.api import Api, Person, eventually
from tests.arena import Arena
from tests.servers import api_server

NAME = "generated_cruddur_client"
# What else it would do is to format the code.
CONFIG: dict[str, list[str]] = {"post_hooks": []}


@pytest.fixture(scope="module")
def address(arena: Arena) -> Iterator[str]:
    with api_server(arena, workers=1) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def load(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """Imports a module of the client."""
    folder = tmp_path_factory.mktemp("client")
    with urllib.request.urlopen(f"{address}/api/openapi.json") as answer:  # noqa: S310  # our own server
        (folder / "openapi.json").write_bytes(answer.read())
    (folder / "config.json").write_text(json.dumps(CONFIG))
    generator = Path(sys.executable).with_name("openapi-python-client")
    options = ["--path", "openapi.json", "--config", "config.json", "--meta", "none", "--output-path", NAME]
    made = subprocess.run(
        [generator, "generate", "--fail-on-warning", *options], cwd=folder, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield lambda name: importlib.import_module(f"{NAME}.{name}")


@pytest.fixture
def sign_in(load: Callable[[str], Any], address: str) -> Iterator[Callable[[Person], Any]]:
    with ExitStack() as stack:
        client = load("client").AuthenticatedClient
        yield lambda person: stack.enter_context(client(base_url=address, token=person.token))


def test_every_module_of_the_client_can_be_imported(load: Callable[[str], Any], api: Api) -> None:
    package = importlib.import_module(NAME) if load("client") else None
    assert package
    names = [each.name for each in pkgutil.walk_packages(package.__path__, f"{NAME}.")]
    modules = [importlib.import_module(name) for name in names]
    calls = {each.__name__.rpartition(".")[2] for each in modules if hasattr(each, "sync_detailed")}
    assert calls == {rule.endpoint.partition(".")[2] for rule in api.app.url_map.iter_rules()}


def test_two_people_talk_through_the_client(load: Callable[[str], Any], sign_in: Any, api: Api) -> None:
    londo, gkar, models = api.person("londo"), api.person("gkar"), load("models")
    of_londo, of_gkar = sign_in(londo), sign_in(gkar)
    send, read = load("api.messages.create_message"), load("api.messages.list_messages")
    body = models.CreateMessageBody(message="hi", handle=gkar.user.handle)
    sent = [send.sync(client=of_londo, body=body, idempotency_key="k1") for _ in range(2)]
    assert sent[0] == sent[1]
    assert isinstance(sent[0], models.Message)
    group = str(sent[0].message_group_uuid)
    send.sync(client=of_gkar, body=models.CreateMessageBody(message="No.", message_group_uuid=group))
    answer = read.sync_detailed(group, client=of_londo, limit=1)
    assert [message.message for message in answer.parsed] == ["No."]
    assert 'rel="next"' in answer.headers["Link"]
    oldest_first = models.ListMessagesOrder.ASC
    both = read.sync(group, client=of_gkar, order=oldest_first)
    assert [(each.handle, each.message) for each in both] == [(londo.user.handle, "hi"), (gkar.user.handle, "No.")]


def test_three_people_talk_and_change_their_minds_through_the_client(
    load: Callable[[str], Any], sign_in: Any, api: Api
) -> None:
    londo, gkar, vir = (api.person(name) for name in ("londo", "gkar", "vir"))
    client, models = sign_in(londo), load("models")
    start, show = load("api.message_groups.start_message_group"), load("api.message_groups.show_message_group")
    change, add = load("api.message_groups.change_message_group"), load("api.message_groups.add_members")
    edit, delete = load("api.messages.edit_message"), load("api.messages.delete_message")
    handles = [gkar.user.handle, vir.user.handle]
    first = start.sync(client=client, body=models.StartMessageGroupBody(handles=handles, message="hi"))
    group, uuid = str(first.message_group_uuid), str(first.uuid)
    assert show.sync(group, client=client).title == "Londo, Gkar, Vir"
    changed = change.sync(group, client=client, body=models.ChangeMessageGroupBody(title="Three"))
    assert (changed.title, changed.ttl, changed.kind) == ("Three", None, "group")
    people = add.sync(group, client=client, body=models.AddMembersBody(handles=[api.person().user.handle])).members
    assert len(people) == 4
    edited = edit.sync(group, uuid, client=client, body=models.EditMessageBody(message="ho"), if_match='"0"')
    assert (edited.message, edited.rev, edited.deleted_at) == ("ho", 1, None)
    stale = delete.sync(group, uuid, client=client, if_match='"0"')
    assert (stale.status, stale.code) == (412, "message_changed")
    assert delete.sync(group, uuid, client=client).message == ""
    block, blocks = load("api.blocks.block_user"), load("api.blocks.list_blocks")
    assert block.sync(gkar.user.handle, client=client).success is True
    eventually(lambda: [each.handle for each in blocks.sync(client=client)], [gkar.user.handle])


def test_what_is_refused_arrives_as_what_it_is(load: Callable[[str], Any], sign_in: Any, api: Api) -> None:
    client, models, send = sign_in(api.person("londo")), load("models"), load("api.messages.create_message")
    blank = send.sync(client=client, body=models.CreateMessageBody(message=" ", handle=""))
    assert blank == ["message_blank", "user_reciever_handle_blank"]
    missing = load("api.users.show_user").sync("nobody-here", client=client)
    assert isinstance(missing, models.Problem)
    assert (missing.status, missing.code) == (404, "user_not_found")
