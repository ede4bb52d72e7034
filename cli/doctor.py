"""What can be wrong with a running system, one check each: it gives a line for a person, or raises what is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from cli.script import ScriptError

from backend_flask.lib.cognito_jwt_token import KeySet, KeySetUnavailable, fetch_from
from backend_flask.settings import Settings, is_required, shown
from cli import cognito_ids, migrations, postgres
from cli.ddb_schema import describe, differences
from cli.problems import explain
from cli.target import Target, environ, sources
from cli.user_pool import UserPool

LAG_LIMIT_SECONDS = 10
POLL_LIMIT_SECONDS = 5


@dataclass(frozen=True)
class Finding:
    name: str
    ok: bool
    text: str


def settings_in_force(target: Target) -> Iterator[Finding]:
    """Each setting's value, secrets masked, and where it came from."""
    found = environ(prod=target.prod)
    for setting in fields(Settings):
        name = setting.name.upper()
        value = found.get(name, "")
        origin = next((each.name for each in sources(prod=target.prod) if each.values.get(name) == value), "")
        if value:
            yield Finding(name, ok=True, text=f"{shown(setting, value)} ({origin or 'derived'})")
        elif is_required(setting):
            yield Finding(name, ok=False, text=f"missing: {setting.metadata['meaning']}. See .env.example")
        else:
            yield Finding(name, ok=True, text=f"{shown(setting, setting.default)} (default)")


def neighbours(target: Target, folder: Path) -> Iterator[Finding]:
    """Each check in turn, whatever became of the one before. `folder` is where bin/dev keeps its data."""
    checks: list[tuple[str, Callable[[Target], str]]] = [
        ("postgres", _postgres),
        ("table", _table),
        ("key set", _key_set),
        ("users", _users),
        ("trigger", lambda target: _trigger(target, folder / "trigger")),
    ]
    for name, check in checks:
        try:
            yield Finding(name, ok=True, text=check(target))
        except Exception as error:  # noqa: BLE001  # whatever is wrong is what the doctor was asked for
            yield Finding(name, ok=False, text=explain(error))


def _postgres(target: Target) -> str:
    pending = migrations.pending(postgres.url(target))
    if pending:
        raise ScriptError(f"not applied: {', '.join(pending)}. Run bin/db/migrate")
    return "answers, schema up to date"


def _table(target: Target) -> str:
    table = target.table
    described = describe(table)
    if described is None:
        raise ScriptError(f"{table.name} is not there. Create it with bin/ddb/schema-load")
    wrong = differences(table, described)
    if wrong:
        raise ScriptError(f"{table.name} is not as defined: {'; '.join(wrong)}")
    return f"{table.name} is as defined, stream on with {described['StreamSpecification']['StreamViewType']}"


def _key_set(target: Target) -> str:
    url = target.settings("aws_default_region", "aws_cognito_user_pool_id").jwks_url
    try:
        KeySet(fetch_from(url)).key("any")
    except KeySetUnavailable:
        raise ScriptError(f"no keys at {url}. Is AWS_COGNITO_USER_POOL_ID right, is Cognito up?") from None
    return f"readable at {urlsplit(url).netloc}"


def _users(target: Target) -> str:
    with target.database() as db:
        rows = db.all("users/all")
    plan = cognito_ids.plan(UserPool.of(target).users(), rows)
    without_id = [row["handle"] for row in rows if not row["cognito_user_id"]]
    stale = [row["handle"] for row in plan.overwrites]
    if plan.conflicts:
        raise ScriptError("; ".join(plan.conflicts))
    if stale or without_id:
        who = [f"@{handle} has a Cognito id that the pool does not know" for handle in stale]
        who += [f"@{handle} has no Cognito id" for handle in without_id]
        raise ScriptError("; ".join(who) + ". Run bin/db/update_cognito_user_ids")
    return f"each of {len(rows)} has a Cognito id of the pool"


def _trigger(target: Target, state_dir: Path) -> str:
    if target.prod or find_spec("dev") is None:
        return "is Lambda's own; look at the function's IteratorAge in CloudWatch"
    from dev.trigger import status  # noqa: PLC0415  # the embedded stack is not there in production
    from dev.trigger.clients import clients  # noqa: PLC0415
    from dev.trigger.stream import StreamLost  # noqa: PLC0415

    settings = target.settings("aws_default_region")
    try:
        found = status.read(state_dir, settings.ddb_message_table, *clients(settings))
    except StreamLost:
        raise ScriptError("has no stream to follow; see the table") from None
    if not found.is_running:
        raise ScriptError("is not running, so lists do not follow new messages. Start it with bin/dev")
    silence = time.time() - (found.polled_at or 0)
    if silence > POLL_LIMIT_SECONDS:
        raise ScriptError(f"hangs: it has not looked for {silence:.0f} s. Stop bin/dev and start it again")
    if found.failed:
        raise ScriptError(
            f"{found.failed} records failed. See bin/lambda/failed, try again with bin/lambda/redrive, or --forget them"
        )
    if found.lag_seconds > LAG_LIMIT_SECONDS:
        raise ScriptError(f"is {found.lag_seconds:.0f} s behind. See .dev/logs/trigger.log")
    return f"runs, last poll {silence:.1f} s ago, lag {found.lag_seconds:.1f} s, no failed records"
