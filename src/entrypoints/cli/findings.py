"""What a reconciliation finds, as it is printed: line by line, or as one JSON document.

Both print while it goes on and keep counts alone, however many objects there are.
"""

import json
import sys
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime

import click

from mediaport.application.media.compare_bucket import Compared
from mediaport.application.media.reconcile import Difference, Finding, Outcome, Report
from mediaport.application.ports.inventory import Debts

HINTS = {
    Difference.ORIGINAL_LOST: "Bring lost originals back from a backup, or delete their media.",
    Difference.THUMBNAILS_LACKING: "To make what is lacking: mediaport thumbnails remake",
}
AGAIN = "To put right what can be: mediaport reconcile"


class Told(Report):
    """Counts what it hears.

    Attributes:
        advance: What shows how far it is.
        is_of_bucket: Whether the database knows anything of the bucket.
        debts: What is still to be done; None until all was compared.
    """

    def __init__(self, bucket: str, *, dry_run: bool) -> None:
        self.bucket, self.dry_run = bucket, dry_run
        self.media = self.objects = self.elsewhere = 0
        self.counts: Counter[tuple[Difference, Outcome]] = Counter()
        self.sizes_bytes: Counter[tuple[Difference, Outcome]] = Counter()
        self.needs_someone = False
        self.is_of_bucket = True
        self.debts: Debts | None = None
        self.advance: Callable[[Compared], None] = lambda _: None

    def found(self, finding: Finding) -> None:
        """Count it and print it."""
        kind = finding.difference, finding.outcome
        self._print(finding)
        self.counts[kind] += 1
        self.sizes_bytes[kind] += finding.size_bytes or 0
        self.needs_someone |= finding.needs_someone

    def passed(self, stretch: Compared) -> None:
        """Count it and show it."""
        self.media += stretch.media
        self.objects += stretch.objects
        self.elsewhere += stretch.elsewhere
        self.advance(stretch)

    @abstractmethod
    def end(self) -> None:
        """Print the counts, whether all was compared or not."""
        ...

    @abstractmethod
    def _print(self, finding: Finding) -> None: ...


class Lines(Told):
    """One line for each finding, and the counts."""

    def _print(self, finding: Finding) -> None:
        if sys.stderr.isatty():
            click.echo("\r\033[K", nl=False, err=True)  # the bar that is there
        what = (_words(finding.difference), _words(finding.outcome), _of(finding))
        click.echo("{:<18}  {:<13}  {}".format(*what))

    def end(self) -> None:
        """Print the counts."""
        for line in self._summary():
            click.echo(line)

    def _summary(self) -> Iterator[str]:
        yield f"{self.media} media and {self.objects} objects compared."
        for (difference, outcome), count in sorted(self.counts.items()):
            size_bytes = self.sizes_bytes[difference, outcome]
            size = f" ({size_bytes} bytes)" if size_bytes else ""
            yield f"{_words(difference)}: {count} {_words(outcome)}{size}"
        yield from (hint for difference, hint in HINTS.items() if self._has(difference))
        if not self.is_of_bucket and self._has(Difference.STRAY_OBJECT):
            yield f"No media in this database is in bucket {self.bucket}: is it the right one?"
        if self.elsewhere:
            yield f"{self.elsewhere} media are in other buckets: they were not compared."
        if self.dry_run and self.needs_someone and self.is_of_bucket:
            yield AGAIN
        if self.debts:
            yield from _debts(self.debts)
        else:
            yield "Not everything was compared. To begin again: mediaport reconcile"

    def _has(self, difference: Difference) -> bool:
        return self.counts[difference, Outcome.LEFT] > 0


class Document(Told):
    """One JSON document, whose findings are printed as they come."""

    def __init__(self, bucket: str, *, dry_run: bool) -> None:
        super().__init__(bucket, dry_run=dry_run)
        head = {"bucket": bucket, "dry_run": dry_run}
        click.echo(f'{json.dumps(head)[:-1]}, "findings": [', nl=False)

    def _print(self, finding: Finding) -> None:
        separator = "," if self.counts else ""
        shown = {name: value for name, value in asdict(finding).items() if value not in {None, ()}}
        click.echo(f"{separator}\n{json.dumps(shown, default=datetime.isoformat)}", nl=False)

    def end(self) -> None:
        """Close the list and print the counts."""
        counts: dict[str, dict[str, dict[str, int]]] = {}
        for kind, count in sorted(self.counts.items()):
            difference, outcome = kind
            size_bytes = self.sizes_bytes[kind]
            counts.setdefault(difference, {})[outcome] = {"count": count, "size_bytes": size_bytes}
        tail = {
            "media": self.media,
            "objects": self.objects,
            "media_elsewhere": self.elsewhere,
            "is_of_bucket": self.is_of_bucket,
            "counts": counts,
            "debts": self.debts and asdict(self.debts),
            "needs_someone": self.needs_someone,
            "is_complete": self.debts is not None,
        }
        click.echo(f"\n], {json.dumps(tail, default=datetime.isoformat)[1:]}")


def _words(slug: str) -> str:
    return slug.replace("_", " ")


def _of(finding: Finding) -> str:
    if finding.sizes:
        sizes = ", ".join(str(size) for size in finding.sizes)
        return f"{sizes} px of media {finding.media_id}"
    if finding.modified_at is None:
        return f"{finding.key} of media {finding.media_id}"
    came = f"{finding.modified_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{finding.key}, {finding.size_bytes} bytes of {came}"


def _debts(debts: Debts) -> Iterator[str]:
    if debts.owed_since:
        since = f"{debts.owed_since:%Y-%m-%d %H:%M:%S} UTC"
        yield (
            f"{debts.thumbnails_owed} media owe thumbnails, which workers make. The first to be "
            f"ready was media {debts.longest_owed}, at {since}."
        )
    if debts.objects_to_remove:
        yield f"{debts.objects_to_remove} objects are to be removed, which the sweep does."
