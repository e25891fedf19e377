"""Where objects live in the bucket: the private incoming keys and the public ones."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mediaport.domain.policy import ContentType

_OF_VARIANTS = f".{ContentType.WEBP.extension}"
_VARIANT = re.compile(rf"(.+)_\d+\.{ContentType.WEBP.extension}", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPrefixes:
    """The two halves of the bucket. Signed uploads reach `incoming` alone; `public` is shown.

    Anyone reads it or, with MEDIA_ACCESS=signed, whoever has a URL that was signed for an object.

    An upload and what is published of it have one name. Who sees the public key knows the incoming
    one, which helps nobody: it is private, and a PUT needs a signature made for the owner. What is
    looked at in between is staged under a name of its own.

    Attributes:
        incoming: For example `incoming/`.
        public: For example `public/`.
    """

    incoming: str
    public: str

    def incoming_key(
        self, *, owner_id: int, media_id: int, name: str, content_type: ContentType
    ) -> str:
        """The key that a browser uploads to; `name` brings the randomness (122 bits or more)."""
        return f"{self.incoming}{owner_id}/{media_id}/{name}.{content_type.extension}"

    def staged_key(self, *, name: str, content_type: ContentType) -> str:
        """Where one completion looks at an upload. As private as uploads, and never signed."""
        return f"{self.staged}{name}.{content_type.extension}"

    @property
    def published(self) -> str:
        """The part of `public` where all published objects are."""
        return f"{self.public}media/"

    @property
    def staged(self) -> str:
        """The part of `incoming` that no signed URL reaches."""
        return f"{self.incoming}staged/"

    def is_signable(self, key: str) -> bool:
        """Whether a signed URL may name the key."""
        return key.startswith(self.incoming) and not key.startswith(self.staged)

    def public_key(
        self, *, owner_id: int, media_id: int, name: str, content_type: ContentType
    ) -> str:
        """The key that the verified original is published under. No signed PUT ever names it."""
        return f"{self.published}{owner_id}/{media_id}/{name}.{content_type.extension}"

    def key_in(self, public_url: str) -> str:
        """The public key that a kept URL ends with, whatever it began with when it was kept."""
        return self.published + "/".join(public_url.rsplit("/", 3)[1:])


def variant_key(original_key: str, size: int) -> str:
    """The key of a thumbnail, beside its original: `.../{name}_{size}.webp`."""
    return variant_keys(original_key, [size])[size]


def variant_keys(original_key: str, sizes: Iterable[int]) -> dict[int, str]:
    """The keys of an original's thumbnails by their sizes, or their URLs by the original's."""
    stem = original_key.rpartition(".")[0]
    return {size: f"{stem}_{size}{_OF_VARIANTS}" for size in sizes}


def originals_of(key: str) -> list[str]:
    """The keys that the original can have, if `key` is one of a thumbnail; else none."""
    found = _VARIANT.fullmatch(key)
    return [f"{found[1]}.{each.extension}" for each in ContentType] if found else []
