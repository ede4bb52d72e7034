"""Which Cognito id belongs to which row of `users`: what is right, what is to be set, what a person has to look at.

Only a verified e-mail proves that a row belongs to a user of the pool, as on a first sign-in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from backend_flask.lib.db import Queries, Row
from cli.user_pool import PoolUser


@dataclass
class Plan:
    """Rows are those of users/all; a change is a row and the id that it gets, or None for an id that nobody has."""

    matched: list[Row] = field(default_factory=list)
    changes: list[tuple[Row, str | None]] = field(default_factory=list)
    users_without_row: list[PoolUser] = field(default_factory=list)
    rows_without_user: list[Row] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)

    @property
    def overwrites(self) -> list[Row]:
        return [row for row, _ in self.changes if row["cognito_user_id"]]


def plan(users: Iterable[PoolUser], rows: list[Row]) -> Plan:
    pool = sorted(users, key=lambda user: (user.created_at, user.sub))
    subs = {user.sub for user in pool}
    by_sub = {row["cognito_user_id"]: row for row in rows if row["cognito_user_id"]}
    by_email = {row["email"].lower(): row for row in rows if row["email"]}
    made = Plan(matched=[row for sub, row in by_sub.items() if sub in subs])
    taken: dict[str, PoolUser] = {}
    for user in pool:
        if user.sub in by_sub:
            continue
        row = by_email.get(user.email.lower()) if user.email_verified else None
        if row is None:
            made.users_without_row.append(user)
        elif row["cognito_user_id"] in subs or row["uuid"] in taken:
            made.conflicts.append(f"{user.email} belongs to @{row['handle']}, who signs in as another user of the pool")
        else:
            taken[row["uuid"]] = user
            made.changes.append((row, user.sub))
    _add_rows_without_user(made, rows, subs, taken.keys())
    return made


def _add_rows_without_user(made: Plan, rows: list[Row], subs: set[str], taken: Iterable[str]) -> None:
    """A stale id is taken off a row that has an e-mail, so that its owner can claim it. Any other row would be lost."""
    claimed = set(taken)
    for row in rows:
        if row["uuid"] in claimed or row["cognito_user_id"] in subs:
            continue
        made.rows_without_user.append(row)
        if row["cognito_user_id"] and row["email"]:
            made.changes.append((row, None))


def carry_out(made: Plan, queries: Queries) -> int:
    """How many rows were changed. A row that somebody else has changed since it was read is left alone."""
    # An id may move from one row to another, and no two rows may ever have it.
    for row in made.overwrites:
        queries.execute("users/clear_cognito_user_id", uuid=row["uuid"], old=row["cognito_user_id"])
    settings = [(row, sub) for row, sub in made.changes if sub]
    changed = sum(queries.execute("users/set_cognito_user_id", uuid=row["uuid"], new=sub) for row, sub in settings)
    return changed + len(made.changes) - len(settings)
