"""Whose keys sign: those of the settings, or those that boto3 finds on the host."""

import asyncio
import logging
from threading import Lock, Thread
from typing import TYPE_CHECKING, Protocol, cast

from mediaport.adapters.s3.signing import Keys

if TYPE_CHECKING:
    from botocore.credentials import Credentials as FoundKeys
    from botocore.credentials import RefreshableCredentials

log = logging.getLogger(__name__)


class NoCredentials(Exception):
    """Raised when a host that gives out keys gives none."""


class Credentials(Protocol):
    """Keys that are good now."""

    def keys(self) -> Keys:
        """They; may ask the host, for want of any that are good.

        Raises:
            NoCredentials: There are none.
        """
        ...

    async def keys_for_call(self) -> Keys:
        """They; the event loop goes on meanwhile.

        Raises:
            NoCredentials: There are none.
        """
        ...


class GivenCredentials(Credentials):
    """Those that the settings name. They stay."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def keys(self) -> Keys:
        """Always the same."""
        return self._keys

    async def keys_for_call(self) -> Keys:
        """Always the same."""
        return self._keys


class FoundCredentials(Credentials):
    """Those of the host, such as an instance's role. They end after some hours.

    New ones are there long before: they are fetched in a thread, from a quarter of an hour before
    the end on, while the old ones still sign.
    """

    def __init__(self, found: "FoundKeys") -> None:
        self._found = found
        self._keys: Keys | None = None
        self._renewing = Lock()

    def keys(self) -> Keys:
        """The newest; only where all have ended, it waits for the host."""
        if self._keys is None or self._end_within(0):
            return self._fetch()
        if self._end_within(None) and self._renewing.acquire(blocking=False):
            Thread(target=self._renew, name="s3-credentials", daemon=True).start()
        return self._keys

    async def keys_for_call(self) -> Keys:
        """The newest; where all have ended, a thread waits for the host."""
        if self._keys is None or self._end_within(0):
            return await asyncio.to_thread(self._fetch)
        return self.keys()

    def _end_within(self, seconds: int | None) -> bool:
        """Whether they end so soon; None for as soon as boto3 fetches new ones."""
        if not hasattr(self._found, "refresh_needed"):  # those of a profile stay
            return False
        return cast("RefreshableCredentials", self._found).refresh_needed(seconds)

    def _renew(self) -> None:
        try:
            self._fetch()
        except NoCredentials as error:
            log.warning("The keys of the bucket were not renewed. %s", error)
        finally:
            self._renewing.release()

    def _fetch(self) -> Keys:
        # Here with the keys.
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            found = self._found.get_frozen_credentials()
        # RuntimeError says that new ones have ended, OSError that a file of the host is not there.
        except (BotoCoreError, ClientError, RuntimeError, OSError) as error:
            raise NoCredentials(str(error)) from error
        self._keys = keys = Keys(
            access_key_id=found.access_key or "",
            secret_access_key=found.secret_key or "",
            session_token=found.token,
        )
        return keys
