"""What every answer tells a browser not to do with it."""

from collections.abc import Mapping
from typing import Any

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from mediaport.entrypoints.settings import Settings

_POLICY = "content_security_policy"
# Answers are data: nothing in them is to be loaded or run, and no page is to show them.
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
# The page at /docs: Swagger UI's own files, its start written into the page, calls to this API.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
SHOWS_DOCS = {_POLICY: DOCS_POLICY}
"""The `opt` of the routes that show the API's page."""

IS_MOUNTED = {"is_mounted": True}
"""The `opt` of an app of others, which says for itself what a browser may do."""

YEAR_S = 31_536_000


class SecurityHeaders:
    """Adds headers to what is sent. What a handler has set itself stays."""

    def __init__(self, settings: Settings) -> None:
        self._headers = {
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            # Pages of CORS_ORIGINS read answers by CORS; nobody else embeds them.
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
        if settings.reached_at.startswith("https://"):
            self._headers["Strict-Transport-Security"] = f"max-age={YEAR_S}"

    async def __call__(self, message: Message, scope: Scope) -> None:
        """Look at each message that is about to be sent."""
        if message["type"] != "http.response.start":
            return
        context: Mapping[str, Any] = scope
        # Where no path leads there is no handler.
        opt = getattr(context.get("route_handler"), "opt", {})
        if opt.get("is_mounted"):
            return
        headers = MutableScopeHeaders.from_message(message)
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", opt.get(_POLICY, DATA_POLICY))
