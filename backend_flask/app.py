"""The API: builds the stores, registers routes and error handlers. Importing this does nothing."""

from __future__ import annotations

import atexit
import logging
import time
from functools import partial

from flask import Flask, Response
from flask_cors import CORS

from backend_flask import logs, settings, telemetry
from backend_flask.auth import SignIn
from backend_flask.clients import client_of, database_of, password_of
from backend_flask.fast_json import FastJson
from backend_flask.headers import ONLY_HTTPS, SECURITY_HEADERS
from backend_flask.lib import deadline, metering, trace_context
from backend_flask.lib.cognito_jwt_token import CognitoTokenVerifier, KeySet, fetch_from
from backend_flask.lib.db import Database
from backend_flask.lib.ddb import Hint, MessageTable
from backend_flask.lib.ddb_changes import Changes
from backend_flask.lib.ddb_members import Membership
from backend_flask.lib.live import CHANNEL, Ear, Publisher
from backend_flask.lib.plain_answers import take_as_json
from backend_flask.lib.uuid7 import Uuid7
from backend_flask.routes import errors
from backend_flask.routes.activities import activities
from backend_flask.routes.blocks import blocks
from backend_flask.routes.docs import docs
from backend_flask.routes.health import health
from backend_flask.routes.live import live
from backend_flask.routes.message_groups import message_groups
from backend_flask.routes.messages import messages
from backend_flask.routes.pages import Pool, with_pages
from backend_flask.routes.users import users
from backend_flask.services.live import Hub, Live
from backend_flask.services.rate_limits import NoLimits, RateLimits
from backend_flask.services.users import from_claims
from backend_flask.settings import Settings
from backend_flask.stopping import at_stop
from backend_flask.stores import EXTENSION, Stores

ANSWER_WITHIN_SECONDS = 4.8
MAX_BODY_BYTES = 16 * 1024
ROUTES = (health, message_groups, messages, live, users, blocks, activities, docs)


def from_environment() -> Flask:
    """What the production server calls. Ends the process with one line if the settings cannot be used."""
    try:
        in_force = settings.load()
        logs.configure(in_force.log_level)
        return create_app(in_force)
    except settings.SettingsError as error:
        raise SystemExit(str(error)) from None


def create_app(settings: Settings) -> Flask:
    """Raises SettingsError if what the settings ask for is not installed."""
    app = Flask(__name__, static_folder=None)
    # Said, because Flask would look for FLASK_DEBUG in the environment.
    app.config.update(DEBUG=False, PROPAGATE_EXCEPTIONS=False, MAX_CONTENT_LENGTH=MAX_BODY_BYTES)
    # `//` would be answered with a redirect, which Flask writes as HTML, past every error handler.
    app.url_map.merge_slashes = False
    app.json = FastJson(app)
    told = telemetry.start(app, settings)
    app.extensions[EXTENSION] = stores = build_stores(settings)
    at_stop(app, stores.live.hub.end)
    for blueprint in ROUTES:
        app.register_blueprint(blueprint)
    errors.register(app)
    logs.log_requests(app, told)
    _keep_deadline(app)
    _allow_origins(app, [url.rstrip("/") for url in (settings.frontend_url, settings.backend_url)])
    # On a laptop there is no HTTPS that a browser could insist on.
    headers = SECURITY_HEADERS if settings.is_local else SECURITY_HEADERS | ONLY_HTTPS
    _harden(app, headers)
    app.wsgi_app = with_pages(app.wsgi_app, _pool(settings), headers)  # type: ignore[assignment,method-assign]
    return app


def build_stores(settings: Settings) -> Stores:
    make_id = Uuid7()
    db = database_of(settings, settings.db_pool_size, on_query=metering.count_query, on_wait=metering.count_wait)
    db.open()
    atexit.register(db.close)
    dynamodb = client_of(settings, "dynamodb", pool=settings.aws_pool_size, validate=False)
    take_as_json(dynamodb)
    metering.watch(dynamodb)
    cognito = client_of(settings, "cognito-idp", pool=settings.aws_pool_size)
    for client in (dynamodb, cognito):
        trace_context.pass_on(client)
    verifier = CognitoTokenVerifier(
        KeySet(fetch_from(settings.jwks_url)), settings.issuer, settings.aws_cognito_user_pool_client_id
    )

    def announce(hint: Hint) -> None:
        events.publisher.publish(hint)

    table = MessageTable(dynamodb, settings.ddb_message_table, make_id, announce=announce)
    events = build_live(settings, db, table)
    return Stores(
        table=table,
        db=db,
        cognito=cognito,
        sign_in=SignIn(verifier, lambda claims, token: from_claims(db, cognito, claims, token)),
        limits=RateLimits(db) if settings.rate_limits == "on" else NoLimits(),
        membership=Membership(table, make_id),
        make_id=make_id,
        live=events,
    )


def _pool(settings: Settings) -> Pool:
    return Pool(
        settings.aws_cognito_user_pool_id, settings.aws_cognito_user_pool_client_id, settings.cognito_for_browsers
    )


def build_live(settings: Settings, db: Database, table: MessageTable) -> Live:
    changes = Changes(table, time.time)
    events = Live(
        Hub(partial(Ear, settings.connection_url, password_of(settings)), changes.read, settings.live_streams),
        Publisher(lambda hints: db.all("live/notify", channel=CHANNEL, hints=hints), changes.members_of),
        changes.catch_up,
    )
    # Before the pool is closed, through which the last hints go.
    atexit.register(events.close)
    return events


def _keep_deadline(app: Flask) -> None:
    @app.before_request
    def start() -> None:
        deadline.start(ANSWER_WITHIN_SECONDS)

    @app.teardown_request
    def clear(_: BaseException | None) -> None:
        deadline.clear()


def _allow_origins(app: Flask, origins: list[str]) -> None:
    logging.getLogger("flask_cors").setLevel(logging.WARNING)
    CORS(
        app,
        origins=origins,
        methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Last-Event-ID"],
        expose_headers=["Link", "Retry-After"],
        always_send=False,
        max_age=600,
    )


def _harden(app: Flask, headers: dict[str, str]) -> None:
    @app.after_request
    def add(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response
