"""Real engines with the schema, a table and a key set: all that an API of ours needs."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from backend_flask.app import create_app
from backend_flask.lib import aws
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.uuid7 import Uuid7
from backend_flask.settings import load
from cli import migrations
from dev import dynamodb, postgres
from dev.processes import LOOPBACK, free_port
from tests.api import FRONTEND, Api
from tests.tokens import CLIENT_ID, ISSUER, POOL_KEY, jwk_of, key_set_of


@dataclass(frozen=True)
class Arena:
    """`folder` is for logs and whatever else a test leaves behind."""

    folder: Path
    database_url: str
    dynamodb_endpoint: str
    table_name: str
    key_set_url: str

    def environment(self, **changes: str) -> dict[str, str]:
        """Settings of the engines, apart from those that are given."""
        usual = {
            "CRUDDUR_ENV": "local",
            "CONNECTION_URL": self.database_url,
            "AWS_DEFAULT_REGION": dynamodb.REGION,
            "AWS_ENDPOINT_URL": self.dynamodb_endpoint,
            "AWS_ACCESS_KEY_ID": dynamodb.ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": dynamodb.SECRET_ACCESS_KEY,
            "AWS_COGNITO_USER_POOL_ID": ISSUER.rsplit("/", 1)[1],
            "AWS_COGNITO_USER_POOL_CLIENT_ID": CLIENT_ID,
            "AWS_COGNITO_JWKS_URL": self.key_set_url,
            "FRONTEND_URL": FRONTEND,
            "BACKEND_URL": "http://localhost:4567",
            "DDB_MESSAGE_TABLE": self.table_name,
            "RATE_LIMITS": "off",
        }
        return usual | changes

    @contextmanager
    def api(self, *, hints: bool = False, **changes: str) -> Iterator[Api]:
        """The API in this process. Without `hints` those who listen hear of what is done here when they look."""
        made = Api(create_app(load(self.environment(**changes))))
        if not hints:
            made.withhold_hints()
        try:
            yield made
        finally:
            made.stores.live.close()
            made.stores.db.close()


@contextmanager
def arena(folder: Path, engine: str) -> Iterator[Arena]:
    """Engines of its own, with their data in this folder."""
    with ExitStack() as cleanup:
        key_set_url = cleanup.enter_context(key_set())
        data, port = folder / "postgres", free_port()
        server = postgres.start(data, port, folder / "postgres.log", durable=False)
        cleanup.callback(postgres.erase, data)
        cleanup.callback(server.stop)
        database_url = postgres.address(port, "postgres")
        migrations.apply(database_url)
        endpoint = engine
        if not dynamodb.is_address(engine):
            port = free_port()
            endpoint = f"http://{LOOPBACK}:{port}"
            cleanup.callback(dynamodb.start(engine, folder / engine, port, folder / f"{engine}.log").stop)
        with table(endpoint) as made:
            yield Arena(folder, database_url, endpoint, made.name, key_set_url)


@contextmanager
def client_at(endpoint: str) -> Iterator[Any]:
    """A client of DynamoDB, as the API makes it."""
    client = aws.client(
        "dynamodb",
        region=dynamodb.REGION,
        endpoint_url=endpoint,
        key_id=dynamodb.ACCESS_KEY_ID,
        secret_key=dynamodb.SECRET_ACCESS_KEY,
        pool=50,
    )
    yield client
    client.close()


@contextmanager
def table(endpoint: str) -> Iterator[MessageTable]:
    """A new table at this endpoint, dropped afterwards."""
    with client_at(endpoint) as client:
        made = MessageTable(client, f"test-{uuid.uuid4()}", make_id=Uuid7())
        made.create()
        try:
            yield made
        finally:
            made.drop()


@contextmanager
def key_set() -> Iterator[str]:
    """Serves the key set of the test pool, and says where."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(key_set_of(jwk_of(POOL_KEY))).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((LOOPBACK, 0), Answer) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://{LOOPBACK}:{server.server_port}/jwks.json"
        server.shutdown()
