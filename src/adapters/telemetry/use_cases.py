"""Use cases that tell what came of them: counted, as a line, and as a span of their media item.

Each is the use case itself: what asks for that by its type gets this.
"""

import logging
from datetime import datetime
from functools import cache
from time import perf_counter, time_ns

from prometheus_client import Counter
from structlog.contextvars import bound_contextvars

from mediaport.adapters.telemetry import spans
from mediaport.adapters.telemetry.metrics import (
    COMPLETES,
    PRESIGNS,
    PUBLISHED_BYTES,
    SWEEPS,
    SWEPT,
    THUMBNAILS,
    THUMBNAILS_DURATION,
)
from mediaport.adapters.telemetry.outcomes import OK, outcome_of
from mediaport.application.media.complete_upload import CompleteUpload
from mediaport.application.media.make_thumbnails import MakeThumbnails
from mediaport.application.media.presign_upload import PresignUpload
from mediaport.application.media.sweep import Sweep, Swept
from mediaport.application.ports.media_repository import ObjectDeletion, ThumbnailClaim
from mediaport.application.ports.object_store import SignedUpload
from mediaport.domain.media import Media, MediaId
from mediaport.domain.policy import Kind
from mediaport.domain.users import UserId

log = logging.getLogger(__name__)


class ToldPresignUpload(PresignUpload):
    """Counts what is asked for, by its kind."""

    async def __call__(
        self, *, kind: Kind, content_type: str, size_bytes: int, by: UserId
    ) -> tuple[Media, SignedUpload]:
        """Presign, and count."""
        began_ns = time_ns()
        try:
            media, upload = await super().__call__(
                kind=kind, content_type=content_type, size_bytes=size_bytes, by=by
            )
        except Exception as error:
            known = kind if kind in self.policy.max_bytes else "unknown"  # clients make them up
            _presigns(known, outcome_of(error)).inc()
            raise
        _presigns(kind, OK).inc()
        if tracer := spans.used():
            tracer.presigned(media.object_key, began_ns=began_ns, **_of(media))
        return media, upload


class ToldCompleteUpload(CompleteUpload):
    """Counts completions and what stood in their way, and has a line for each."""

    async def __call__(self, media_id: MediaId, *, by: UserId) -> Media:
        """Complete. Asked again for what is ready, it tells nothing."""
        with bound_contextvars(media_id=media_id, user_id=by):
            try:
                return await super().__call__(media_id, by=by)
            except BaseException as error:
                code = outcome_of(error)
                COMPLETES.labels(code).inc()
                log.info("Upload refused", extra={"code": code})
                raise

    async def _complete(
        self,
        media: Media,
        staged: list[ObjectDeletion],
        *,
        until: datetime,
        deadline: float,
    ) -> Media:
        """Do the work, as the one caller who may."""
        began = perf_counter()
        with spans.of_media("complete", media.object_key, **_of(media)):
            ready = await super()._complete(media, staged, until=until, deadline=deadline)
        COMPLETES.labels(OK).inc()
        PUBLISHED_BYTES.inc(ready.size_bytes)
        facts = {"size_bytes": ready.size_bytes, "content_type": str(ready.content_type)}
        log.info("Upload completed", extra={**facts, "took_ms": _ms_since(began)})
        return ready


class ToldMakeThumbnails(MakeThumbnails):
    """Counts media whose thumbnails are made or have failed, and has a line for each."""

    async def _outcome(self, claim: ThumbnailClaim) -> Media:
        """Make them, with a claim on them."""
        media, began = claim.media, perf_counter()
        with (
            bound_contextvars(media_id=media.id, user_id=media.owner_id),
            spans.of_media("thumbnails", media.object_key, **_of(media), start=claim.start),
        ):
            try:
                done = await super()._outcome(claim)
            except BaseException as error:
                THUMBNAILS.labels(outcome_of(error)).inc()
                raise
            THUMBNAILS.labels(done.thumbnails_error or OK).inc()
            THUMBNAILS_DURATION.observe(perf_counter() - began)
            if done.thumbnails_error:
                code = done.thumbnails_error
                log.info("Thumbnails failed", extra={"code": code, "took_ms": _ms_since(began)})
            else:
                log.info("Thumbnails made", extra={"took_ms": _ms_since(began)})
        return done


class ToldSweep(Sweep):
    """Counts runs, and what they removed."""

    async def __call__(self) -> Swept:
        """Sweep, and count."""
        try:
            swept = await super().__call__()
        except BaseException as error:
            SWEEPS.labels(outcome_of(error)).inc()
            raise
        SWEEPS.labels(OK).inc()
        SWEPT.labels("uploads").inc(swept.uploads_expired)
        SWEPT.labels("media").inc(swept.unattached_removed)
        SWEPT.labels("objects").inc(swept.objects_removed)
        return swept


@cache  # kinds and outcomes are few; looking one up costs as much as counting does
def _presigns(kind: str, outcome: str) -> Counter:
    return PRESIGNS.labels(kind, outcome)


def _of(media: Media) -> dict[str, str | int]:
    """What a span says of a media item."""
    return {"media_id": media.id, "user_id": media.owner_id, "kind": str(media.kind)}


def _ms_since(began: float) -> float:
    return round(1000 * (perf_counter() - began), 1)
