"""Every way to keep passwords and to make tokens keeps the contract."""

import base64
import json
from abc import abstractmethod
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from mediaport.adapters.memory.passwords import MemoryPasswords
from mediaport.adapters.memory.tokens import MemoryTokens
from mediaport.adapters.security.passwords import Argon2Passwords
from mediaport.adapters.security.tokens import JwtTokens
from mediaport.application.ports.passwords import Passwords
from mediaport.application.ports.tokens import Tokens
from mediaport.domain.errors import NotAuthenticated
from mediaport.domain.users import UserId

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "s" * 32


class PasswordsContract:
    """The tests; `passwords` comes from the subclass."""

    @pytest.fixture
    @abstractmethod
    def passwords(self) -> Passwords: ...

    async def test_a_password_fits_its_own_hash_alone(self, passwords: Passwords) -> None:
        password_hash = await passwords.hash("correct horse")

        assert await passwords.verify("correct horse", password_hash)
        assert not await passwords.verify("battery staple", password_hash)
        assert password_hash != "correct horse"

    async def test_two_hashes_of_one_password_differ(self, passwords: Passwords) -> None:
        assert await passwords.hash("correct horse") != await passwords.hash("correct horse")

    async def test_what_everybody_tries_first_is_known(self, passwords: Passwords) -> None:
        assert await passwords.is_common("password")
        assert await passwords.is_common("PassWord")
        assert not await passwords.is_common("correct horse")

    async def test_no_hash_fits_nothing(self, passwords: Passwords) -> None:
        assert not await passwords.verify("nobody's password", None)


class TestMemoryPasswords(PasswordsContract):
    @pytest.fixture
    def passwords(self) -> MemoryPasswords:
        return MemoryPasswords()


class TestArgon2Passwords(PasswordsContract):
    @pytest.fixture
    def passwords(self) -> Argon2Passwords:
        return Argon2Passwords()

    async def test_the_hash_is_what_owasp_recommends(self, passwords: Argon2Passwords) -> None:
        assert (await passwords.hash("x")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    @pytest.mark.parametrize(
        "password", ["12345678", "qwertyuiop", "Iloveyou", "1QAZ2WSX", "football", "trustno1"]
    )
    async def test_leaked_passwords_are_known(
        self, passwords: Argon2Passwords, password: str
    ) -> None:
        assert await passwords.is_common(password)

    async def test_a_hash_that_is_none_fits_nothing(self, passwords: Argon2Passwords) -> None:
        assert not await passwords.verify("x", "not a hash")


class TokensContract:
    """The tests; `tokens`, valid for an hour, come from the subclass."""

    @pytest.fixture
    @abstractmethod
    def tokens(self) -> Tokens: ...

    def test_a_token_proves_its_user_until_it_expires(self, tokens: Tokens) -> None:
        token = tokens.issue(UserId(7), now=NOW)

        assert tokens.verify(token, now=NOW + timedelta(seconds=3599)) == 7
        with pytest.raises(NotAuthenticated, match="expired"):
            tokens.verify(token, now=NOW + timedelta(seconds=3600))

    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "\ud800", "ä.ö.ü"])
    def test_what_is_no_token_proves_nothing(self, tokens: Tokens, token: str) -> None:
        with pytest.raises(NotAuthenticated):
            tokens.verify(token, now=NOW)


class TestMemoryTokens(TokensContract):
    @pytest.fixture
    def tokens(self) -> MemoryTokens:
        return MemoryTokens()


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


class TestJwtTokens(TokensContract):
    @pytest.fixture
    def tokens(self) -> JwtTokens:
        return JwtTokens(SECRET, expires_in_s=3600)

    @pytest.mark.parametrize(
        "claims",
        [
            {"exp": None},
            {"aud": "someone-else"},
            {"aud": None},
            {"sub": None},
            {"sub": "ada"},
            {"exp": "soon"},
            {"exp": NOW},
            {"exp": -1},
            {"aud": ["someone", "else"]},
            {"sub": "7.5"},
            {"sub": None, "user": "7"},
        ],
    )
    def test_other_claims_prove_nothing(self, tokens: JwtTokens, claims: dict[str, object]) -> None:
        good = {"sub": "7", "aud": "mediaport", "exp": NOW + timedelta(hours=1)}
        kept = {name: value for name, value in {**good, **claims}.items() if value is not None}
        assert tokens.verify(jwt.encode(good, SECRET, "HS256"), now=NOW) == 7

        with pytest.raises(NotAuthenticated):  # row 34
            tokens.verify(jwt.encode(kept, SECRET, "HS256"), now=NOW)

    def test_another_key_or_algorithm_proves_nothing(self, tokens: JwtTokens) -> None:
        good = {"sub": "7", "aud": "mediaport", "exp": 9_999_999_999}
        unsigned = f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(good)}."
        with pytest.warns(jwt.InsecureKeyLengthWarning):
            longer = jwt.encode(good, SECRET, "HS384")

        for token in (
            jwt.encode(good, "o" * 32, "HS256"),
            jwt.encode(good, SECRET * 2, "HS512"),
            longer,
            unsigned,
            unsigned.replace(encoded({"alg": "none", "typ": "JWT"}), encoded({"alg": "NonE"})),
            f"{encoded({'typ': 'JWT'})}.{encoded(good)}.",
            jwt.encode(good, SECRET, "HS256")[:-3],
        ):
            with pytest.raises(NotAuthenticated):  # row 34
                tokens.verify(token, now=NOW)
