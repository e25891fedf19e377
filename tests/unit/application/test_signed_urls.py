"""URLs that are signed for a time, where nothing is public."""

import pytest

from mediaport.adapters.memory.clock import MemoryClock
from mediaport.adapters.memory.object_store import MemoryObjectStore
from mediaport.adapters.memory.url_signer import MemoryUrlSigner
from mediaport.application.media import signed_urls
from mediaport.application.media.signed_urls import SignedUrls
from mediaport.domain.keys import KeyPrefixes

KEPT = "https://cdn.example/public/media/1/2/a.jpg"
TTL_S = 60


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock()


@pytest.fixture
def signer(clock: MemoryClock) -> MemoryUrlSigner:
    return MemoryUrlSigner(MemoryObjectStore(clock), clock)


@pytest.fixture
def urls(signer: MemoryUrlSigner, clock: MemoryClock) -> SignedUrls:
    prefixes = KeyPrefixes(incoming="incoming/", public="shown/here/")
    return SignedUrls(signer, clock, prefixes, ttl_s=TTL_S)


def test_a_url_is_signed_once_in_its_window(
    urls: SignedUrls, signer: MemoryUrlSigner, clock: MemoryClock
) -> None:
    first = urls.of(KEPT)
    clock.advance(seconds=TTL_S - 0.1)

    assert urls.of(KEPT) == first
    assert signer.signed == 1


def test_the_next_window_has_another_url(urls: SignedUrls, clock: MemoryClock) -> None:
    first, edition = urls.of(KEPT), urls.edition()
    clock.advance(seconds=TTL_S)

    assert urls.of(KEPT) != first
    assert urls.edition() != edition


def test_who_signs_anew_signs_all_anew(urls: SignedUrls, signer: MemoryUrlSigner) -> None:
    first, edition = urls.of(KEPT), urls.edition()
    signer.key_name = "renewed"

    assert urls.of(KEPT) != first
    assert urls.edition() != edition


def test_two_processes_give_out_the_same_url(
    urls: SignedUrls, signer: MemoryUrlSigner, clock: MemoryClock
) -> None:
    prefixes = KeyPrefixes(incoming="incoming/", public="shown/here/")
    other = SignedUrls(signer, clock, prefixes, ttl_s=TTL_S)

    assert other.of(KEPT) == urls.of(KEPT)


def test_what_is_kept_leads_to_where_objects_are_today(urls: SignedUrls) -> None:
    today = urls.of(KEPT)

    assert today.startswith("memory://public/shown/here/media/1/2/a.jpg?")
    assert urls.of("http://bucket.example/old/media/1/2/a.jpg") == today


def test_so_many_are_known_and_no_more(
    signer: MemoryUrlSigner, clock: MemoryClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed_urls, "KNOWN_URLS", 1)
    prefixes = KeyPrefixes(incoming="incoming/", public="public/")
    urls = SignedUrls(signer, clock, prefixes, ttl_s=TTL_S)

    for size in (128, 512, 128):
        urls.of(f"https://cdn.example/public/media/1/2/a_{size}.webp")

    assert signer.signed == 3
