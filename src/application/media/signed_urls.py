"""Show published objects where nothing is public: under URLs that are signed for a time."""

from datetime import UTC, datetime
from functools import lru_cache

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.url_signer import UrlSigner
from mediaport.domain.keys import KeyPrefixes

# A thousand posts with all that they show, some 5 MB. RSA takes a third of a millisecond each.
KNOWN_URLS = 8192

Edition = tuple[int, str]


class SignedUrls:
    """Signs each URL once in a window of `ttl_s`, and for two of them.

    So all processes give out the same URL during a window, which browsers then have in their
    caches, and each can be used for `ttl_s` at least when it is given out.
    """

    def __init__(
        self, signer: UrlSigner, clock: Clock, prefixes: KeyPrefixes, *, ttl_s: int
    ) -> None:
        self._signer, self._clock, self._prefixes = signer, clock, prefixes
        self._ttl_s = ttl_s
        self._known = lru_cache(KNOWN_URLS)(self._sign)

    def edition(self) -> Edition:
        """What changes when the URLs do: with the window, and with the key that signs."""
        return int(self._clock.now().timestamp()) // self._ttl_s, self._signer.signs_as

    def of(self, public_url: str) -> str:
        """Where an object is read now that is kept with this URL."""
        return self._known(public_url, self.edition())

    def _sign(self, public_url: str, edition: Edition) -> str:
        since = datetime.fromtimestamp(edition[0] * self._ttl_s, UTC)
        key = self._prefixes.key_in(public_url)
        return self._signer.presign_get(key, since=since, expires_in_s=2 * self._ttl_s)
