"""What everyone who signs URLs does. Subclass it once per adapter."""

from abc import abstractmethod
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest

from mediaport.adapters.memory.clock import MemoryClock
from mediaport.application.media.signed_urls import SignedUrls
from mediaport.application.ports.url_signer import UrlSigner
from mediaport.domain.keys import KeyPrefixes

PREFIXES = KeyPrefixes(incoming="incoming/", public="public/")
KEY, OTHER = "public/media/1/2/a.jpg", "public/media/1/2/a_128.webp"
OBJECTS = {KEY: b"\xff\xd8\xff jpeg bytes", OTHER: b"RIFF webp bytes"}
LASTS_S = 60


def signature_of(url: str) -> str:
    """Its value, by whatever name it goes."""
    parameters = dict(part.split("=") for part in urlsplit(url).query.split("&"))
    return next(value for name, value in parameters.items() if name.lower().endswith("signature"))


class UrlSignerContract:
    """`signer` comes from the adapter's subclass, beside a store that holds OBJECTS."""

    @pytest.fixture
    @abstractmethod
    def signer(self) -> UrlSigner: ...

    @pytest.fixture
    @abstractmethod
    def now(self) -> datetime: ...

    @abstractmethod
    async def get(self, url: str) -> tuple[int, bytes]:
        """Anyone's GET: its status, and the bytes."""

    async def test_a_signed_url_shows_its_object(self, signer: UrlSigner, now: datetime) -> None:
        for key, body in OBJECTS.items():
            url = signer.presign_get(key, since=now, expires_in_s=LASTS_S)

            assert await self.get(url) == (200, body)

    async def test_it_shows_it_until_its_time_is_over(
        self, signer: UrlSigner, now: datetime
    ) -> None:
        def signed(s_ago: int) -> str:
            since = now - timedelta(seconds=s_ago)
            return signer.presign_get(KEY, since=since, expires_in_s=LASTS_S)

        assert (await self.get(signed(LASTS_S - 30)))[0] == 200
        assert (await self.get(signed(LASTS_S + 5)))[0] == 403

    async def test_without_a_signature_nothing_is_shown(
        self, signer: UrlSigner, now: datetime
    ) -> None:
        url = signer.presign_get(KEY, since=now, expires_in_s=LASTS_S)

        assert (await self.get(url.partition("?")[0]))[0] == 403

    async def test_the_signature_of_another_object_shows_nothing(
        self, signer: UrlSigner, now: datetime
    ) -> None:
        url = signer.presign_get(KEY, since=now, expires_in_s=LASTS_S)

        assert (await self.get(url.replace(KEY, OTHER)))[0] == 403

    async def test_a_signature_is_good_for_no_other_time(
        self, signer: UrlSigner, now: datetime
    ) -> None:
        before = now - timedelta(seconds=LASTS_S + 5)
        expired = signer.presign_get(KEY, since=before, expires_in_s=LASTS_S)
        url = signer.presign_get(KEY, since=now, expires_in_s=LASTS_S)

        prolonged = url.replace(signature_of(url), signature_of(expired))

        assert prolonged != url
        assert (await self.get(prolonged))[0] == 403

    async def test_the_same_is_signed_the_same(self, signer: UrlSigner, now: datetime) -> None:
        def sign(key: str, since: datetime, expires_in_s: int) -> str:
            return signer.presign_get(key, since=since, expires_in_s=expires_in_s)

        later = now + timedelta(seconds=LASTS_S)
        url = sign(KEY, now, LASTS_S)

        assert sign(KEY, now, LASTS_S) == url
        others = {sign(OTHER, now, LASTS_S), sign(KEY, later, LASTS_S), sign(KEY, now, 3 * LASTS_S)}
        assert len(others | {url}) == 4

    async def test_a_url_stays_for_a_window_and_can_be_used_for_one_more(
        self, signer: UrlSigner, now: datetime
    ) -> None:
        clock = MemoryClock()
        ttl_s = 3600
        begun_at = int(now.timestamp()) // ttl_s * ttl_s
        clock.advance(seconds=begun_at - clock.now().timestamp())
        urls = SignedUrls(signer, clock, PREFIXES, ttl_s=ttl_s)
        kept = f"https://once.example/base/{KEY}"

        first = urls.of(kept)
        clock.advance(seconds=ttl_s - 1)
        last = urls.of(kept)
        clock.advance(seconds=1)
        following = urls.of(kept)

        assert first == last != following
        assert (await self.get(last))[0] == 200
