"""Cognito access tokens and key sets made by hand, so that each can be wrong in its own way."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# So that the tokens hold, or do not, for an API with its own clock too.
NOW = int(time.time())
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool"
CLIENT_ID = "our-client"
POOL_KEY = rsa.generate_private_key(65537, 2048)
OTHER_KEY = rsa.generate_private_key(65537, 2048)
HEADER = {"alg": "RS256", "kid": "k1"}
CLAIMS = {
    "iss": ISSUER,
    "token_use": "access",
    "client_id": CLIENT_ID,
    "sub": "someone",
    "username": "someone",
    "exp": NOW + 3600,
    "iat": NOW,
}
PEM = POOL_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
DER = POOL_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw_json(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def rs(header: object, payload: object, key: rsa.RSAPrivateKey = POOL_KEY, digest: Any = None) -> str:
    signed = f"{text_of(raw_json(header))}.{text_of(raw_json(payload))}"
    return f"{signed}.{text_of(key.sign(signed.encode(), padding.PKCS1v15(), digest or hashes.SHA256()))}"


def hs(secret: bytes, alg: str = "HS256") -> str:
    signed = f"{text_of(raw_json(HEADER | {'alg': alg}))}.{text_of(raw_json(CLAIMS))}"
    return f"{signed}.{text_of(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def headed(**changes: object) -> str:
    return rs(HEADER | changes, CLAIMS)


def claiming(**changes: object) -> str:
    return rs(HEADER, CLAIMS | changes)


def lacking(claim: str) -> str:
    return rs(HEADER, {name: value for name, value in CLAIMS.items() if name != claim})


def spelled(claim: str, value: bytes) -> str:
    """A validly signed token with a claim in a spelling that json.dumps would not write."""
    return rs(HEADER, raw_json(CLAIMS)[:-1] + b', "%s": %s}' % (claim.encode(), value))


def other_spelling_of_the_last_character(token: str) -> str:
    """A 2048-bit signature leaves four bits of its last character unused."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def jwk_of(key: rsa.RSAPrivateKey, kid: object = "k1", **changes: object) -> dict[str, object]:
    numbers = key.public_key().public_numbers()
    n, e = (text_of(value.to_bytes((value.bit_length() + 7) // 8)) for value in (numbers.n, numbers.e))
    return {"kid": kid, "kty": "RSA", "alg": "RS256", "use": "sig", "n": n, "e": e} | changes


def key_set_of(*keys: object) -> dict[str, object]:
    return {"keys": list(keys)}


GOOD = rs(HEADER, CLAIMS)


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
