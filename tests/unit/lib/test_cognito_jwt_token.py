"""Which tokens hold. The first column names what is wrong; no bad token may raise anything but TokenRefused."""

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes

from backend_flask.lib.cognito_jwt_token import MAX_TOKEN_BYTES, CognitoTokenVerifier, KeySet, TokenRefused
from tests.tokens import (
    CLAIMS,
    CLIENT_ID,
    DER,
    GOOD,
    HEADER,
    ISSUER,
    NOW,
    OTHER_KEY,
    PEM,
    POOL_KEY,
    Clock,
    claiming,
    headed,
    hs,
    jwk_of,
    key_set_of,
    lacking,
    other_spelling_of_the_last_character,
    raw_json,
    rs,
    spelled,
    text_of,
)

H, P, S = GOOD.split(".")
SIGNED = f"{H}.{P}"
ATTACKERS_JWK = jwk_of(OTHER_KEY)

BAD_TOKENS: list[tuple[str, str, str]] = [
    ("alg none, no signature", f"{text_of(raw_json({'alg': 'none', 'kid': 'k1'}))}.{P}.", "token_invalid"),
    ("alg none, with a signature", headed(alg="none"), "token_invalid"),
    ("alg None", headed(alg="None"), "token_invalid"),
    ("alg null", headed(alg=None), "token_invalid"),
    ("alg is a list", headed(alg=["RS256"]), "token_invalid"),
    ("alg missing", rs({"kid": "k1"}, CLAIMS), "token_invalid"),
    ("HS256 with the public key as PEM", hs(PEM), "token_invalid"),
    ("HS256 with the public key as DER", hs(DER), "token_invalid"),
    ("HS256 with an empty secret", hs(b""), "token_invalid"),
    ("RS512", rs(HEADER | {"alg": "RS512"}, CLAIMS, digest=hashes.SHA512()), "token_invalid"),
    ("SHA512 under the name RS256", rs(HEADER, CLAIMS, digest=hashes.SHA512()), "token_invalid"),
    ("rs256 in lower case", headed(alg="rs256"), "token_invalid"),
    ("PS256", headed(alg="PS256"), "token_invalid"),
    ("kid of no key", headed(kid="k9"), "token_invalid"),
    ("kid of another key", headed(kid="k2"), "token_invalid"),
    ("kid missing", rs({"alg": "RS256"}, CLAIMS), "token_invalid"),
    ("kid a number", headed(kid=1), "token_invalid"),
    ("kid a list", headed(kid=["k1"]), "token_invalid"),
    ("kid empty", headed(kid=""), "token_invalid"),
    ("kid null", headed(kid=None), "token_invalid"),
    ("crit header", headed(crit=["exp"]), "token_invalid"),
    ("crit header, empty", headed(crit=[]), "token_invalid"),
    ("key brought along as jwk", rs(HEADER | {"jwk": ATTACKERS_JWK}, CLAIMS, OTHER_KEY), "token_invalid"),
    ("key brought along as jku", rs(HEADER | {"jku": "http://127.0.0.1/"}, CLAIMS, OTHER_KEY), "token_invalid"),
    ("key brought along as x5u", rs(HEADER | {"x5u": "http://127.0.0.1/"}, CLAIMS, OTHER_KEY), "token_invalid"),
    ("key brought along as x5c", rs(HEADER | {"x5c": [text_of(DER)]}, CLAIMS, OTHER_KEY), "token_invalid"),
    ("header name twice", rs(b'{"alg": "none", "kid": "k1", "alg": "RS256"}', CLAIMS), "token_invalid"),
    ("header an array", rs(["RS256", "k1"], CLAIMS), "token_invalid"),
    ("header a text", rs('{"alg": "RS256"}', CLAIMS), "token_invalid"),
    ("header not JSON", rs(b"RS256", CLAIMS), "token_invalid"),
    ("header not UTF-8", rs(b'{"alg": "RS256", "kid": "k1", "x": "\xff"}', CLAIMS), "token_invalid"),
    ("header nested deeply", rs(b'{"x":' * 900 + b"1" + b"}" * 900, CLAIMS), "token_invalid"),
    ("signed by someone else", rs(HEADER, CLAIMS, OTHER_KEY), "token_invalid"),
    ("signature of another payload", f"{H}.{text_of(raw_json(CLAIMS | {'sub': 'other'}))}.{S}", "token_invalid"),
    ("signature of another header", f"{text_of(raw_json(HEADER | {'typ': 'JWT'}))}.{P}.{S}", "token_invalid"),
    ("signature missing", f"{SIGNED}.", "token_invalid"),
    ("signature cut short", f"{SIGNED}.{text_of(base64.urlsafe_b64decode(S + '==')[:-1])}", "token_invalid"),
    ("signature all zeros", f"{SIGNED}.{text_of(bytes(256))}", "token_invalid"),
    ("bad signature and expired", rs(HEADER, CLAIMS | {"exp": 1}, OTHER_KEY), "token_invalid"),
    ("bad signature, payload no JSON", rs(HEADER, b"{", OTHER_KEY), "token_invalid"),
    ("iss of another pool", claiming(iss=ISSUER[:-1] + "x"), "token_invalid"),
    ("iss with a slash", claiming(iss=ISSUER + "/"), "token_invalid"),
    ("iss in a list", claiming(iss=[ISSUER]), "token_invalid"),
    ("iss missing", lacking("iss"), "token_invalid"),
    ("client_id of another app", claiming(client_id="theirs"), "token_invalid"),
    ("client_id in a list", claiming(client_id=[CLIENT_ID]), "token_invalid"),
    ("client_id missing", lacking("client_id"), "token_invalid"),
    ("client_id missing, aud is ours", rs(HEADER, json.loads(json.dumps(CLAIMS).replace("client_id", "aud"))),
     "token_invalid"),
    ("id token", claiming(token_use="id", aud=CLIENT_ID), "token_invalid"),
    ("token_use missing", lacking("token_use"), "token_invalid"),
    ("token_use null", claiming(token_use=None), "token_invalid"),
    ("sub missing", lacking("sub"), "token_invalid"),
    ("sub a number", claiming(sub=7), "token_invalid"),
    ("sub empty", claiming(sub=""), "token_invalid"),
    ("sub with NUL", claiming(sub="some\x00one"), "token_invalid"),
    ("sub with half a surrogate pair", claiming(sub="\ud800"), "token_invalid"),
    ("sub longer than any", claiming(sub="s" * 129), "token_invalid"),
    ("expired an hour ago", claiming(exp=NOW - 3600), "token_expired"),
    ("expired just past the leeway", claiming(exp=NOW - 6), "token_expired"),
    ("exp zero", claiming(exp=0), "token_expired"),
    ("exp missing", lacking("exp"), "token_invalid"),
    ("exp null", claiming(exp=None), "token_invalid"),
    ("exp as text", claiming(exp=str(NOW + 60)), "token_invalid"),
    ("exp true", claiming(exp=True), "token_invalid"),
    ("exp a list", claiming(exp=[NOW + 60]), "token_invalid"),
    ("exp NaN", claiming(exp=float("nan")), "token_invalid"),
    ("exp Infinity", claiming(exp=float("inf")), "token_invalid"),
    ("exp 1e400", rs(HEADER, raw_json(CLAIMS).replace(str(NOW + 3600).encode(), b"1e400")), "token_invalid"),
    ("exp of 5,000 digits", rs(HEADER, raw_json(CLAIMS).replace(str(NOW + 3600).encode(), b"9" * 5000)),
     "token_invalid"),
    ("nbf in the future", claiming(nbf=NOW + 60), "token_not_yet_valid"),
    ("nbf as text", claiming(nbf=str(NOW)), "token_invalid"),
    ("nbf true", claiming(nbf=True), "token_invalid"),
    ("nbf null", claiming(nbf=None), "token_invalid"),
    ("claim name twice", spelled("sub", b'"someone else"'), "token_invalid"),
    ("claim name twice, once escaped", rs(HEADER, raw_json(CLAIMS)[:-1] + rb', "s\u0075b": "other"}'),
     "token_invalid"),
    ("payload not JSON", rs(HEADER, b"someone"), "token_invalid"),
    ("payload empty", rs(HEADER, b""), "token_invalid"),
    ("payload an array", rs(HEADER, [CLAIMS]), "token_invalid"),
    ("payload a number", rs(HEADER, 7), "token_invalid"),
    ("payload not UTF-8", spelled("x", b'"\xff"'), "token_invalid"),
    ("payload nested deeply", spelled("x", b"[" * 2000 + b"]" * 2000), "token_invalid"),
    ("one part", H, "token_invalid"),
    ("two parts", SIGNED, "token_invalid"),
    ("four parts", GOOD + "." + S, "token_invalid"),
    ("five parts, as an encrypted token has", "a.b.c.d.e", "token_invalid"),
    ("only dots", "..", "token_invalid"),
    ("no header", f".{P}.{S}", "token_invalid"),
    ("no payload", f"{H}..{S}", "token_invalid"),
    ("empty", "", "token_invalid"),
    ("padded signature", GOOD + "==", "token_invalid"),
    ("padded header", f"{H}=.{P}.{S}", "token_invalid"),
    ("two spellings of one signature", other_spelling_of_the_last_character(GOOD), "token_invalid"),
    ("+ and / of the other alphabet", f"{SIGNED}.{S.replace('-', '+').replace('_', '/')[:-4]}+/==", "token_invalid"),
    ("white space inside", GOOD.replace(".", ". ", 1), "token_invalid"),
    ("line break at the end", GOOD + "\n", "token_invalid"),
    ("not ASCII", GOOD[:-1] + "é", "token_invalid"),
    ("digits of another script", GOOD[:-1] + "٣", "token_invalid"),
    ("NUL", GOOD + "\x00", "token_invalid"),
    ("longer than 8 KB", claiming(padding="x" * MAX_TOKEN_BYTES), "token_invalid"),
    ("a megabyte of dots", "." * 1_000_000, "token_invalid"),
    ("garbage", "garbage", "token_invalid"),
    ("the word null", "null", "token_invalid"),
]  # fmt: skip

