"""What workers, the sweep and those who run the product do."""

from dataclasses import dataclass
from functools import partial

from tests.stateful.product import Deed, Product
from tests.stateful.rows import Rows


@dataclass(frozen=True)
class Work:
    """A worker takes the next job; or one comes that nobody asked for any more."""

    stale: int | None = None

    def deed(self, product: Product, rows: Rows) -> Deed | None:
        """The job."""
        if self.stale is None:
            if not product.world.queue.waiting:
                return None
            media_id = product.world.queue.waiting.pop(0)
        else:
            media = product.media(rows, self.stale)
            if media is None:
                return None
            media_id = media.id
        return Deed(
            partial(product.use.make_thumbnails(), media_id), focus=media_id, makes=(media_id,)
        )


@dataclass(frozen=True)
class Sweep:
    """Some process sweeps. What it could remove, or asks for, is in focus."""

    def deed(self, product: Product, rows: Rows) -> Deed | None:
        """One round."""
        unattached = sorted(rows.media.keys() - rows.shown.keys())
        focus = unattached[0] if unattached else product.focus
        return Deed(product.use.sweep(), focus=focus)


@dataclass(frozen=True)
class Deploy:
    """Whoever runs it sets other sizes; who is at work already goes on with the old ones."""

    sizes: tuple[int, ...]

    def deed(self, product: Product, rows: Rows) -> Deed | None:
        """No request: all that come later go to the new processes."""

        async def ask() -> None:
            product.deploy(self.sizes)

        return Deed(ask, focus=product.focus)


@dataclass(frozen=True)
class Remake:
    """Whoever runs it has the thumbnails made that are lacking."""

    def deed(self, product: Product, rows: Rows) -> Deed | None:
        """One run over all media."""
        remakes, remake = product.use.remakes(), product.use.remake_thumbnails()

        async def ask() -> None:
            stretch = await remakes.ahead(after=0)
            await remake.missing(stretch, concurrency=1, tell=lambda outcome: None)

        return Deed(ask, focus=max(rows.media, default=product.focus), makes=tuple(rows.media))
