"""Where objects live in the bucket: the private incoming keys and the public ones."""

import re
from dataclasses import dataclass

from mediaport.domain.policy import ContentType

_VARIANT = re.compile(rf"(.+)_\d+\.{ContentType.WEBP.extension}", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPrefixes:
    """The two halves of the bucket. Signed uploads reach `incoming` alone; anyone reads `public`.

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
        """The key that the verified original is published under. No signed URL ever names it."""
        return f"{self.published}{owner_id}/{media_id}/{name}.{content_type.extension}"


def variant_key(original_key: str, size: int) -> str:
    """The key of a thumbnail, beside its original: `.../{name}_{size}.webp`."""
    return f"{original_key.rpartition('.')[0]}_{size}.{ContentType.WEBP.extension}"


def originals_of(key: str) -> list[str]:
    """The keys that the original can have, if `key` is one of a thumbnail; else none."""
    found = _VARIANT.fullmatch(key)
    return [f"{found[1]}.{each.extension}" for each in ContentType] if found else []
