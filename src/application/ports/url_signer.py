"""Who lets others read what is private: by URLs with a signature, which end."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol


class UrlSigner(Protocol):
    """Signs the URLs under which published objects are read where nothing is public."""

    @property
    @abstractmethod
    def signs_as(self) -> str:
        """The name of the key that signs now. What another one has signed may end with it.

        Raises:
            PartUnavailable: This host has no credentials.
        """
        ...

    @abstractmethod
    def presign_get(self, key: str, *, since: datetime, expires_in_s: int) -> str:
        """The URL that permits one GET of one object, over and over, until its time is over.

        It makes no call. The same arguments give the same URL, in whichever process.

        Raises:
            PartUnavailable: This host has no credentials.
        """
        ...
