"""Where a bucket is: the one place that knows how AWS names its hosts."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import quote, urlsplit

AddressingStyle = Literal["path", "virtual"]

DEFAULT_PORTS = {"http": 80, "https": 443}
# The parts of AWS whose hosts are named otherwise, by how their regions begin.
DOMAINS = {
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "eu-isoe-": "cloud.adc-e.uk",
    "us-isof-": "csp.hci.ic.gov",
}
# What can stand in front of a host; a certificate for *.host does not hold for a name with dots.
_HOSTABLE = {
    "http": re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?"),
    "https": re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Of a bucket.

    Attributes:
        origin: scheme://host:port
        host: As the header says it: without the port that the scheme implies.
        path: What is in front of a key: nothing, or the bucket's name.
    """

    origin: str
    host: str
    path: str

    @property
    def url(self) -> str:
        """What a key is appended to, with a slash between."""
        return f"{self.origin}{self.path}"

    def path_of(self, key: str) -> str:
        """A key's path, or the bucket's for no key, escaped as signatures have it."""
        if key or not self.path:
            return f"{self.path}/{escaped(key)}"
        return self.path


def escaped(text: str) -> str:
    """A key in a URL: all is escaped but slashes and what RFC 3986 never reserves."""
    return quote(text, safe="/~")


def address_of(
    bucket: str, region: str, endpoint_url: str | None, style: AddressingStyle
) -> Address:
    """The bucket at an endpoint; at AWS, in its own region.

    The global endpoint of AWS redirects to that region, and so breaks CORS.

    Raises:
        ValueError: The endpoint is no URL of a host.
    """
    endpoint = urlsplit(endpoint_url or f"https://s3.{region}.{_domain(region)}")
    host, port = endpoint.hostname, endpoint.port
    if endpoint.scheme not in DEFAULT_PORTS or not host:
        raise ValueError(f"{endpoint_url!r} is no http(s)://HOST:PORT")
    hosted = style == "virtual" and _can_be_in_front(bucket, host, endpoint.scheme)
    name = f"{bucket}.{host}" if hosted else f"[{host}]" if ":" in host else host
    shown = name if port is None else f"{name}:{port}"
    return Address(
        origin=f"{endpoint.scheme}://{shown}",
        host=name if port == DEFAULT_PORTS[endpoint.scheme] else shown,
        path=endpoint.path.rstrip("/") + ("" if hosted else f"/{bucket}"),
    )


def _domain(region: str) -> str:
    found = (domain for start, domain in DOMAINS.items() if region.startswith(start))
    return next(found, "amazonaws.com")


def _can_be_in_front(bucket: str, host: str, scheme: str) -> bool:
    return not _is_ip(host) and not _is_ip(bucket) and bool(_HOSTABLE[scheme].fullmatch(bucket))


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
