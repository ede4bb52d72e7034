"""Every route, who may call it, and what everybody else hears. A new route without a row here fails."""

import time

import pytest
from werkzeug.test import TestResponse

from backend_flask.auth import needs_sign_in
from tests.api import FRONTEND, Api, Person, code_of, token_of

ANYONE, SIGNED_IN, MEMBER = "anyone", "signed in", "member"
NO_SUCH_GROUP = "018bcfe5-6800-7000-8000-0123456789ab"

ROUTES: dict[tuple[str, str], str] = {
    ("GET", "/api/health-check"): ANYONE,
    ("GET", "/api/ready"): ANYONE,
    ("GET", "/api/message_groups"): SIGNED_IN,
    ("POST", "/api/message_groups/<message_group_uuid>/read"): MEMBER,
    ("GET", "/api/messages/<message_group_uuid>"): MEMBER,
    ("POST", "/api/messages"): MEMBER,
    ("GET", "/api/users/@<handle>/short"): ANYONE,
    ("PUT", "/api/profile/update"): SIGNED_IN,
    ("GET", "/api/activities/home"): ANYONE,
    ("GET", "/api/activities/notifications"): ANYONE,
    ("GET", "/api/activities/search"): ANYONE,
    ("GET", "/api/activities/@<handle>"): ANYONE,
    ("GET", "/api/activities/@<handle>/status/<activity_uuid>"): ANYONE,
    ("GET", "/api/activities/<activity_uuid>"): ANYONE,
    ("POST", "/api/activities"): SIGNED_IN,
    ("POST", "/api/activities/<activity_uuid>/reply"): SIGNED_IN,
}
GUARDED = [route for route, who in ROUTES.items() if who != ANYONE]


@pytest.fixture(scope="module")
def londo(api: Api) -> Person:
    return api.person("londo")


@pytest.fixture(scope="module")
def group(api: Api) -> str:
    """A message group of other people, with something in it."""
    gkar, vir = api.person("gkar"), api.person("vir")
    uuid: str = gkar.send("not for londo", to=vir)["message_group_uuid"]
    return uuid


def filled(path: str) -> str:
    for name in ("<message_group_uuid>", "<activity_uuid>"):
        path = path.replace(name, NO_SUCH_GROUP)
    return path.replace("<handle>", "nobody-here")


def test_every_route_has_a_row(api: Api) -> None:
    rules = {
        (method, str(rule)): ANYONE if not needs_sign_in(api.app.view_functions[rule.endpoint]) else SIGNED_IN
        for rule in api.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert rules == {route: ANYONE if who == ANYONE else SIGNED_IN for route, who in ROUTES.items()}


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
        answer = api.request(method, filled(path), headers=headers | {"Origin": FRONTEND})
        assert (answer.status_code, code_of(answer)) == (401, code), name
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert ("invalid_token" in answer.headers["WWW-Authenticate"]) == (code != "token_missing")
        assert answer.headers["Access-Control-Allow-Origin"] == FRONTEND


@pytest.mark.parametrize("path", [path for (method, path), who in ROUTES.items() if who == ANYONE and method == "GET"])
def test_what_anyone_may_read_is_never_401_whatever_the_token(api: Api, path: str) -> None:
    for _, header, _ in HEADERS:
        headers = {"Authorization": header} if header is not None else {}
        assert api.request("GET", filled(path), headers=headers).status_code in {200, 404, 422}


def same(one: TestResponse, other: TestResponse) -> bool:
    return (one.status, list(one.headers), one.data) == (other.status, list(other.headers), other.data)


def ask(person: Person, group: str) -> list[TestResponse]:
    """Every way in which somebody can ask for a message group."""
    body = {"message": "hi", "message_group_uuid": group}
    return [
        person.get(f"/api/messages/{group}"),
        person.get(f"/api/messages/{group}?limit=1&order=asc"),
        person.get(f"/api/messages/{group}?before=ffffffff-ffff-7fff-bfff-ffffffffffff"),
        person.post("/api/messages", body),
        person.post("/api/messages", body, **{"Idempotency-Key": f"k-{group}"}),
        person.post(f"/api/message_groups/{group}/read", {"message_uuid": NO_SUCH_GROUP}),
        person.post(f"/api/message_groups/{group}/read", {"message_uuid": "ffffffff-ffff-7fff-bfff-ffffffffffff"}),
        person.request("HEAD", f"/api/messages/{group}"),
    ]


def test_a_stranger_hears_the_same_of_a_group_as_of_none(londo: Person, group: str) -> None:
    for mine, none in zip(ask(londo, group), ask(londo, NO_SUCH_GROUP), strict=True):
        assert mine.status_code == 404
        assert same(mine, none)


def test_a_stranger_leaves_nothing_behind(api: Api, group: str) -> None:
    stranger = api.person("stranger")
    ask(stranger, group)
    assert stranger.groups() == []
    written = api.table.client.query(
        TableName=api.table.name, ConsistentRead=True, KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"KEY#{stranger.user.uuid}"}},
    )  # fmt: skip
    assert written["Items"] == []


def test_of_two_people_only_they_reach_their_group_by_handle(api: Api, londo: Person) -> None:
    gkar, vir = api.person("gkar"), api.person("vir")
    gkar.send("secret", to=vir)
    for person in (gkar, vir):
        assert londo.messages(person.at_handle) == []
    assert gkar.messages(vir.at_handle) == ["secret"]


def test_a_user_is_known_to_all_by_handle(api: Api, londo: Person) -> None:
    wanted = {"uuid": londo.user.uuid, "handle": londo.user.handle, "display_name": "Londo"}
    for handle in (londo.user.handle, londo.user.handle.upper()):
        assert api.request("GET", f"/api/users/@{handle}/short").get_json() == wanted
    missing = api.request("GET", "/api/users/@nobody-here/short")
    assert (missing.status_code, code_of(missing)) == (404, "user_not_found")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/api", 404, "not_found"),
        ("GET", "/api/nowhere", 404, "not_found"),
        ("GET", "/static/app.js", 404, "not_found"),
        ("GET", "/api/messages/", 404, "not_found"),
        ("GET", "/api/messages/a/b", 404, "not_found"),
        ("GET", "/api/users/londo/short", 404, "not_found"),
        ("GET", "/api/../etc/passwd", 404, "not_found"),
        ("GET", "/%00", 404, "not_found"),
        ("GET", "/api/%ff%fe", 404, "not_found"),
        ("GET", "/api/messages", 405, "method_not_allowed"),
        ("DELETE", "/api/messages", 405, "method_not_allowed"),
        ("PUT", "/api/messages/x", 405, "method_not_allowed"),
        ("PATCH", "/api/message_groups", 405, "method_not_allowed"),
        ("POST", "/api/health-check", 405, "method_not_allowed"),
        ("TRACE", "/api/health-check", 405, "method_not_allowed"),
        ("GET", "/api//health-check", 404, "not_found"),
    ],
)
def test_an_unknown_route_or_method_is_a_problem_too(api: Api, method: str, path: str, status: int, code: str) -> None:
    answer = api.request(method, path)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert ("Allow" in answer.headers) == (status == 405)
