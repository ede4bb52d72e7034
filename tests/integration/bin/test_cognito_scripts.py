"""bin/cognito and bin/db/update_cognito_user_ids, against moto's Cognito and a real Postgres."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from jose import jwt

from backend_flask.lib.db import Database

Script = Callable[..., "subprocess.CompletedProcess[str]"]
Add = Callable[..., Any]


def ids(db: Database) -> dict[str, str | None]:
    return {row["handle"]: row["cognito_user_id"] for row in db.all("users/all")}


def test_a_created_user_is_listed_and_gets_a_token_that_is_all_that_is_printed(
    script: Script, pool: dict[str, str]
) -> None:
    words = ["--handle", "londo", "--email", "londo@x.example", "--name", "Londo Mollari"]
    made = script("cognito/create-user", *words, **pool)
    assert (made.returncode, made.stdout) == (
        0,
        "created @londo <londo@x.example>; others can write to them after their first request to the API\n",
    ), made.stderr
    again = script("cognito/create-user", *words, **pool)
    assert (again.returncode, again.stdout) == (0, "@londo <londo@x.example> is there already\n")
    assert "Londo Mollari" in script("cognito/list-users", **pool).stdout
    for name in ("londo", "@LONDO", "Londo@x.example"):
        token = script("cognito/token", name, **pool)
        assert (token.returncode, token.stderr) == (0, "")
        claims = jwt.get_unverified_claims(token.stdout.strip())
        assert claims["token_use"] == "access"
        assert claims["client_id"] == pool["AWS_COGNITO_USER_POOL_CLIENT_ID"]


@pytest.mark.parametrize(
    ("handle", "email", "name", "says"),
    [
        ("lon do", "l@x.example", "L", "--handle"),
        ("londo", "nobody", "L", "--email"),
        ("londo", "l@x.example", " ", "--name"),
        ("londo", "other@x.example", "L", "one of the two already"),
        ("other", "londo@x.example", "L", "one of the two already"),
    ],
)
def test_a_user_who_cannot_be_created_is_refused_in_one_line(
    script: Script,
    pool: dict[str, str],
    add_pool_user: Add,
    handle: str,
    email: str,
    name: str,
    says: str,
) -> None:
    add_pool_user("londo")
    refused = script("cognito/create-user", "--handle", handle, "--email", email, "--name", name, **pool)
    assert refused.returncode == 1
    assert says in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_token_of_nobody_is_refused(script: Script, pool: dict[str, str]) -> None:
    refused = script("cognito/token", "nobody", **pool)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "bin/cognito/list-users" in refused.stderr


def test_a_token_of_a_real_pool_is_refused_before_cognito_is_asked(script: Script, pool: dict[str, str]) -> None:
    refused = script("cognito/token", "londo", **pool | {"CRUDDUR_ENV": "production"})
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Sign in with the front end" in refused.stderr


def test_cognito_away_is_one_line(script: Script, pool: dict[str, str], closed_port: int) -> None:
    away = pool | {"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": f"http://127.0.0.1:{closed_port}"}
    failed = script("cognito/list-users", **away)
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1


def test_ids_are_set_from_all_pages_of_the_pool(
    script: Script,
    pool: dict[str, str],
    add_pool_user: Add,
    db: Database,
    add_user: Add,
    database_url: str,
) -> None:
    subs = {f"user{number}": add_pool_user(f"user{number}") for number in range(65)}
    for handle in subs:
        add_user(handle, email=f"{handle}@x.example")
    add_user("londo", email="londo@x.example")
    add_pool_user("gkar")
    add_pool_user("vir", verified=False)
    done = script("db/update_cognito_user_ids", CONNECTION_URL=database_url, **pool)
    assert done.returncode == 0, done.stderr
    assert ids(db) == subs | {"londo": None}
    assert done.stdout.splitlines()[-2:] == [
        "matched 65, in the pool only 2, in the table only 1, conflicts 0",
        "changed 65 rows",
    ]
    for line in ("gkar@x.example (signs in", "vir@x.example (has not verified", "in the users table only: @londo"):
        assert line in done.stdout
    again = script("db/update_cognito_user_ids", CONNECTION_URL=database_url, **pool)
    assert again.stdout.endswith("changed 0 rows\n")


def test_a_stale_id_is_repaired_and_a_dry_run_changes_nothing(
    script: Script,
    pool: dict[str, str],
    add_pool_user: Add,
    db: Database,
    add_user: Add,
    database_url: str,
) -> None:
    add_user("londo", email="londo@x.example", sub="stale")
    add_user("gkar", email="gkar@x.example", sub="stale too")
    sub = add_pool_user("londo")
    script("db/update_cognito_user_ids", "--dry-run", CONNECTION_URL=database_url, **pool)
    assert ids(db) == {"londo": "stale", "gkar": "stale too"}
    done = script("db/update_cognito_user_ids", CONNECTION_URL=database_url, **pool)
    assert done.returncode == 0
    assert ids(db) == {"londo": sub, "gkar": None}


def test_what_a_person_has_to_decide_makes_the_script_fail(
    script: Script,
    pool: dict[str, str],
    add_pool_user: Add,
    db: Database,
    add_user: Add,
    database_url: str,
) -> None:
    add_user("londo", email="gkar@x.example", sub=(sub := add_pool_user("londo")))
    add_pool_user("gkar")
    failed = script("db/update_cognito_user_ids", CONNECTION_URL=database_url, **pool)
    assert failed.returncode == 1
    assert "gkar@x.example belongs to @londo" in failed.stderr
    assert ids(db) == {"londo": sub}
