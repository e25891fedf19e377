"""Who may ask how often: an address, a user, a name that someone logs in by."""

import ipaddress
from dataclasses import dataclass

from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from mediaport.application.ports.rate_limiter import Rate, RateLimiter, Rates
from mediaport.domain.users import UserId

_UNLIMITED = "is_unlimited"
UNLIMITED = {_UNLIMITED: True}
"""The `opt` of a route that counts for no rate: what machines ask for all the time."""

IPV6_NETWORK_BITS = 64  # one customer has at least all of them


@dataclass(frozen=True, slots=True)
class RequestRates:
    """Counts requests, and lets pass those that are not too many.

    Every method raises `RateExceeded` otherwise.
    """

    limiter: RateLimiter
    rates: Rates

    async def count_request(self, scope: Scope) -> None:
        """Any request of an address."""
        await self._count(self.rates.per_address, client_of(scope))

    async def count_user(self, user_id: UserId) -> None:
        """Any request of a user."""
        await self._count(self.rates.per_user, str(user_id))

    async def count_login(self, scope: Scope, username: str) -> None:
        """An attempt to log in, whether or not there is such a name."""
        await self._count(self.rates.login_per_address, client_of(scope))
        await self._count(self.rates.login_per_name, username.casefold())

    async def count_registration(self, scope: Scope) -> None:
        """An attempt to register."""
        await self._count(self.rates.register_per_address, client_of(scope))

    async def _count(self, rate: Rate | None, key: str) -> None:
        if rate is not None:
            await self.limiter.hit(rate, key)


class AddressRate(ASGIMiddleware):
    """Counts each request for the address that it comes from."""

    exclude_opt_key = _UNLIMITED

    def __init__(self, rates: RequestRates) -> None:
        self._rates = rates

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass on what is not too much.

        Raises:
            RateExceeded: Too many requests came from there.
        """
        await self._rates.count_request(scope)
        await next_app(scope, receive, send)


def client_of(scope: Scope) -> str:
    """The address that a request comes from; of IPv6, the network of one customer."""
    client = scope.get("client")
    if not client:
        return "unknown"
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return "unknown"  # a proxy's own word for it
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_NETWORK_BITS), strict=False))
