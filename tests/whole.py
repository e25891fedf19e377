"""What must be true of a product wherever it was stopped: seen in its database and its store."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, Protocol

from mediaport.domain.keys import variant_key

SIZES = (128, 512, 1024)


class Product(Protocol):
    """Where to look."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database answers."""
        ...

    def public_keys(self) -> set[str]:
        """The keys of all objects that anyone can read."""
        ...


def differences(product: Product, *, acknowledged: Collection[int] = ()) -> Iterator[str]:
    """What is not as it must be. `acknowledged` are media whose completion was answered by 200."""
    keys = product.public_keys()
    media = product.rows("SELECT id, status, thumbnails_status, object_key FROM media")
    ready = {number: key for number, status, _, key in media if status == "ready"}
    made = {number for number, _, thumbnails, _ in media if thumbnails == "ready"}
    variants: dict[int, dict[int, str]] = defaultdict(dict)
    for number, size, key in product.rows("SELECT media_id, size, object_key FROM media_variants"):
        variants[number][size] = key

    if lost := set(acknowledged) - ready.keys():
        yield f"acknowledged, and not ready: media {sorted(lost)}"
    if unready := _shown(product) - ready.keys():
        yield f"shown, and not ready: media {sorted(unready)}"
    if bare := {number for number, key in ready.items() if key not in keys}:
        yield f"ready, and without their object: media {sorted(bare)}"
    if uneven := {number for number in made if tuple(sorted(variants[number])) != SIZES}:
        yield f"thumbnails ready, and not all of them there: media {sorted(uneven)}"
    if early := {number for number, theirs in variants.items() if theirs} - made:
        yield f"thumbnails not ready, and some of them there: media {sorted(early)}"
    wanted = {key for theirs in variants.values() for key in theirs.values()}
    if missing := wanted - keys:
        yield f"{len(missing)} thumbnails without object, such as {min(missing)}"

    # A killed process may have put these; whoever finishes or deletes the media takes them up.
    known = {key for *_, key in media}
    on_the_way = {variant_key(key, size) for key in known for size in SIZES}
    to_go = {key for (key,) in product.rows("SELECT object_key FROM object_deletions")}
    if strange := keys - known - wanted - on_the_way - to_go:
        yield f"{len(strange)} objects belong to nobody, such as {min(strange)}"


def unsettled(product: Product) -> set[int]:
    """Media that are ready and still owe their thumbnails."""
    owed = "SELECT id FROM media WHERE status = 'ready' AND thumbnails_status = 'pending'"
    return {number for (number,) in product.rows(owed)}


def _shown(product: Product) -> set[int]:
    shown = (
        "SELECT media_id FROM posts WHERE media_id IS NOT NULL"
        " UNION SELECT avatar_media_id FROM users WHERE avatar_media_id IS NOT NULL"
        " UNION SELECT media_id FROM attachments"
    )
    return {number for (number,) in product.rows(shown)}