GOOD_TOKENS: list[tuple[str, str]] = [
    ("as Cognito makes it", GOOD),
    ("expired four seconds ago", claiming(exp=NOW - 4)),
    ("exp with a fraction", claiming(exp=NOW + 0.5)),
    ("nbf now", claiming(nbf=NOW)),
    ("nbf in four seconds", claiming(nbf=NOW + 4)),
    ("jwk, jku, x5u and x5c of someone else are ignored",
     headed(jwk=ATTACKERS_JWK, jku="http://127.0.0.1/", x5u="http://127.0.0.1/", x5c=["x"])),
    ("claims that nobody asked for", claiming(scope="openid", aud="x")),
]  # fmt: skip


@pytest.fixture
def pool() -> CognitoTokenVerifier:
    keys = KeySet(lambda: key_set_of(jwk_of(POOL_KEY), jwk_of(OTHER_KEY, "k2")))
    return CognitoTokenVerifier(keys, ISSUER, CLIENT_ID, Clock(NOW))


@pytest.mark.parametrize(("token", "code"), [row[1:] for row in BAD_TOKENS], ids=[row[0] for row in BAD_TOKENS])
def test_a_bad_token_is_refused(pool: CognitoTokenVerifier, token: str, code: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        pool.verify(token)
    assert refused.value.code == code


@pytest.mark.parametrize("token", [row[1] for row in GOOD_TOKENS], ids=[row[0] for row in GOOD_TOKENS])
def test_a_good_token_gives_its_claims(pool: CognitoTokenVerifier, token: str) -> None:
    assert pool.verify(token)["sub"] == "someone"


def test_every_single_changed_character_breaks_a_token(pool: CognitoTokenVerifier) -> None:
    for position in range(0, len(GOOD), 7):
        changed = "B" if GOOD[position] == "A" else "A"
        with pytest.raises(TokenRefused):
            pool.verify(GOOD[:position] + changed + GOOD[position + 1 :])


def test_a_token_may_be_as_long_as_the_limit_and_no_longer(pool: CognitoTokenVerifier) -> None:
    tokens = [claiming(padding="x" * size) for size in range(5300, 5800)]
    longest = max((token for token in tokens if len(token) <= MAX_TOKEN_BYTES), key=len)
    shortest_beyond = min((token for token in tokens if len(token) > MAX_TOKEN_BYTES), key=len)
    assert pool.verify(longest)
    with pytest.raises(TokenRefused):
        pool.verify(shortest_beyond)
