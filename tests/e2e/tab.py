"""A browser's tab that remembers what it complained of; devices and networks to try it on."""

import re
from dataclasses import dataclass, field
from typing import Literal

from playwright.async_api import CDPSession, ConsoleMessage, Error, Page

# Chromium says so on its console, too, but not of what only the rest of the page can see.
TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (violation) =>
  console.error(`${violation.violatedDirective} refuses ${violation.blockedURI}`));
"""


@dataclass(frozen=True)
class Device:
    """What the page is looked at on."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"]

    def __str__(self) -> str:
        return f"{self.name}-{self.scheme}"


DESKTOP = Device("desktop", 1280, 800, "light")
PHONE = Device("phone", 390, 844, "light")
DEVICES = [
    DESKTOP,
    Device("desktop", 1280, 800, "dark"),
    PHONE,
    Device("phone", 390, 844, "dark"),
]


@dataclass(frozen=True)
class Network:
    """How far away the server is, in one direction and the other."""

    latency_ms: int
    down_bytes_per_s: int
    up_bytes_per_s: int


# What Chromium's own tools call so.
SLOW_4G = Network(latency_ms=563, down_bytes_per_s=180_000, up_bytes_per_s=84_375)


@dataclass
class Tab:
    """A page in a context of its own: no cookies, no storage, no cache of another test."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)
    _tools: CDPSession | None = None

    def __post_init__(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", self._catch)

    def expect_complaint(self, pattern: str) -> None:
        """Have it that the page complains so: it has to, once or more often."""
        self._expected.append(pattern)

    def check(self) -> None:
        """Fail if it complained of anything else, or did not complain as expected."""
        unexpected = [
            each
            for each in self.complaints
            if not any(re.search(pattern, each) for pattern in self._expected)
        ]
        unheard = [
            pattern
            for pattern in self._expected
            if not any(re.search(pattern, each) for each in self.complaints)
        ]
        assert not unexpected, "it complained:\n" + "\n".join(unexpected)
        assert not unheard, f"it did not complain of {unheard}"

    async def slow_down(self, network: Network) -> None:
        """Let requests and answers take their time from now on."""
        await self._emulate(
            offline=False,
            latency=network.latency_ms,
            downloadThroughput=network.down_bytes_per_s,
            uploadThroughput=network.up_bytes_per_s,
        )

    async def lose_connection(self) -> None:
        """Let requests fail, those under way, too, until it is told of a network again."""
        await self._emulate(offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)

    async def _emulate(self, **conditions: float) -> None:
        if self._tools is None:
            self._tools = await self.page.context.new_cdp_session(self.page)
        await self._tools.send("Network.emulateNetworkConditions", conditions)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            place = message.location
            self.complaints.append(f"{message.text} ({place.get('url', '')})")

    def _catch(self, error: Error) -> None:
        self.complaints.append(f"uncaught: {error}")
