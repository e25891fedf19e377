"""The folder over HTTP, as a browser knows it from S3: signed PUTs in, GETs out."""

import asyncio
import os
from html import escape

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from mediaport.adapters.disk.folder import ObjectFolder, etag_of
from mediaport.adapters.disk.object_store import content_type_of
from mediaport.adapters.disk.signing import ReadSigner, UploadSigner
from mediaport.application.media.deletion_plan import UPLOAD_LASTS
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.object_store import CACHE_CONTROL, ObjectMissing
from mediaport.application.ports.unavailable import PartFull, PartUnavailable
from mediaport.domain.keys import KeyPrefixes

PUBLIC_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Origin",
}
_WRITE_BYTES = 256 * 1024


class StoreRefusal(Exception):
    """An answer in S3's form: a status, a code and a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class DiskStoreServer:
    """Answers for every key of the folder; statuses are those of S3."""

    def __init__(
        self,
        folder: ObjectFolder,
        signer: UploadSigner,
        clock: Clock,
        prefixes: KeyPrefixes,
        *,
        reader: ReadSigner | None = None,
        cache_control: str = CACHE_CONTROL,
    ) -> None:
        """With a `reader`, what is published needs a signature, too."""
        self._folder = folder
        self._signer = signer
        self._clock = clock
        self._prefixes = prefixes
        self._reader = reader
        self._public = _PublicFiles(folder, cache_control)
        methods = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"]
        self.app = Starlette(
            routes=[Route("/{key:path}", self._answer, methods=methods)],
            exception_handlers={
                StoreRefusal: _refuse,
                PartUnavailable: _fail,
                HTTPException: _not_found,
                ClientDisconnect: _gone,
            },
        )
        self.app.router.redirect_slashes = False

    async def _answer(self, request: Request) -> Response:
        key = request.path_params["key"].removesuffix("/")  # A framework that mounts adds one.
        if request.method == "PUT":
            return await self._receive(request, key)
        if request.method in {"GET", "HEAD"} and key.startswith(self._prefixes.public):
            self._require_readable(request, key)
            try:
                self._folder.path(key)
            except ObjectMissing as error:
                raise HTTPException(404) from error
            return await self._public.get_response(key, request.scope)
        raise StoreRefusal(403, "AccessDenied", "Access Denied")

    def _require_readable(self, request: Request, key: str) -> None:
        """Let pass what anyone may read, or a signature permits."""
        if self._reader is None:
            return
        expires, signature = _signed_in(request)
        if not signature:
            raise StoreRefusal(403, "AccessDenied", "Access Denied")
        if not self._reader.permits(request.method, key, expires=expires, signature=signature):
            message = "The URL was signed for another key or method."
            raise StoreRefusal(403, "SignatureDoesNotMatch", message)
        self._require_in_time(expires)

    def _require_in_time(self, expires: str) -> None:
        if self._clock.now().timestamp() >= int(expires):
            raise StoreRefusal(403, "AccessDenied", "Request has expired")

    async def _receive(self, request: Request, key: str) -> Response:
        length = self._permitted_length(request, key)
        upload = await asyncio.to_thread(self._folder.begin, key)
        try:
            received = 0
            buffer = bytearray()
            async with asyncio.timeout(UPLOAD_LASTS.total_seconds()):
                async for chunk in request.stream():
                    received += len(chunk)
                    if received > length:
                        break
                    buffer += chunk
                    if len(buffer) >= _WRITE_BYTES:
                        await asyncio.to_thread(upload.write, bytes(buffer))
                        buffer.clear()
            if received != length:
                raise StoreRefusal(400, "IncompleteBody", f"Got {received} of {length} bytes.")
            status = await asyncio.to_thread(upload.finish, bytes(buffer))
        except TimeoutError as error:
            raise StoreRefusal(400, "RequestTimeout", f"No end in {UPLOAD_LASTS}.") from error
        except asyncio.CancelledError as error:  # a stop whose grace is over, and nothing else
            raise StoreRefusal(503, "ServiceUnavailable", "The server stops.") from error
        finally:
            await asyncio.to_thread(upload.discard)
        return Response(headers={"ETag": f'"{etag_of(status)}"'})

    def _permitted_length(self, request: Request, key: str) -> int:
        """The number of bytes that the signature permits.

        Raises:
            StoreRefusal: It permits nothing, or something else.
        """
        headers = request.headers
        expires, signature = _signed_in(request)
        if not signature or not self._prefixes.is_signable(key):
            raise StoreRefusal(403, "AccessDenied", "Access Denied")
        unsigned = [name for name in headers if name.startswith("x-amz-")]
        if unsigned:
            message = f"There were headers present in the request which were not signed: {unsigned}"
            raise StoreRefusal(403, "AccessDenied", message)
        length = headers.get("content-length", "")
        if not self._signer.permits(
            key,
            content_type=headers.get("content-type", ""),
            content_length=length,
            expires=expires,
            signature=signature,
        ):
            raise StoreRefusal(
                403,
                "SignatureDoesNotMatch",
                "The URL was signed for another key, method, Content-Type or Content-Length. "
                "Send the file that was declared, with the headers of the presign answer.",
            )
        self._require_in_time(expires)
        return int(length)


def _signed_in(request: Request) -> tuple[str, str]:
    query = request.query_params
    return query.get("expires", ""), query.get("signature", "")


class _PublicFiles(StaticFiles):
    """Starlette's file serving (ranges, conditions) under our ETags, types and cache rules."""

    def __init__(self, folder: ObjectFolder, cache_control: str) -> None:
        super().__init__(directory=folder.root, check_dir=False)
        self._headers = {**PUBLIC_HEADERS, "Cache-Control": cache_control}

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = FileResponse(
            full_path,
            status_code=status_code,
            headers={**self._headers, "ETag": f'"{etag_of(stat_result)}"'},
            media_type=content_type_of(str(full_path)),
            stat_result=stat_result,
        )
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, StoreRefusal)  # noqa: S101 - registered for nothing else
    return _xml(error.status, error.code, str(error))


async def _fail(_: Request, error: Exception) -> Response:
    if isinstance(error, PartFull):
        return _xml(507, "InsufficientStorage", "The store has no room left.")
    return _xml(503, "ServiceUnavailable", "The store is unavailable. Try again later.")


async def _not_found(_: Request, __: Exception) -> Response:
    return _xml(404, "NoSuchKey", "The specified key does not exist.")


async def _gone(_: Request, __: Exception) -> Response:
    return _xml(400, "IncompleteBody", "The client went away before the body was complete.")


def _xml(status: int, code: str, message: str) -> Response:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": PUBLIC_HEADERS["Content-Security-Policy"],
        **({"Retry-After": "5"} if status == 503 else {}),
    }
    return Response(body, status, headers, media_type="application/xml")
