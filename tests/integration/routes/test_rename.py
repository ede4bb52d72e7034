"""What changes with a person's new name, and what keeps the old one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.api import Api, Person, eventually


@pytest.fixture
def renamed(londo: Person, gkar: Person) -> Person:
    """Londo, who has sent one message to gkar as Londo and one as Emperor."""
    londo.send("before", to=gkar)
    answer = londo.request("PUT", "/api/profile/update", json={"display_name": "Emperor", "bio": None})
    assert answer.get_json() == {
        "uuid": londo.user.uuid, "handle": londo.user.handle, "display_name": "Emperor"
    }  # fmt: skip
    assert londo.send("after", to=gkar)["display_name"] == "Emperor"
    londo.api.stream(londo, gkar)
    return londo


def names_in_list(person: Person) -> list[str]:
    return [group["display_name"] for group in person.groups()]


def test_a_message_keeps_the_name_that_it_was_sent_under(renamed: Person, gkar: Person) -> None:
    for reader in (renamed, gkar):
        answer = reader.get(f"/api/messages/@{(gkar if reader is renamed else renamed).user.handle}")
        assert [(message["message"], message["display_name"]) for message in answer.get_json()] == [
            ("after", "Emperor"), ("before", "Londo"),
        ]  # fmt: skip


def test_a_handle_never_changes(renamed: Person, gkar: Person) -> None:
    answer = renamed.request(
        "PUT", "/api/profile/update", json={"display_name": "Emperor", "bio": None, "handle": "emperor"}
    )
    assert answer.get_json()["handle"] == renamed.user.handle
    assert {message["handle"] for message in gkar.get(f"/api/messages/@{renamed.user.handle}").get_json()} == {
        renamed.user.handle
    }


@pytest.mark.usefixtures("renamed")
def test_a_list_shows_the_name_that_the_other_person_last_wrote_under(gkar: Person) -> None:
    eventually(lambda: names_in_list(gkar), ["Emperor"])


def test_a_list_keeps_a_name_until_the_other_person_writes_again(renamed: Person, gkar: Person, api: Api) -> None:
    gkar.request("PUT", "/api/profile/update", json={"display_name": "Citizen"})
    renamed.send("again", to=gkar)
    api.stream(renamed, gkar)
    eventually(lambda: [group["message"] for group in renamed.groups()], ["again"])
    assert names_in_list(renamed) == ["Gkar"]
    gkar.send("mine", to=renamed)
    api.stream(renamed, gkar)
    eventually(lambda: names_in_list(renamed), ["Citizen"])


def test_a_message_group_that_is_started_afterwards_has_the_new_name(renamed: Person, api: Api) -> None:
    vir, delenn = api.person("vir"), api.person("delenn")
    renamed.send("hi", to=vir)
    delenn.send("hi", to=renamed)
    eventually(lambda: names_in_list(vir), ["Emperor"])
    eventually(lambda: names_in_list(delenn), ["Emperor"])


def test_a_rename_writes_nothing_to_the_table(londo: Person, gkar: Person) -> None:
    londo.send("hi", to=gkar)
    eventually(lambda: len(gkar.groups()), 1)
    before = gkar.groups(), londo.groups(), londo.get(f"/api/messages/@{gkar.user.handle}").get_json()
    assert londo.request("PUT", "/api/profile/update", json={"display_name": "Emperor"}).status_code == 200
    assert (gkar.groups(), londo.groups(), londo.get(f"/api/messages/@{gkar.user.handle}").get_json()) == before


def test_another_process_sends_under_the_old_name_for_a_minute_at_most(
    another_api: Callable[..., Api], londo: Person, gkar: Person
) -> None:
    """Of messages to a group: by handle, the names are looked up."""
    elsewhere = Person(another_api(), londo.user, londo.token)
    group = elsewhere.send("one", to=gkar)["message_group_uuid"]
    londo.request("PUT", "/api/profile/update", json={"display_name": "Emperor"})
    assert elsewhere.send("two", group=group)["display_name"] == "Londo"
    assert elsewhere.send("three", to=gkar)["display_name"] == "Emperor"
    elsewhere.api.stores.sign_in.forget(londo.user)
    assert elsewhere.send("four", group=group)["display_name"] == "Emperor"
