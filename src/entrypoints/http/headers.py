"""Headers that tell browsers what not to do with an answer: on every answer, problems included."""

from collections.abc import Mapping
from typing import Any

from litestar.types import HTTPResponseStartEvent, Message, Scope

from mediaport.entrypoints.http.access import is_public
from mediaport.entrypoints.http.request_ids import HEADER, request_id_of

_MOUNTED = "is_mounted"
MOUNTED = {_MOUNTED: True}
"""The `opt` of an app of others: it knows best what its pages load, and how long they last."""

_CONTENT_POLICY = "content_policy"
# Most answers are no pages: what a browser shows of them can load, run and send nothing.
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"
YEAR_S = 31_536_000
PROBLEM = b"application/problem+json"


def content_policy(policy: str) -> dict[str, str]:
    """The `opt` of a route that answers with a page: what the page may load."""
    return {_CONTENT_POLICY: policy}


class SecurityHeaders:
    """Adds to an answer what a handler, or a mounted app, has not set itself."""

    def __init__(self, *, is_https: bool) -> None:
        self._for_all = {
            b"x-content-type-options": b"nosniff",
            b"referrer-policy": b"no-referrer",
            b"x-frame-options": b"DENY",
        }
        if is_https:
            self._for_all[b"strict-transport-security"] = b"max-age=%d" % YEAR_S

    async def add(self, message: Message, scope: Scope) -> None:
        """Complete the headers of an answer that is about to be sent."""
        if message["type"] != "http.response.start":
            return
        # Where nothing is at the path there is no handler.
        opt = getattr(scope.get("route_handler"), "opt", {})
        headers = [*message["headers"]]
        is_problem = (b"content-type", PROBLEM) in headers  # of ours, in front of what is mounted
        is_of_others = _MOUNTED in opt and not is_problem
        wanted = self._for_all if is_of_others else self._of_api(opt, scope, message)
        present = {name.lower() for name, _ in headers}
        headers += [item for item in wanted.items() if item[0] not in present]
        if HEADER in present:  # of what is mounted; the log knows ours alone
            headers = [item for item in headers if item[0].lower() != HEADER]
        headers.append((HEADER, request_id_of(scope).encode()))
        message["headers"] = headers

    def _of_api(
        self, opt: Mapping[str, Any], scope: Scope, message: HTTPResponseStartEvent
    ) -> dict[bytes, bytes]:
        headers = {
            **self._for_all,
            b"content-security-policy": opt.get(_CONTENT_POLICY, NO_PAGE).encode(),
            # Pages of CORS_ORIGINS read it all the same: they ask by CORS.
            b"cross-origin-resource-policy": b"same-origin",
        }
        is_for_anyone = is_public(opt) and scope.get("method") in {"GET", "HEAD"}
        if not is_for_anyone or message["status"] >= 400:
            headers[b"cache-control"] = b"no-store"
        return headers
