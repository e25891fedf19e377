"""Argon2id password hashes, computed in threads of their own."""

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mediaport.application.ports.passwords import Passwords

# OWASP's recommendation for Argon2id: 19 MiB, two passes, one lane. About 50 ms of one core.
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1
LOOKED_AT = 72  # zxcvbn takes longer for more
SERVICE = "mediaport"
_M_MMAP_THRESHOLD = -3  # of glibc's malloc.h


def _is_common(password: str) -> bool:
    """Whether it is on the list, or no better: one character again and again, a row of keys.

    What it looks like counts, not how it was typed: wide letters, capitals, blanks around it. On
    the list are the 30 000 that leaked most often, in small letters.
    """
    # Loaded where someone registers: they take 15 MB, and other processes do without.
    from zxcvbn import zxcvbn  # noqa: PLC0415
    from zxcvbn.matching import RANKED_DICTIONARIES  # noqa: PLC0415

    plain = unicodedata.normalize("NFKC", password).casefold().strip()
    if not plain or plain in RANKED_DICTIONARIES["passwords"]:
        return True
    weak: bool = zxcvbn(plain[:LOOKED_AT], user_inputs=[SERVICE])["score"] == 0
    return weak


class Argon2Passwords(Passwords):
    """Hashes at most `threads` passwords at a time; the others wait, the event loop does not."""

    def __init__(self, *, threads: int = 2) -> None:
        self._hasher = PasswordHasher(
            time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES
        )
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="password")
        _give_back_at_once()
        # Nobody's password: verified for names that do not exist, so that they cost the same.
        self._decoy = self._hasher.hash("nobody's password")

    async def hash(self, password: str) -> str:
        """A salted Argon2id hash in PHC format."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._hasher.hash, password)

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is the hashed one; without a hash the decoy is verified."""
        loop = asyncio.get_running_loop()
        known = password_hash if password_hash is not None else self._decoy
        try:
            await loop.run_in_executor(self._threads, self._hasher.verify, known, password)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    async def is_common(self, password: str) -> bool:
        """Whether zxcvbn's list holds it, or zxcvbn would guess it among the first thousand."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _is_common, password)


def _give_back_at_once() -> None:
    """Have the memory of a hash go back to the system when it is done.

    Left to itself, glibc keeps it from the second hash on: 20 MB for each thread, for good.
    """
    import ctypes  # noqa: PLC0415 - needed here alone

    if hasattr(libc := ctypes.CDLL(None), "mallopt"):  # other systems have none, and keep less
        libc.mallopt(_M_MMAP_THRESHOLD, 1024 * 1024)
