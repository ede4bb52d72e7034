"""Tokens that do not hold, each wrong in its own way, and tokens that look odd and hold.

The rules are those of awslabs/aws-jwt-verify (its tests of CognitoJwtVerifier), RFC 7515, RFC 7519 and RFC 8725.
"""

from __future__ import annotations

import base64
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from backend_flask.lib.cognito_jwt_token import MAX_TOKEN_BYTES
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
    claiming,
    headed,
    hs,
    jwk_of,
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
REFRESH_TOKEN = ".".join(
    [text_of(raw_json({"cty": "JWT", "enc": "A256GCM", "alg": "RSA-OAEP"})), S, text_of(bytes(12)), S[:80], S[:22]]
)
NONE = [text_of(raw_json({"alg": spelling, "kid": "k1"})) for spelling in ("none", "None", "NONE", "nOnE")]


def pss(alg: str) -> str:
    """Signed with the pool's key by RSASSA-PSS."""
    signed = f"{text_of(raw_json(HEADER | {'alg': alg}))}.{P}"
    salted = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    return f"{signed}.{text_of(POOL_KEY.sign(signed.encode(), salted, hashes.SHA256()))}"


def es(alg: str) -> str:
    """Signed with an elliptic curve."""
    signed = f"{text_of(raw_json(HEADER | {'alg': alg}))}.{P}"
    key = ec.generate_private_key(ec.SECP256R1())
    return f"{signed}.{text_of(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))}"


