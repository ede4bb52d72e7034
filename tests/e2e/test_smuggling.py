"""Requests that another server in front of ours could read otherwise, and odd ones that are right."""

from __future__ import annotations

import re
import socket

import pytest

from dev.stack import Stack

NEXT = "GET /api/health-check HTTP/1.1\r\nHost: x\r\n\r\n"
GET = "GET /api/message_groups HTTP/1.1\r\n"
POST = "POST /api/messages HTTP/1.1\r\nHost: x\r\n"
# Two servers that read one of these otherwise would disagree about where a request ends (RFC 9112, section 11.2).
# Behind each stands a request that must not be answered.
SMUGGLED = {
    "length and chunks": f"{POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{NEXT}",
    "chunks and length": f"{POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{NEXT}",
    "two lengths": f"{POST}Content-Length: 0\r\nContent-Length: 50\r\n\r\n{NEXT}",
    "two equal lengths": f"{POST}Content-Length: 0\r\nContent-Length: 0\r\n\r\n{NEXT}",
    "two lengths in one": f"{POST}Content-Length: 0, 50\r\n\r\n{NEXT}",
    "a length with a sign": f"{POST}Content-Length: +0\r\n\r\n{NEXT}",
    "a negative length": f"{POST}Content-Length: -1\r\n\r\n{NEXT}",
    "a length in hexadecimal": f"{POST}Content-Length: 0x0\r\n\r\n{NEXT}",
    "a length with a space inside": f"{POST}Content-Length: 0 0\r\n\r\n{NEXT}",
    "a length with an underscore": f"{POST}Content-Length: 1_0\r\n\r\n{NEXT}",
    "a length of other digits": f"{POST}Content-Length: \u0660\r\n\r\n{NEXT}",
    "an empty length": f"{POST}Content-Length:\r\n\r\n{NEXT}",
    "chunked twice": f"{POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{NEXT}",
    "chunked, then identity": f"{POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{NEXT}",
    "chunked with a vertical tab": f"{POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n{NEXT}",
    "chunked in quotes": f'{POST}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n{NEXT}',
    "chunked under HTTP/1.0": POST.replace("1.1", "1.0") + f"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{NEXT}",
    "a name with a space behind": f"{POST}Content-Length : 50\r\n\r\n{NEXT}",
    "a name with a space before": f"{POST} Content-Length: 50\r\n\r\n{NEXT}",
    "a name with a space inside": f"{POST}Content Length: 50\r\n\r\n{NEXT}",
    "a name with a tab": f"{POST}Content-Length\t: 50\r\n\r\n{NEXT}",
    "a name with NUL": f"{POST}Content-Length\x00: 50\r\n\r\n{NEXT}",
    "an empty name": f"{POST}: 50\r\n\r\n{NEXT}",
    "a line without a colon": f"{POST}Content-Length\r\n\r\n{NEXT}",
    "a folded line": f"{POST}X-Folded: a\r\n Transfer-Encoding: chunked\r\n\r\n{NEXT}",
    "NUL in a value": f"{POST}X-Odd: a\x00b\r\n\r\n{NEXT}",
    "a bare CR in a value": f"{POST}X-Odd: a\rContent-Length: 50\r\n\r\n{NEXT}",
    "a bare LF after a line": f"{POST}X-Odd: a\nContent-Length: 50\r\n\r\n{NEXT}",
    "bare LF everywhere": (POST + "Content-Length: 0\r\n\r\n" + NEXT).replace("\r\n", "\n"),
    "a chunk size with a sign": f"{POST}Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n{NEXT}",
    "a chunk size in C": f"{POST}Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{NEXT}",
    "a version that is none": f"GET /api/message_groups HTTP/1.1x\r\nHost: x\r\n\r\n{NEXT}",
    "a version to come": f"GET /api/message_groups HTTP/2.0\r\nHost: x\r\n\r\n{NEXT}",
    "no version": f"GET /api/message_groups\r\n\r\n{NEXT}",
    "the preface of HTTP/2": f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{NEXT}",
    "a method in lower case": f"get /api/message_groups HTTP/1.1\r\nHost: x\r\n\r\n{NEXT}",
    "a method with NUL": f"GE\x00T /api/message_groups HTTP/1.1\r\nHost: x\r\n\r\n{NEXT}",
    "a space before the method": f" {GET}Host: x\r\n\r\n{NEXT}",
    "a tab between": f"GET\t/api/message_groups\tHTTP/1.1\r\nHost: x\r\n\r\n{NEXT}",
    "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}
UNSUPPORTED = "chunked in quotes"


def said(system: Stack, request: str) -> list[int]:
    """The statuses of all answers until the server closes the connection, which it must do at once."""
    with socket.create_connection(("127.0.0.1", system.ports.api), timeout=1.5) as connection:
        connection.sendall(request.encode())
        answers = b""
        while part := connection.recv(65536):
            answers += part
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answers)]


@pytest.mark.parametrize("name", SMUGGLED)
def test_what_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_answered(system: Stack, name: str) -> None:
    """A body that is broken is found out only when the app has refused it, for want of a token."""
    statuses = said(system, SMUGGLED[name])
    assert statuses in ([501],) if name == UNSUPPORTED else statuses in ([400], [401, 400])


ODD = {
    "the address in front": ("GET http://evil.example:1/api/health-check HTTP/1.1\r\nHost: x", 200),
    "another address in front": ("GET https://a:b@evil.example/api/message_groups HTTP/1.1\r\nHost: x", 401),
    "HTTP/1.0": ("GET /api/health-check HTTP/1.0", 200),
    "a name with an underscore": ("GET /api/health-check HTTP/1.1\r\nHost: x\r\nContent_Length: 50", 200),
    "two hosts": ("GET /api/health-check HTTP/1.1\r\nHost: x\r\nHost: y", 400),
    "all of the server": ("OPTIONS * HTTP/1.1\r\nHost: x", 404),
    "no path": ("GET api/health-check HTTP/1.1\r\nHost: x", 400),
    "a tunnel": ("CONNECT evil.example:443 HTTP/1.1\r\nHost: x", 404),
    "two slashes": ("GET //evil.example/api/health-check HTTP/1.1\r\nHost: x", 404),
    "a broken address": ("GET http://[ HTTP/1.1\r\nHost: x", 400),
    "dots": ("GET /x/../api/health-check HTTP/1.1\r\nHost: x", 404),
    "NUL in the path": ("GET /api/health-check\x00 HTTP/1.1\r\nHost: x", 400),
    "a path that is not escaped": ("GET /api/messages/\xe9 HTTP/1.1\r\nHost: x", 400),
    "an expectation": ("POST /api/messages HTTP/1.1\r\nHost: x\r\nExpect: wonders", 417),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_has_one_answer(system: Stack, name: str) -> None:
    head, status = ODD[name]
    assert said(system, f"{head}\r\nConnection: close\r\n\r\n") == [status]
