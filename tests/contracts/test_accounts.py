"""Every way to keep passwords and to make tokens keeps the contract."""

import base64
import hmac
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
WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "password")


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

    async def test_no_hash_fits_nothing(self, passwords: Passwords) -> None:
        assert not await passwords.verify("nobody's password", None)

    @pytest.mark.parametrize("password", ["password", "Password1", "1234567890"])
    async def test_what_anyone_would_try_is_common(
        self, passwords: Passwords, password: str
    ) -> None:
        assert await passwords.is_common(password)

    @pytest.mark.parametrize("password", ["correct horse", "correct horse battery staple", "żółć"])
    async def test_other_words_are_not(self, passwords: Passwords, password: str) -> None:
        assert not await passwords.is_common(password)


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
        "password",
        [
            "00000000",
            "aaaaaaaa",
            "abcdefgh",
            " " * 8,
            "mediaport",
            " password ",
            WIDE,
            "testtest",
        ],
    )
    async def test_what_is_no_better_is_common_too(
        self, passwords: Argon2Passwords, password: str
    ) -> None:
        assert await passwords.is_common(password)

    async def test_the_list_of_common_ones_is_long(self, passwords: Argon2Passwords) -> None:
        often = ["qwertyuiop", "iloveyou", "baseball", "1q2w3e4r", "TRUSTNO1", "passw0rd"]

        assert all([await passwords.is_common(password) for password in often])

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


def said_to_be_signed_by(
    algorithm: str | None, claims: dict[str, object], *, digest: str = "sha256"
) -> str:
    """A token with an HMAC made by our secret, under the name of some algorithm."""
    signed = f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{encoded(claims)}"
    signature = hmac.digest(SECRET.encode(), signed.encode(), digest)
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


class TestJwtTokens(TokensContract):
    @pytest.fixture
    def tokens(self) -> JwtTokens:
        return JwtTokens(SECRET, expires_in_s=3600)

    @pytest.mark.parametrize(
        "claims",
        [
            {"exp": None},
            {"exp": "soon"},
            {"exp": "9999999999"},
            {"exp": 10.5**300},
            {"exp": float("inf")},
            {"exp": float("nan")},
            {"exp": [9_999_999_999]},
            {"exp": 1},
            {"exp": -(10**400)},
            {"aud": "someone-else"},
            {"aud": ["someone-else", "mediaport2"]},
            {"aud": ""},
            {"aud": None},
            {"sub": None},
            {"sub": "ada"},
            {"sub": 7},
            {"sub": "7" * 5000},
        ],
    )
    def test_other_claims_prove_nothing(self, tokens: JwtTokens, claims: dict[str, object]) -> None:
        good = {"sub": "7", "aud": "mediaport", "exp": NOW + timedelta(hours=1)}
        kept = {name: value for name, value in {**good, **claims}.items() if value is not None}
        assert tokens.verify(jwt.encode(good, SECRET, "HS256"), now=NOW) == 7

        with pytest.raises(NotAuthenticated):  # row 34
            tokens.verify(jwt.encode(kept, SECRET, "HS256"), now=NOW)

    def test_an_expiry_beyond_all_calendars_is_none_yet(self, tokens: JwtTokens) -> None:
        claims = {"sub": "7", "aud": "mediaport", "exp": 10**400}

        assert tokens.verify(jwt.encode(claims, SECRET, "HS256"), now=NOW) == 7

    def test_a_token_of_another_installation_proves_nothing(self) -> None:
        other = JwtTokens("o" * 32, expires_in_s=3600)

        with pytest.raises(NotAuthenticated):  # row 34
            other.verify(JwtTokens(SECRET, expires_in_s=3600).issue(UserId(7), now=NOW), now=NOW)

    def test_another_key_or_algorithm_proves_nothing(self, tokens: JwtTokens) -> None:
        good = {"sub": "7", "aud": "mediaport", "exp": 9_999_999_999}
        header, claims, signature = jwt.encode(good, SECRET, "HS256").split(".")
        assert tokens.verify(f"{header}.{claims}.{signature}", now=NOW) == 7
        assert tokens.verify(said_to_be_signed_by("HS256", good), now=NOW) == 7

        for token in (
            jwt.encode(good, "o" * 32, "HS256"),
            said_to_be_signed_by("HS384", good, digest="sha384"),
            said_to_be_signed_by("HS512", good, digest="sha512"),
            f"{header}.{claims}.",
            f"{header}.{claims}.{signature[::-1]}",
            f"{header}.{encoded({**good, 'sub': '8'})}.{signature}",
        ):
            with pytest.raises(NotAuthenticated):  # row 34
                tokens.verify(token, now=NOW)

    @pytest.mark.parametrize(
        "algorithm", ["none", "None", "NONE", "", None, "HS512", "RS256", "ES256", "EdDSA", "hs256"]
    )
    def test_a_token_chooses_not_how_it_is_verified(
        self, tokens: JwtTokens, algorithm: str | None
    ) -> None:
        good = {"sub": "7", "aud": "mediaport", "exp": 9_999_999_999}
        token = said_to_be_signed_by(algorithm, good)
        unsigned = f"{token.rpartition('.')[0]}."

        for forged in (token, unsigned):
            with pytest.raises(NotAuthenticated):  # row 34
                tokens.verify(forged, now=NOW)