def unencoded() -> str:
    """With the payload as it is, as RFC 7797 has it."""
    header, payload = text_of(raw_json(HEADER | {"b64": False})), raw_json(CLAIMS).decode()
    signature = POOL_KEY.sign(f"{header}.{payload}".encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{header}.{payload}.{text_of(signature)}"


def spelled_exp(value: bytes) -> str:
    return rs(HEADER, raw_json(CLAIMS).replace(str(NOW + 3600).encode(), value))


# What is wrong, the token, and the code that says so.
BAD_TOKENS: list[tuple[str, str, str]] = [
    ("alg none, no signature", f"{NONE[0]}.{P}.", "token_invalid"),
    ("alg None, no signature", f"{NONE[1]}.{P}.", "token_invalid"),
    ("alg NONE, no signature", f"{NONE[2]}.{P}.", "token_invalid"),
    ("alg nOnE, signature of a token", f"{NONE[3]}.{P}.{S}", "token_invalid"),
    ("alg none, two parts", f"{NONE[0]}.{P}", "token_invalid"),
    ("alg none, with a signature", headed(alg="none"), "token_invalid"),
    ("alg None", headed(alg="None"), "token_invalid"),
    ("alg null", headed(alg=None), "token_invalid"),
    ("alg empty", headed(alg=""), "token_invalid"),
    ("alg a number", headed(alg=256), "token_invalid"),
    ("alg is a list", headed(alg=["RS256"]), "token_invalid"),
    ("alg missing", rs({"kid": "k1"}, CLAIMS), "token_invalid"),
    ("HS256 with the public key as PEM", hs(PEM), "token_invalid"),
    ("HS256 with the public key as DER", hs(DER), "token_invalid"),
    ("HS256 with the public key as JWK", hs(raw_json(jwk_of(POOL_KEY))), "token_invalid"),
    ("HS256 with the public key as JWK, without spaces",
     hs(json.dumps(jwk_of(POOL_KEY), separators=(",", ":")).encode()), "token_invalid"),
    ("HS256 with the modulus", hs(str(jwk_of(POOL_KEY)["n"]).encode()), "token_invalid"),
    ("HS256 with an empty secret", hs(b""), "token_invalid"),
    ("HS256 with the kid", hs(b"k1"), "token_invalid"),
    ("HS256 under the name RS256", hs(PEM, "RS256"), "token_invalid"),
    ("RS384", rs(HEADER | {"alg": "RS384"}, CLAIMS, digest=hashes.SHA384()), "token_invalid"),
    ("RS512", rs(HEADER | {"alg": "RS512"}, CLAIMS, digest=hashes.SHA512()), "token_invalid"),
    ("SHA512 under the name RS256", rs(HEADER, CLAIMS, digest=hashes.SHA512()), "token_invalid"),
    ("rs256 in lower case", headed(alg="rs256"), "token_invalid"),
    ("PS256 in name only", headed(alg="PS256"), "token_invalid"),
    ("PS256 with our key", pss("PS256"), "token_invalid"),
    ("PS256 under the name RS256", pss("RS256"), "token_invalid"),
    ("ES256 in name only", headed(alg="ES256"), "token_invalid"),
    ("ES256 with a key of its own", es("ES256"), "token_invalid"),
    ("ES256 under the name RS256", es("RS256"), "token_invalid"),
    ("EdDSA in name only", headed(alg="EdDSA"), "token_invalid"),
    ("kid of no key", headed(kid="k9"), "token_invalid"),
    ("kid of another key", headed(kid="k2"), "token_invalid"),
    ("kid missing", rs({"alg": "RS256"}, CLAIMS), "token_invalid"),
    ("kid a number", headed(kid=1), "token_invalid"),
    ("kid a list", headed(kid=["k1"]), "token_invalid"),
    ("kid an object", headed(kid={"kid": "k1"}), "token_invalid"),
    ("kid true", headed(kid=True), "token_invalid"),
    ("kid empty", headed(kid=""), "token_invalid"),
    ("kid with a space", headed(kid="k1 "), "token_invalid"),
    ("kid with NUL", headed(kid="k1\x00"), "token_invalid"),
    ("kid a path", headed(kid="../../dev/null"), "token_invalid"),
    ("kid of SQL", headed(kid="x' UNION SELECT 'k1"), "token_invalid"),
    ("kid of many characters", headed(kid="k" * 4000), "token_invalid"),
    ("kid with half a surrogate pair", headed(kid="\ud800"), "token_invalid"),
    ("kid null", headed(kid=None), "token_invalid"),
    ("crit header", headed(crit=["exp"]), "token_invalid"),
    ("crit header, empty", headed(crit=[]), "token_invalid"),
    ("crit header, null", headed(crit=None), "token_invalid"),
    ("crit header of b64", headed(crit=["b64"], b64=False), "token_invalid"),
    ("b64 false, payload encoded", headed(b64=False), "token_invalid"),
    ("b64 false, payload as it is", unencoded(), "token_invalid"),
    ("key brought along as jwk, with its kid",
     rs({"alg": "RS256", "kid": "k9", "jwk": jwk_of(OTHER_KEY, "k9")}, CLAIMS, OTHER_KEY), "token_invalid"),
    ("key brought along as jwk, without kid", rs({"alg": "RS256", "jwk": ATTACKERS_JWK}, CLAIMS, OTHER_KEY),
     "token_invalid"),
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
    ("iss in upper case", claiming(iss=ISSUER.upper()), "token_invalid"),
    ("iss over http", claiming(iss=ISSUER.replace("https", "http")), "token_invalid"),
    ("iss of another region", claiming(iss=ISSUER.replace("us-east-1.", "us-west-2.")), "token_invalid"),
    ("iss of another host", claiming(iss=ISSUER.replace("amazonaws.com", "amazonaws.com.example")), "token_invalid"),
    ("iss null", claiming(iss=None), "token_invalid"),
    ("iss a number", claiming(iss=1), "token_invalid"),
    ("iss missing", lacking("iss"), "token_invalid"),
    ("client_id of another app", claiming(client_id="theirs"), "token_invalid"),
    ("client_id in a list", claiming(client_id=[CLIENT_ID]), "token_invalid"),
    ("client_id empty", claiming(client_id=""), "token_invalid"),
    ("client_id null", claiming(client_id=None), "token_invalid"),
    ("client_id of a machine, and no sub", rs(HEADER, {**CLAIMS, "sub": None, "scope": "x/y"}), "token_invalid"),
    ("client_id missing", lacking("client_id"), "token_invalid"),
    ("client_id missing, aud is ours", rs(HEADER, json.loads(json.dumps(CLAIMS).replace("client_id", "aud"))),
     "token_invalid"),
    ("id token", claiming(token_use="id", aud=CLIENT_ID), "token_invalid"),
    ("id token as Cognito makes it",
     rs(HEADER, {name: CLAIMS[name] for name in CLAIMS if name != "client_id"} | {"token_use": "id", "aud": CLIENT_ID}),
     "token_invalid"),
    ("token_use refresh", claiming(token_use="refresh"), "token_invalid"),
    ("token_use in a list", claiming(token_use=["access"]), "token_invalid"),
    ("token_use in upper case", claiming(token_use="ACCESS"), "token_invalid"),
    ("token_use missing", lacking("token_use"), "token_invalid"),
    ("token_use null", claiming(token_use=None), "token_invalid"),
    ("sub missing", lacking("sub"), "token_invalid"),
    ("sub null", claiming(sub=None), "token_invalid"),
    ("sub a number", claiming(sub=7), "token_invalid"),
    ("sub a list", claiming(sub=["someone"]), "token_invalid"),
    ("sub an object", claiming(sub={"sub": "someone"}), "token_invalid"),
    ("sub empty", claiming(sub=""), "token_invalid"),
    ("sub with NUL", claiming(sub="some\x00one"), "token_invalid"),
    ("sub with half a surrogate pair", claiming(sub="\ud800"), "token_invalid"),
    ("sub longer than any", claiming(sub="s" * 129), "token_invalid"),
    ("expired an hour ago", claiming(exp=NOW - 3600), "token_expired"),
    ("expired just past the leeway", claiming(exp=NOW - 6), "token_expired"),
    ("exp zero", claiming(exp=0), "token_expired"),
    ("exp negative", claiming(exp=-(NOW + 3600)), "token_expired"),
    ("exp a fraction, past", claiming(exp=NOW - 6.5), "token_expired"),
    ("exp minus nothing", spelled_exp(b"-0.0"), "token_expired"),
    ("exp missing", lacking("exp"), "token_invalid"),
    ("exp empty", claiming(exp=""), "token_invalid"),
    ("exp in milliseconds", claiming(exp=(NOW + 3600) * 1000), "token_invalid"),
    ("exp 1e308", spelled_exp(b"1e308"), "token_invalid"),
    ("exp -Infinity", claiming(exp=float("-inf")), "token_invalid"),
    ("exp an object", claiming(exp={"$gt": 0}), "token_invalid"),
    ("exp false", claiming(exp=False), "token_invalid"),
    ("exp twice", spelled("exp", str(NOW + 7200).encode()), "token_invalid"),
    ("exp null", claiming(exp=None), "token_invalid"),
    ("exp as text", claiming(exp=str(NOW + 60)), "token_invalid"),
    ("exp true", claiming(exp=True), "token_invalid"),
    ("exp a list", claiming(exp=[NOW + 60]), "token_invalid"),
    ("exp NaN", claiming(exp=float("nan")), "token_invalid"),
    ("exp Infinity", claiming(exp=float("inf")), "token_invalid"),
    ("exp 1e400", spelled_exp(b"1e400"), "token_invalid"),
    ("exp of 5,000 digits", spelled_exp(b"9" * 5000), "token_invalid"),
    ("nbf tomorrow", claiming(nbf=NOW + 86_400), "token_not_yet_valid"),
    ("nbf NaN", claiming(nbf=float("nan")), "token_invalid"),
    ("nbf a list", claiming(nbf=[NOW]), "token_invalid"),
    ("nbf as text", claiming(nbf=str(NOW)), "token_invalid"),
    ("nbf true", claiming(nbf=True), "token_invalid"),
    ("nbf null", claiming(nbf=None), "token_invalid"),
    ("iat as text", claiming(iat=str(NOW)), "token_invalid"),
    ("iat true", claiming(iat=True), "token_invalid"),
    ("iat null", claiming(iat=None), "token_invalid"),
    ("iat NaN", claiming(iat=float("nan")), "token_invalid"),
    ("scope a list", claiming(scope=["openid"]), "token_invalid"),
    ("jti a number", claiming(jti=7), "token_invalid"),
    ("aud a number", claiming(aud=7), "token_invalid"),
    ("aud a list with a number", claiming(aud=[CLIENT_ID, 7]), "token_invalid"),
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
    ("four parts, the last empty", GOOD + ".", "token_invalid"),
    ("five parts", "a.b.c.d.e", "token_invalid"),
    ("refresh token, which is encrypted", REFRESH_TOKEN, "token_invalid"),
    ("only dots", "..", "token_invalid"),
    ("no header", f".{P}.{S}", "token_invalid"),
    ("no payload", f"{H}..{S}", "token_invalid"),
    ("empty", "", "token_invalid"),
    ("padded signature", GOOD + "==", "token_invalid"),
    ("padded header", f"{H}=.{P}.{S}", "token_invalid"),
    ("padded payload", f"{H}.{P}=.{S}", "token_invalid"),
    ("a length that base64 never has", f"{H}.{P}.{S[:341]}", "token_invalid"),
    ("signature in hexadecimal", f"{SIGNED}.{base64.urlsafe_b64decode(S + '==').hex()}", "token_invalid"),
    ("signature with a tab", f"{SIGNED}.{S[:9]}\t{S[9:]}", "token_invalid"),
    ("signature of another token", f"{SIGNED}.{claiming(sub='other').rsplit('.', 1)[1]}", "token_invalid"),
    ("signature twice", f"{SIGNED}.{S}{S}", "token_invalid"),
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
    ("claims that nobody asked for", claiming(scope="openid", aud=["x"], jti="j", __proto__={"sub": "other"})),
    ("a typ that nobody asked for", headed(typ="at+jwt")),
    ("a typ that is none", headed(typ=7)),
    # Only exp and nbf say when a token holds: RFC 7519, section 4.1.6.
    ("made in the future", claiming(iat=NOW + 86_400)),
    ("iat missing", lacking("iat")),
]  # fmt: skip
