"""The web client, served by the API itself: one origin, so that it needs no CORS and its policy can name every source.

It stands in front of the app, and passes on what is not its own: everything below /api, every method but GET and HEAD,
and what no browser navigates to.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BUILD = Path(__file__).resolve().parents[2] / "frontend_react_js" / "dist"
PAGE = "/index.html"
CONFIG = "/config.json"
# Their names hold a hash of what is in them.
_HASHED = "/assets/"
_FOREVER, _ASK_EACH_TIME = "public, max-age=31536000, immutable", "no-cache"
_COMPRESSED = {"text/html", "text/css", "text/javascript", "application/json", "image/svg+xml"}
_WORTH_COMPRESSING = 1024


@dataclass(frozen=True)
class File:
    content: bytes
    content_type: str
    cache: str

    @cached_property
    def compressed(self) -> bytes | None:
        worth = self.content_type.partition(";")[0] in _COMPRESSED and len(self.content) >= _WORTH_COMPRESSING
        return gzip.compress(self.content, mtime=0) if worth else None

    @cached_property
    def etag(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:32]


class Pages:
    """A WSGI app in front of `app`, with all files of the build in memory."""

    def __init__(self, app: WSGIApplication, files: dict[str, File], headers: dict[str, str]) -> None:
        self._app = app
        self._files = files
        self._headers = headers

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        file = self._file(request)
        if file is None:
            return self._app(environ, start_response)
        return self._answer(file, request)(environ, start_response)

    def _file(self, request: Request) -> File | None:
        path = request.path
        if request.method not in {"GET", "HEAD"} or path == "/api" or path.startswith("/api/"):
            return None
        if path in self._files:
            return self._files[path]
        # An address of the client, which a person has followed or loaded again. A missing file is no page.
        navigates = "text/html" in request.headers.get("Accept", "")
        return self._files[PAGE] if navigates and not path.startswith(_HASHED) else None

    def _answer(self, file: File, request: Request) -> Response:
        response = Response(file.content, content_type=file.content_type, headers=self._headers)
        response.headers["Cache-Control"] = file.cache
        response.headers["Vary"] = "Accept, Accept-Encoding"
        etag = file.etag
        if file.compressed and request.accept_encodings["gzip"]:
            response.set_data(file.compressed)
            response.headers["Content-Encoding"] = "gzip"
            # Other bytes are another representation.
            etag += "-gzip"
        response.set_etag(etag)
        return response.make_conditional(request)


@dataclass(frozen=True)
class Pool:
    """Where people sign in. `endpoint` is None for the real Cognito, whose address Amplify makes of the pool's id."""

    user_pool_id: str
    user_pool_client_id: str
    endpoint: str | None = None

    @property
    def origin(self) -> str:
        return self.endpoint or f"https://cognito-idp.{self.user_pool_id.partition('_')[0]}.amazonaws.com"

    @property
    def config(self) -> File:
        """Nothing that is secret: whoever signs in has to know it."""
        said = {
            "user_pool_id": self.user_pool_id,
            "user_pool_client_id": self.user_pool_client_id,
            "cognito_endpoint": self.endpoint,
        }
        return File(json.dumps(said).encode(), "application/json", _ASK_EACH_TIME)


def with_pages(app: WSGIApplication, pool: Pool, headers: dict[str, str], build: Path = BUILD) -> WSGIApplication:
    """The app behind the web client; without a build the app as it is."""
    if not (build / "index.html").is_file():
        return app
    return Pages(app, _read(build) | {CONFIG: pool.config}, headers | {"Content-Security-Policy": policy(pool)})


def policy(pool: Pool) -> str:
    """Its own files, this API, and Cognito; nothing else, no script in the page, and no text that becomes HTML."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self' {pool.origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _read(build: Path) -> dict[str, File]:
    found = {}
    for file in sorted(build.rglob("*")):
        path = "/" + file.relative_to(build).as_posix()
        # Names with a dot in front are notes of the build.
        if file.is_file() and "/." not in path:
            cache = _FOREVER if path.startswith(_HASHED) else _ASK_EACH_TIME
            found[path] = File(file.read_bytes(), _type_of(file), cache)
    return found


def _type_of(file: Path) -> str:
    if file.suffix == ".js":
        # The system's own list of types may say something else.
        return "text/javascript; charset=utf-8"
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
