"""A stream of events, heard as a browser hears it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.integration.server import User

PATH = "/media/events"


class Events:
    """What comes over one stream, event by event."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.iter_lines()

    def media(self) -> dict[str, Any] | None:
        """The next media object; None at the end of the stream."""
        for line in self._lines:
            name, _, text = line.partition(": ")
            if name == "data":
                media: dict[str, Any] = json.loads(text)
                return media
        return None

    def until_thumbnails(self, media_id: int) -> dict[str, Any]:
        """The media object, once its thumbnails are made or have failed."""
        while media := self.media():
            if media["id"] == media_id and media["thumbnails_status"] != "pending":
                return media
        raise RuntimeError(f"the stream ended before the thumbnails of media {media_id} were made")


@contextmanager
def listening(user: User) -> Iterator[Events]:
    """A stream that is open."""
    with user.http.stream("GET", PATH) as answer:
        assert answer.status_code == 200, answer.read()
        yield Events(answer)
