"""What is no route of ours."""

import pytest
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from tests.api import Api, code_of


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/api", 404, "not_found"),
        ("GET", "/api/nowhere", 404, "not_found"),
        ("GET", "/static/app.js", 404, "not_found"),
        ("GET", "/api/messages/", 404, "not_found"),
        ("GET", "/api/messages/a/b", 405, "method_not_allowed"),
        ("GET", "/api/messages/a/b/c", 404, "not_found"),
        ("GET", "/api/users/londo/short", 404, "not_found"),
        ("PUT", "/api/blocks/londo", 404, "not_found"),
        ("DELETE", "/api/message_groups/a/members/londo", 404, "not_found"),
        ("GET", "/api/message_groups/a/members", 405, "method_not_allowed"),
        ("DELETE", "/api/message_groups/a", 405, "method_not_allowed"),
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


@pytest.mark.parametrize("path", ["/api/health-check", "/api/messages/x"])
@pytest.mark.parametrize("headers", [[("Host", "..")], [("Upgrade", "websocket"), ("Connection", "Upgrade")]], ids=str)
def test_what_is_not_plain_http_to_a_host_is_no_request(api: Api, path: str, headers: list[tuple[str, str]]) -> None:
    """Not by a client, which would read the Host header itself, and break."""
    request = EnvironBuilder(path=path, headers=headers).get_request()
    answer = TestResponse(*run_wsgi_app(api.app, request.environ, buffered=True), request=request)
    assert (answer.status_code, code_of(answer)) == (400, "bad_request")
    assert answer.content_type == "application/problem+json"
