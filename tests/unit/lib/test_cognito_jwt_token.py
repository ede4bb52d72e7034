"""Which tokens hold. No bad token may raise anything but TokenRefused."""

import pytest

from backend_flask.lib.cognito_jwt_token import MAX_TOKEN_BYTES, CognitoTokenVerifier, KeySet, TokenRefused
from tests.bad_tokens import BAD_TOKENS, GOOD_TOKENS
from tests.tokens import CLIENT_ID, GOOD, ISSUER, NOW, OTHER_KEY, POOL_KEY, Clock, claiming, jwk_of, key_set_of


@pytest.fixture
def pool() -> CognitoTokenVerifier:
    keys = KeySet(lambda: key_set_of(jwk_of(POOL_KEY), jwk_of(OTHER_KEY, "k2")))
    return CognitoTokenVerifier(keys, ISSUER, CLIENT_ID, Clock(NOW))


@pytest.mark.parametrize(("token", "code"), [row[1:] for row in BAD_TOKENS], ids=[row[0] for row in BAD_TOKENS])
def test_a_bad_token_is_refused(pool: CognitoTokenVerifier, token: str, code: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        pool.verify(token)
    assert refused.value.code == code


def test_the_table_of_bad_tokens_is_long_and_names_each_once() -> None:
    assert len({name for name, _, _ in BAD_TOKENS}) == len(BAD_TOKENS) >= 150
    assert len({token for _, token, _ in BAD_TOKENS}) == len(BAD_TOKENS)


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


def test_a_token_holds_from_nbf_on_apart_from_the_leeway(pool: CognitoTokenVerifier) -> None:
    assert pool.verify(claiming(nbf=NOW + 5))
    with pytest.raises(TokenRefused, match="token_not_yet_valid"):
        pool.verify(claiming(nbf=NOW + 6))
