"""Database and bucket are brought together again, where nothing can be lost by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from mediaport.application.media.compare_bucket import CompareBucket, Compared, Lost
from mediaport.application.media.deletion_plan import DeletionPlan
from mediaport.application.media.remove_objects import RemoveObjects
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.inventory import Inventory
from mediaport.application.ports.object_store import ListedObject
from mediaport.domain.keys import variant_keys
from mediaport.domain.media import MediaId
from mediaport.domain.policy import UploadPolicy

REMOVED_AT_ONCE = 500


class Difference(StrEnum):
    """In what database and bucket differ."""

    STRAY_OBJECT = "stray_object"
    YOUNG_OBJECT = "young_object"
    ORIGINAL_LOST = "original_lost"
    THUMBNAIL_LOST = "thumbnail_lost"
    THUMBNAILS_LACKING = "thumbnails_lacking"


class Outcome(StrEnum):
    """What came of a difference."""

    LEFT = "left"
    REMOVED = "removed"
    TO_BE_REMOVED = "to_be_removed"
    OWED_AGAIN = "owed_again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference.

    Attributes:
        size_bytes: Of an object that is there; so is `modified_at`.
        sizes: Of the thumbnails that are lacking, in pixels.
    """

    difference: Difference
    outcome: Outcome
    key: str
    media_id: MediaId | None = None
    size_bytes: int | None = None
    modified_at: datetime | None = None
    sizes: Sequence[int] = ()

    @property
    def needs_someone(self) -> bool:
        """Whether it stays until someone looks at it. Young objects get a row, or become strays."""
        return self.outcome is Outcome.LEFT and self.difference is not Difference.YOUNG_OBJECT


class Report(Protocol):
    """Who hears of it, as it goes on."""

    def found(self, finding: Finding) -> None:
        """Hear of a difference and what came of it."""
        ...

    def passed(self, stretch: Compared) -> None:
        """Hear that a stretch is done."""
        ...


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Removes strays and has lost thumbnails made again. Lost originals are only told.

    Stopped anywhere, it leaves nothing half-done. Two runs at once, or one beside anything else
    that goes on, do no harm.
    """

    compare: CompareBucket
    inventory: Inventory
    remove_objects: RemoveObjects
    clock: Clock
    policy: UploadPolicy
    plan: DeletionPlan

    async def look(self, report: Report) -> None:
        """Tell what differs, and change nothing.

        Raises:
            PartUnavailable: The store or the database is down.
        """
        async for stretch in self.compare():
            _tell_what_stays(stretch, report)
            for lost in stretch.lost:
                _tell_lost(lost, Outcome.LEFT, report)
            _tell_objects(Difference.STRAY_OBJECT, Outcome.LEFT, stretch.strays, report)
            report.passed(stretch)

    async def mend(self, report: Report) -> None:
        """Tell what differs, and put right what can be.

        Raises:
            PartUnavailable: The store or the database is down. What was done stays done.
        """
        # A database that knows nothing of this bucket is the wrong one, or was made anew.
        extent = await self.inventory.extent(self.compare.store.bucket)
        async for stretch in self.compare():
            _tell_what_stays(stretch, report)
            for lost in stretch.lost:
                _tell_lost(lost, await self._heal(lost), report)
            if extent.is_of_bucket:
                await self._remove(stretch.strays, report)
            else:
                _tell_objects(Difference.STRAY_OBJECT, Outcome.LEFT, stretch.strays, report)
            report.passed(stretch)

    async def _heal(self, lost: Lost) -> Outcome:
        if not lost.can_be_healed:
            return Outcome.LEFT
        media, now = lost.media, self.clock.now()
        owed = await self.inventory.owe_thumbnails(
            media.owing_thumbnails(),
            to_come=[*variant_keys(media.object_key, self.policy.thumbnail_sizes).values()],
            now=now,
            dropped_due_at=self.plan.dropped_at(now=now),
        )
        return Outcome.OWED_AGAIN if owed else Outcome.LEFT

    async def _remove(self, strays: Sequence[ListedObject], report: Report) -> None:
        """Strays go as all objects do: written down, and removed by whoever claims that."""
        if not strays:
            return
        now = self.clock.now()
        written = set(
            await self.inventory.write_down(
                [each.key for each in strays],
                due_at=now,
                remakable_due_at=self.plan.beside_remakes(now=now),
            )
        )
        while (await self.remove_objects.due(limit=REMOVED_AT_ONCE)).objects:
            pass
        waiting = await self.inventory.known(sorted(written))
        gone = [each for each in strays if each.key in written - waiting]
        _tell_objects(Difference.STRAY_OBJECT, Outcome.REMOVED, gone, report)
        to_go = [each for each in strays if each.key in waiting]
        _tell_objects(Difference.STRAY_OBJECT, Outcome.TO_BE_REMOVED, to_go, report)


def _tell_what_stays(stretch: Compared, report: Report) -> None:
    _tell_objects(Difference.YOUNG_OBJECT, Outcome.LEFT, stretch.young, report)
    for media, sizes in stretch.lacking:
        report.found(
            Finding(
                difference=Difference.THUMBNAILS_LACKING,
                outcome=Outcome.LEFT,
                key=media.object_key,
                media_id=media.id,
                sizes=sizes,
            )
        )


def _tell_lost(lost: Lost, outcome: Outcome, report: Report) -> None:
    for key in lost.keys:
        is_original = key == lost.media.object_key
        report.found(
            Finding(
                difference=Difference.ORIGINAL_LOST if is_original else Difference.THUMBNAIL_LOST,
                outcome=outcome,
                key=key,
                media_id=lost.media.id,
            )
        )


def _tell_objects(
    difference: Difference, outcome: Outcome, objects: Sequence[ListedObject], report: Report
) -> None:
    for each in objects:
        report.found(
            Finding(
                difference=difference,
                outcome=outcome,
                key=each.key,
                size_bytes=each.size_bytes,
                modified_at=each.modified_at,
            )
        )
