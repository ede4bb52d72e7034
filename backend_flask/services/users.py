"""Who a person is: their row in Postgres, found by handle or by the `sub` of their access token.

A row made by the seeds has an e-mail and no Cognito id. Only a verified e-mail proves that it belongs to somebody:
anyone can choose a handle.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from backend_flask.errors import Conflict, Invalid, NotFound, NotSignedIn, Unavailable
from backend_flask.lib import cognito_users
from backend_flask.lib.cognito_users import Attributes
from backend_flask.lib.db import Database, Queries, Row
from backend_flask.services import rules

HANDLE_MAX_CHARACTERS = 30
DISPLAY_NAME_MAX_CHARACTERS = 50
BIO_MAX_CHARACTERS = 500
EMAIL_MAX_CHARACTERS = 254
PREFIX_MAX_CHARACTERS = 50
HANDLE_RULE = f"1 to {HANDLE_MAX_CHARACTERS} of A-Z a-z 0-9 _ . - and the first is a letter or a digit"

DISPLAY_NAME = rules.Text("display_name", DISPLAY_NAME_MAX_CHARACTERS, one_line=True, example="Ada Lovelace")
PREFIX = rules.Text("search_term", PREFIX_MAX_CHARACTERS, one_line=True, example="lon")
BIO = rules.Text("bio", BIO_MAX_CHARACTERS, may_be_blank=True, example="Analyst, metaphysician.")

_HANDLE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{HANDLE_MAX_CHARACTERS - 1}}}")
_UNSTORABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class User:
    uuid: str
    handle: str
    display_name: str


def is_handle(value: object) -> bool:
    return isinstance(value, str) and _HANDLE.fullmatch(value) is not None


def is_email(value: str) -> bool:
    """Only plain ASCII: a letter like the Kelvin sign becomes another address in lower case."""
    return value.isascii() and value.isprintable() and 3 <= len(value) <= EMAIL_MAX_CHARACTERS


def short(db: Database, handle: str) -> User:
    """The user with this handle, in whatever case it is written. Raises NotFound."""
    row = db.one("users/short", handle=handle) if is_handle(handle) else None
    if row is None:
        raise NotFound("user_not_found")
    return User(**row)


def by_handles(db: Database, handles: Iterable[str]) -> list[User]:
    """The users with these handles, in whatever case they are written, in the order of their handles."""
    asked = sorted({handle.lower() for handle in handles if is_handle(handle)})
    rows = db.all("users/by_handles", handles=asked) if asked else []
    return sorted((User(**row) for row in rows), key=lambda user: user.handle.lower())


def by_uuids(db: Database, uuids: Iterable[str]) -> list[User]:
    """The users with these uuids, in the order of their handles."""
    rows = db.all("users/by_uuids", uuids=sorted(uuids))
    return sorted((User(**row) for row in rows), key=lambda user: user.handle.lower())


def search(db: Database, user: User, term: Any, limit: int) -> list[User]:
    """Others whose handle, name or a word of the name begins so, in any case and in this order. Raises Invalid.

    Of a handle the @ in front may be there.
    """
    problems: list[str] = []
    prefix = PREFIX.read(term, problems)
    rules.raise_if_any(problems)
    prefix = prefix.removeprefix("@") or prefix
    return [User(**row) for row in db.all("users/search", term=prefix, user_uuid=user.uuid, limit=limit)]


def sender_and_receiver(db: Database, sender: User, handle: str) -> tuple[User, User]:
    """The two people of a direct message, as they are called now.

    Raises Invalid if nobody has the handle, or if it is the sender's own.
    """
    rows = db.all("users/create_message_users", user_uuid=sender.uuid, handle=handle) if is_handle(handle) else []
    people = {row.pop("kind"): User(**row) for row in rows}
    if "receiver" not in people:
        own = handle.lower() == sender.handle.lower()
        raise Invalid("user_reciever_handle_own" if own else "user_reciever_handle_unknown")
    return people.get("sender", sender), people["receiver"]


def from_claims(db: Database, cognito: Any, claims: dict[str, Any], access_token: str) -> User:
    """The user whose token this is. A person without a row gets one, the same whatever else they ask meanwhile.

    Raises NotSignedIn if Cognito has revoked the token, Conflict if the person's e-mail belongs to another account,
    Unavailable if Cognito is needed and does not answer.
    """
    row = db.one("users/uuid_from_cognito_user_id", cognito_user_id=claims["sub"])
    if row is None:
        row = _first_sign_in(db, claims["sub"], _attributes(cognito, access_token))
    return User(**row)


def from_sign_up(db: Queries, sub: str, person: Attributes) -> User:
    """The user who has just confirmed a sign-up: the row that a first sign-in would make, which finds it then.

    Raises Conflict as that does.
    """
    row = db.one("users/uuid_from_cognito_user_id", cognito_user_id=sub)
    return User(**(row or _first_sign_in(db, sub, person)))


def update_profile(db: Database, user: User, display_name: Any, bio: Any) -> User:
    """Changes the user's name, and the bio unless it is None. Raises Invalid, or NotFound if the row is gone."""
    problems: list[str] = []
    name = DISPLAY_NAME.read(display_name, problems)
    if bio is not None:
        bio = BIO.read(bio, problems)
    rules.raise_if_any(problems)
    row = db.one("users/update_profile", uuid=user.uuid, display_name=name, bio=bio)
    if row is None:
        raise NotFound("user_not_found")
    return User(**row)


def _attributes(cognito: Any, access_token: str) -> Attributes:
    try:
        return cognito_users.get_user(cognito, access_token)
    except cognito_users.TokenRevoked:
        raise NotSignedIn("token_revoked") from None
    except cognito_users.CognitoUnavailable:
        raise Unavailable from None


def _first_sign_in(db: Database | Queries, sub: str, person: Attributes) -> Row:
    email = person.email if is_email(person.email) else None
    for handle in _handles(person, sub):
        row = _existing(db, sub, email) or db.one(
            "users/create",
            display_name=_display_name(person) or handle,
            handle=handle,
            email=email,
            cognito_user_id=sub,
        )
        if row:
            return row
    raise Conflict("account_conflict", "No free handle could be found for this account.")


def _existing(db: Database | Queries, sub: str, email: str | None) -> Row | None:
    """The row that this person may claim, or that another request of the same person has just made."""
    row = db.one("users/claim_by_email", email=email, cognito_user_id=sub) if email else None
    row = row or db.one("users/uuid_from_cognito_user_id", cognito_user_id=sub)
    if row is None and email:
        owner = db.one("users/uuid_from_email", email=email)
        if owner and owner["cognito_user_id"] not in {None, sub}:
            raise Conflict("account_conflict", "This e-mail address belongs to another account.")
    return row


def _handles(person: Attributes, sub: str) -> Iterator[str]:
    """The handle that the person asked for, or one like their name; then variants of it that hold their `sub`."""
    wanted = person.preferred_username.strip()
    if not is_handle(wanted):
        wanted = _handle_like(wanted) or _handle_like(person.name) or "user"
    yield wanted
    digest = hashlib.sha256(sub.encode()).hexdigest()
    for length in (6, 12, 24):
        yield f"{wanted[: HANDLE_MAX_CHARACTERS - length - 1]}-{digest[:length]}"


def _handle_like(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).lower()
    return re.sub(r"[^a-z0-9]", "", plain)[:HANDLE_MAX_CHARACTERS]


def _display_name(person: Attributes) -> str:
    return _UNSTORABLE.sub("", person.name).strip()[:DISPLAY_NAME_MAX_CHARACTERS].strip()
