"""Every route, and what each kind of caller hears. A new route without a row here fails."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from werkzeug.test import TestResponse

from backend_flask.auth import needs_sign_in
from backend_flask.lib.metering import meter
from tests import cognito_stub
from tests.api import FRONTEND, Api, Person, code_of, token_of
from tests.arena import Arena
from tests.town import Town

# `former` was a member of the message group and is none any more. Of `gone` and `new` there is no row in `users`:
# Cognito does not stand by the one, and knows the other.
TABLE = """
| route                                                             | no token | bad   | gone  | new | stranger | former | member | other |
|-------------------------------------------------------------------|----------|-------|-------|-----|----------|--------|--------|-------|
| GET /api/health-check                                             | ok       | ok    | ok    | ok  | ok       | ok     | ok     | ok    |
| GET /api/ready                                                    | ok       | ok    | ok    | ok  | ok       | ok     | ok     | ok    |
| GET /api/openapi.json                                             | ok       | ok    | ok    | ok  | ok       | ok     | ok     | ok    |
| GET /api/docs                                                     | ok       | ok    | ok    | ok  | ok       | ok     | ok     | ok    |
| GET /api/message_groups                                           | 401 m    | 401 i | 401 r | ok  | ok       | ok     | ok     | ok    |
| POST /api/message_groups                                          | 401 m    | 401 i | 401 r | ok  | ok       | ok     | ok     | ok    |
| GET /api/message_groups/<message_group_uuid>                      | 401 m    | 401 i | 401 r | 404 | 404      | 404    | ok     | ok    |
| PATCH /api/message_groups/<message_group_uuid>                    | 401 m    | 401 i | 401 r | 404 | 404      | 404    | ok     | ok    |
| POST /api/message_groups/<message_group_uuid>/members             | 401 m    | 401 i | 401 r | 404 | 404      | 404    | ok     | ok    |
| DELETE /api/message_groups/<message_group_uuid>/members/@<handle> | 401 m    | 401 i | 401 r | 404 | 404      | 404    | ok     | 403 c |
| PUT /api/message_groups/<message_group_uuid>/mute                 | 401 m    | 401 i | 401 r | 404 | 404      | 404    | ok     | ok    |
| DELETE /api/message_groups/<message_group_uuid>/mute              | 401 m    | 401 i | 401 r | 404 | 404      | 404    | ok     | ok    |
| POST /api/message_groups/<message_group_uuid>/hide                | 401 m    | 401 i | 401 r | 404 | 404      | 404    | ok     | ok    |
| POST /api/message_groups/<message_group_uuid>/read                | 401 m    | 401 i | 401 r | 404 | 404      | 404    | ok     | ok    |
| GET /api/messages/<message_group_uuid>                            | 401 m    | 401 i | 401 r | 404 | 404      | 404    | ok     | ok    |
| GET /api/messages/stream                                          | 401 m    | 401 i | 401 r | ok  | ok       | ok     | ok     | ok    |
| POST /api/messages                                                | 401 m    | 401 i | 401 r | 404 | 404      | 404    | ok     | ok    |
| PATCH /api/messages/<message_group_uuid>/<message_uuid>           | 401 m    | 401 i | 401 r | 404 | 404      | 404    | ok     | 403 y |
| DELETE /api/messages/<message_group_uuid>/<message_uuid>          | 401 m    | 401 i | 401 r | 404 | 404      | 404    | ok     | 403 y |
| GET /api/blocks                                                   | 401 m    | 401 i | 401 r | ok  | ok       | ok     | ok     | ok    |
| PUT /api/blocks/@<handle>                                         | 401 m    | 401 i | 401 r | ok  | ok       | ok     | ok     | ok    |
| DELETE /api/blocks/@<handle>                                      | 401 m    | 401 i | 401 r | ok  | ok       | ok     | ok     | ok    |
| GET /api/users/@<handle>/short                                    | ok       | ok    | ok    | ok  | ok       | ok     | ok     | ok    |
| GET /api/users/me                                                 | 401 m    | 401 i | 401 r | ok  | ok       | ok     | ok     | ok    |
| GET /api/users/search                                             | 401 m    | 401 i | 401 r | ok  | ok       | ok     | ok     | ok    |
| PUT /api/profile/update                                           | 401 m    | 401 i | 401 r | ok  | ok       | ok     | ok     | ok    |
| GET /api/activities/home                                          | ok       | ok    | ok    | ok  | ok       | ok     | ok     | ok    |
| GET /api/activities/notifications                                 | ok       | ok    | ok    | ok  | ok       | ok     | ok     | ok    |
| GET /api/activities/search                                        | ok       | ok    | ok    | ok  | ok       | ok     | ok     | ok    |
| GET /api/activities/@<handle>                                     | ok       | ok    | ok    | ok  | ok       | ok     | ok     | ok    |
| GET /api/activities/@<handle>/status/<activity_uuid>              | ok       | ok    | ok    | ok  | ok       | ok     | ok     | ok    |
| GET /api/activities/<activity_uuid>                               | ok       | ok    | ok    | ok  | ok       | ok     | ok     | ok    |
| POST /api/activities                                              | 401 m    | 401 i | 401 r | ok  | ok       | ok     | ok     | ok    |
| POST /api/activities/<activity_uuid>/reply                        | 401 m    | 401 i | 401 r | ok  | ok       | ok     | ok     | ok    |
"""  # noqa: E501
MEANINGS: dict[str, tuple[int, object]] = {
    "ok": (200, None),
    "401 m": (401, "token_missing"),
    "401 i": (401, "token_invalid"),
    "401 r": (401, "token_revoked"),
    "403 c": (403, "not_the_creator"),
    "403 y": (403, "message_not_yours"),
    "404": (404, "message_group_not_found"),
}
LINES = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.strip().splitlines()]
CALLERS = LINES[0][1:]
ROUTES = {row[0]: dict(zip(CALLERS, row[1:], strict=True)) for row in LINES[2:]}
GUARDED = [tuple(route.split(" ", 1)) for route, row in ROUTES.items() if row["no token"] != "ok"]
OPEN = [route.removeprefix("GET ") for route, row in ROUTES.items() if row["no token"] == "ok"]
NO_SUCH_GROUP = "018bcfe5-6800-7000-8000-0123456789ab"
LATEST = "ffffffff-ffff-7fff-bfff-ffffffffffff"
FROM_BROWSER = {"Origin": FRONTEND}


@pytest.fixture(scope="module")
def api(arena: Arena) -> Iterator[Api]:
    """Cognito says of a person without a row what the person's `sub` begins with."""

    def answer(sub: str) -> cognito_stub.Answer:
        word = sub.partition(" ")[0]
        return cognito_stub.person(sub) if word == "new" else cognito_stub.refusal(word)

    with (
        cognito_stub.get_user(answer) as address,
        arena.api(AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=address) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def town(api: Api) -> Town:
    return Town(api, meter(api.table.client))


def test_every_route_has_a_row(api: Api) -> None:
    rules = {
        f"{method} {rule}": needs_sign_in(api.app.view_functions[rule.endpoint])
        for rule in api.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert rules == {route: row["no token"] != "ok" for route, row in ROUTES.items()}


@pytest.mark.parametrize("route", ROUTES)
def test_each_caller_hears_what_the_table_says(town: Town, route: str) -> None:
    method, path = route.split(" ", 1)
    for caller in CALLERS:
        answer = town.call(method, path, town.token(caller))
        heard = (answer.status_code, None if answer.status_code == 200 else code_of(answer))
        assert heard == MEANINGS[ROUTES[route][caller]], caller
        if method == "GET":
            assert town.call("HEAD", path, town.token(caller)).status_code == answer.status_code
        assert town.call("OPTIONS", path, None).status_code == 200


@pytest.mark.parametrize("says", ["NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException"])
def test_whom_cognito_does_not_know_any_more_is_signed_out(town: Town, says: str) -> None:
    answer = town.call("GET", "/api/message_groups", token_of(f"{says} {uuid.uuid4()}"))
    assert (answer.status_code, code_of(answer)) == (401, "token_revoked")


def test_whom_cognito_cannot_tell_of_is_asked_to_wait(town: Town) -> None:
    answer = town.call("GET", "/api/message_groups", token_of(f"InternalErrorException {uuid.uuid4()}"))
    assert (answer.status_code, code_of(answer)) == (503, "unavailable")


HEADERS: list[tuple[str, str | None, str]] = [
    ("no header", None, "token_missing"),
    ("empty", "", "token_missing"),
    ("what a signed-out Cruddur front end sends", "Bearer null", "token_missing"),
    ("undefined", "Bearer undefined", "token_missing"),
    ("no token", "Bearer ", "token_missing"),
    ("another scheme", "Basic bG9uZG86aHVzaA==", "token_missing"),
    ("garbage", "Bearer x.y.z", "token_invalid"),
    ("not ASCII", "Bearer \xe9", "token_invalid"),
    ("expired", f"Bearer {token_of('s', exp=int(time.time()) - 60)}", "token_expired"),
    ("not yet valid", f"Bearer {token_of('s', nbf=int(time.time()) + 86_400)}", "token_not_yet_valid"),
    ("id token", f"Bearer {token_of('s', token_use='id')}", "token_invalid"),
    ("another app", f"Bearer {token_of('s', client_id='theirs')}", "token_invalid"),
]


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_without_a_token_that_holds_nobody_gets_in(api: Api, method: str, path: str) -> None:
    for name, header, code in HEADERS:
        headers = {"Authorization": header} if header is not None else {}
        answer = api.request(method, path, headers=headers | {"Origin": FRONTEND})
        assert (answer.status_code, code_of(answer)) == (401, code), name
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert ("invalid_token" in answer.headers["WWW-Authenticate"]) == (code != "token_missing")
        assert answer.headers["Access-Control-Allow-Origin"] == FRONTEND


@pytest.mark.parametrize("path", OPEN)
def test_what_anyone_may_read_is_never_401_whatever_the_token(town: Town, path: str) -> None:
    for _, header, _ in HEADERS:
        token = (header or "").removeprefix("Bearer ")
        assert town.call("GET", path, token).status_code == 200


# Every way in which somebody can ask for a message group, and what a stranger hears.
Ask = Callable[[Person, str], TestResponse]
WAYS: dict[str, tuple[int, Ask]] = {
    "read": (404, lambda who, group: who.get(f"/api/messages/{group}")),
    "read a page": (404, lambda who, group: who.get(f"/api/messages/{group}?limit=1&order=asc")),
    "read on": (404, lambda who, group: who.get(f"/api/messages/{group}?before={LATEST}")),
    "read in vain": (422, lambda who, group: who.get(f"/api/messages/{group}?before=nothing")),
    "look": (404, lambda who, group: who.request("HEAD", f"/api/messages/{group}")),
    "look on": (404, lambda who, group: who.request("HEAD", f"/api/messages/{group}?before={LATEST}")),
    "as a browser": (404, lambda who, group: who.request("GET", f"/api/messages/{group}", headers=FROM_BROWSER)),
    "what may be read": (200, lambda who, group: who.request("OPTIONS", f"/api/messages/{group}")),
    "what may be marked": (200, lambda who, group: who.request("OPTIONS", f"/api/message_groups/{group}/read")),
    "catch up": (404, lambda who, group: who.get(f"/api/messages/{group}?after={NO_SUCH_GROUP}")),
    "read around": (404, lambda who, group: who.get(f"/api/messages/{group}?around={LATEST}")),
    "delete": (405, lambda who, group: who.delete(f"/api/messages/{group}")),
    "send": (404, lambda who, group: send(who, {"message": "hi", "message_group_uuid": group})),
    "send with a key": (404, lambda who, group: send(who, {"message": "hi", "message_group_uuid": group}, key="k1")),
    "send a blank": (422, lambda who, group: send(who, {"message": " ", "message_group_uuid": group})),
    "send to a person too": (
        404, lambda who, group: send(who, {"message": "hi", "message_group_uuid": group, "handle": who.user.handle})
    ),
    "mark read": (404, lambda who, group: mark(who, group, NO_SUCH_GROUP)),
    "mark all read": (404, lambda who, group: mark(who, group, LATEST)),
    "mark nothing read": (422, lambda who, group: mark(who, group, None)),
    "show": (404, lambda who, group: who.get(f"/api/message_groups/{group}")),
    "look at it": (404, lambda who, group: who.request("HEAD", f"/api/message_groups/{group}")),
    "rename": (404, lambda who, group: who.patch(f"/api/message_groups/{group}", {"title": "Mine"})),
    "let expire": (404, lambda who, group: who.patch(f"/api/message_groups/{group}", {"ttl": "1-hour"})),
    "change nothing": (422, lambda who, group: who.patch(f"/api/message_groups/{group}", {})),
    "join": (404, lambda who, group: who.post(f"/api/message_groups/{group}/members", {"handles": [who.at_handle]})),
    "add nobody": (422, lambda who, group: who.post(f"/api/message_groups/{group}/members", {"handles": ["no-one"]})),
    "leave": (404, lambda who, group: who.delete(f"/api/message_groups/{group}/members/{who.at_handle}")),
    "take out nobody": (404, lambda who, group: who.delete(f"/api/message_groups/{group}/members/@no-one")),
    "mute": (404, lambda who, group: who.put(f"/api/message_groups/{group}/mute")),
    "unmute": (404, lambda who, group: who.delete(f"/api/message_groups/{group}/mute")),
    "hide": (404, lambda who, group: who.post(f"/api/message_groups/{group}/hide", {})),
    "edit": (404, lambda who, group: who.patch(f"/api/messages/{group}/{LATEST}", {"message": "hi"})),
    "edit a version": (
        404, lambda who, group: who.patch(f"/api/messages/{group}/{LATEST}", {"message": "hi"}, **{"If-Match": '"7"'})
    ),
    "edit nothing": (404, lambda who, group: who.patch(f"/api/messages/{group}/x", {"message": "hi"})),
    "delete one": (404, lambda who, group: who.delete(f"/api/messages/{group}/{LATEST}")),
    "what may be shown": (200, lambda who, group: who.request("OPTIONS", f"/api/message_groups/{group}")),
}  # fmt: skip


def send(who: Person, body: dict[str, str], key: str | None = None) -> TestResponse:
    return who.post("/api/messages", body, **({"Idempotency-Key": key} if key else {}))


def mark(who: Person, group: str, message_uuid: str | None) -> TestResponse:
    return who.post(f"/api/message_groups/{group}/read", {"message_uuid": message_uuid})


OUTSIDERS = ["stranger", "former"]


# Of what the member has written.
OF_THE_FIRST: dict[str, Callable[[Person, str, str], TestResponse]] = {
    "edit": lambda who, group, first: who.patch(f"/api/messages/{group}/{first}", {"message": "hi"}),
    "delete": lambda who, group, first: who.delete(f"/api/messages/{group}/{first}"),
    "mark read": mark,
    "catch up": lambda who, group, first: who.get(f"/api/messages/{group}?after={first}"),
    "read on": lambda who, group, first: who.get(f"/api/messages/{group}?before={first}"),
    "read around": lambda who, group, first: who.get(f"/api/messages/{group}?around={first}"),
}


def bytes_of(answer: TestResponse) -> tuple[str, list[tuple[str, str]], bytes]:
    return answer.status, list(answer.headers), answer.data


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_a_stranger_hears_the_same_of_a_group_as_of_none(town: Town, outsider: str, way: str) -> None:
    """Nor does it cost more or other calls, from which a patient stranger could tell."""
    person, heard, cost = getattr(town, outsider), [], []
    (status, ask), direct = WAYS[way], town.member.send("for one", to=town.other)["message_group_uuid"]
    person.groups()
    for group in (NO_SUCH_GROUP, town.group, town.group.upper(), direct):
        town.spent.reset()
        town.asked.clear()
        answer = ask(person, group)
        assert answer.status_code == status
        heard.append(bytes_of(answer))
        cost.append((list(town.spent.calls), list(town.asked)))
    assert heard[1:] == heard[:1] * 3
    assert cost[1:] == cost[:1] * 3


@pytest.mark.parametrize("way", OF_THE_FIRST)
@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_a_stranger_who_knows_a_message_hears_no_more(town: Town, outsider: str, way: str) -> None:
    person, ask, heard, cost = getattr(town, outsider), OF_THE_FIRST[way], [], []
    person.groups()
    for group, message in ((NO_SUCH_GROUP, NO_SUCH_GROUP), (town.group, NO_SUCH_GROUP), (town.group, town.first)):
        town.spent.reset()
        heard.append(bytes_of(ask(person, group, message)))
        cost.append(list(town.spent.calls))
    assert heard[0][0].startswith("404")
    assert heard[1:] == heard[:1] * 2
    assert cost[1:] == cost[:1] * 2


@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_a_stranger_leaves_nothing_behind(town: Town, outsider: str) -> None:
    person = getattr(town, outsider)
    before = town.stored(person, town.member, town.other)
    for _, ask in WAYS.values():
        ask(person, town.group)
    for ask_of in OF_THE_FIRST.values():
        ask_of(person, town.group, town.first)
    assert town.stored(person, town.member, town.other) == before
    assert town.group not in {row["uuid"] for row in person.groups()}


def test_of_two_people_only_they_reach_their_group_by_handle(town: Town) -> None:
    """Somebody else hears of either what is heard of a person who knows nobody."""
    member, other, stranger, loner = town.member, town.other, town.stranger, town.loner
    assert "only for one" in member.messages(other.at_handle)
    for way in set(WAYS) - {"send", "send with a key", "send to a person too"}:
        heard = [bytes_of(WAYS[way][1](stranger, person.at_handle)) for person in (loner, member, other)]
        assert heard[1:] == heard[:1] * 2, way
    assert stranger.messages(member.at_handle) == []
    stranger.send("mine", group=member.at_handle)
    assert stranger.messages(member.at_handle) == member.messages(stranger.at_handle) == ["mine"]
    assert stranger.messages(other.at_handle) == []


def test_a_user_is_known_to_all_by_handle(town: Town) -> None:
    loner = town.loner
    wanted = {"uuid": loner.user.uuid, "handle": loner.user.handle, "display_name": "Londo"}
    for handle in (loner.user.handle, loner.user.handle.upper()):
        assert town.api.request("GET", f"/api/users/@{handle}/short").get_json() == wanted
    missing = town.api.request("GET", "/api/users/@nobody-here/short")
    assert (missing.status_code, code_of(missing)) == (404, "user_not_found")
