"""Who is counted for what: users, addresses, and whoever tries to log in."""

import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address

from litestar.types import ASGIApp, Receive, Scope, Send

from mediaport.application.ports.rate_limiter import Rate, RateLimiter
from mediaport.domain.users import User
from mediaport.entrypoints.http.layer import Layer, header_of
from mediaport.entrypoints.settings import RATE_PATTERN, Settings

log = logging.getLogger(__name__)

_UNCOUNTED = "is_uncounted"
UNCOUNTED = {_UNCOUNTED: True}
"""The `opt` of a route that may be asked as often as anyone likes."""

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
# What a provider gives to one household or one machine: addresses within cost nothing.
IPV6_PREFIX = 64
MAX_ADDRESS_LENGTH = 100  # a trusted proxy may pass on what is no address


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRates:
    """Counts what is asked for. A rate that is None has no limit.

    Every method raises `RateExceeded` where a rate is exceeded.
    """

    limiter: RateLimiter
    per_user: Rate | None
    per_address: Rate | None
    login_per_name: Rate | None
    login_per_address: Rate | None
    register_per_address: Rate | None

    @classmethod
    def of(cls, settings: Settings, limiter: RateLimiter) -> "RequestRates":
        """The rates that the settings give."""
        return cls(
            limiter=limiter,
            per_user=rate("requests_per_user", settings.rate_per_user),
            per_address=rate("requests_per_address", settings.rate_per_address),
            login_per_name=rate("logins_per_name", settings.rate_login_per_name),
            login_per_address=rate("logins_per_address", settings.rate_login_per_address),
            register_per_address=rate(
                "registrations_per_address", settings.rate_register_per_address
            ),
        )

    async def count_request_of(self, user: User) -> None:
        """Count a request of a user."""
        await self._hit(self.per_user, str(user.id))

    async def count_request_from(self, address: str) -> None:
        """Count a request from an address."""
        await self._hit(self.per_address, address)

    async def count_login(self, username: str, *, address: str) -> None:
        """Count a try to log in, before it is known whether the name exists.

        Who tries too often from one address uses up nothing of the name's.
        """
        await self._hit(self.login_per_address, address)
        await self._hit(self.login_per_name, username.casefold())

    async def count_registration(self, *, address: str) -> None:
        """Count a try to open an account."""
        await self._hit(self.register_per_address, address)

    async def _hit(self, rate: Rate | None, key: str) -> None:
        if rate is not None:
            await self.limiter.hit(rate, key)


def rate(name: str, text: str) -> Rate | None:
    """What a setting's text means: `100/minute`, `100 per 5 minutes`, `off`."""
    written = re.fullmatch(RATE_PATTERN, text)
    assert written  # noqa: S101 - the settings were checked
    limit, times, unit = written.groups()
    if limit is None:
        return None
    return Rate(name=name, limit=int(limit), window_s=int(times or 1) * _SECONDS[unit])


def address_of(scope: Scope) -> str:
    """What requests from the same place have in common: the address, of IPv6 its network."""
    client = scope["client"]
    return _place_of(client[0]) if client else ""


@lru_cache(maxsize=4096)
def _place_of(host: str) -> str:
    if ":" not in host:
        return host[:MAX_ADDRESS_LENGTH]
    try:
        address = ip_address(host)
    except ValueError:
        return host[:MAX_ADDRESS_LENGTH]
    assert isinstance(address, IPv6Address)  # noqa: S101 - it has a colon
    if address.ipv4_mapped:  # how a socket for both shows IPv4
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), IPV6_PREFIX), strict=False))


class AddressRate(Layer):
    """Takes no more requests from one address than its rate allows, whoever makes them."""

    def __init__(self, rates: RequestRates, *, trusts_proxies: bool) -> None:
        self._rates = rates
        self._is_proxy_unexpected = not trusts_proxies

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Count what is to be counted, then pass on."""
        if _UNCOUNTED not in scope["route_handler"].opt:
            await self._count(scope)
        await next_app(scope, receive, send)

    async def _count(self, scope: Scope) -> None:
        if self._is_proxy_unexpected and header_of(scope, b"x-forwarded-for") is not None:
            self._is_proxy_unexpected = False
            log.warning(
                "Requests come with X-Forwarded-For, from %s. If that is your proxy, name it in "
                "TRUSTED_PROXIES: all its clients are counted as one.",
                address_of(scope),
            )
        await self._rates.count_request_from(address_of(scope))


class UserRate(Layer):
    """Takes no more requests of one user than their rate allows, from wherever they come."""

    def __init__(self, rates: RequestRates) -> None:
        self._rates = rates

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Count what has a user, then pass on."""
        user = scope.get("user")
        if user is not None:
            await self._rates.count_request_of(user)
        await next_app(scope, receive, send)
