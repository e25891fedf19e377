"""What is asked: for each kind of call, the lines of a file that wrk sends. See load.lua."""

import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bench.api.contenders import SECRET
from bench.api.dataset import USERS
from mediaport.adapters.security.tokens import JwtTokens
from mediaport.application.ports.post_repository import Position
from mediaport.domain.posts import PostId
from mediaport.domain.users import UserId
from mediaport.entrypoints.http.wire import to_cursor
from tests.servers.postgresql import rows_of

CALLERS, LINES, CURSORS = 1000, 5000, 2000
# How the calls of a mixed load are shared out, in percent.
MIXED = "mixed"
MIX = {"feed": 70, "profile": 10, "presign": 10, "publish": 10}


class Loads:
    """Makes the files, for one database. All contenders get the same."""

    def __init__(self, folder: Path, database_url: str, posts: int) -> None:
        self._folder = folder / f"loads-{posts}"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._random = random.Random(posts)  # noqa: S311 - the same each time
        self._users = USERS
        tokens = JwtTokens(SECRET, expires_in_s=86_400)
        callers = self._random.sample(range(1, self._users + 1), min(CALLERS, self._users))
        now = datetime.now(UTC)
        self._tokens = {user: tokens.issue(UserId(user), now=now) for user in callers}
        self._callers = callers
        numbers = ",".join(str(self._random.randint(1, posts)) for _ in range(CURSORS))
        places = rows_of(database_url, f"SELECT created_at, id FROM posts WHERE id IN ({numbers})")  # noqa: S608 - numbers
        self._cursors = [to_cursor(Position(created_at=at, id=PostId(id))) for at, id in places]

    def of(self, kind: str) -> Path:
        """The file with calls of a kind."""
        makers: Mapping[str, Callable[[], str]] = {
            "presign": self._presign,
            "feed": self._feed,
            "newest": lambda: self._get("/posts/"),
            "profile": lambda: self._get(f"/users/user_{self._random.randint(1, self._users)}"),
            "publish": self._publish,
        }
        kinds = self._random.choices([*MIX], [*MIX.values()], k=LINES)
        wanted = kinds if kind == MIXED else LINES * [kind]
        return self._file(kind, [makers[each]() for each in wanted])

    def completions(self, name: str, media: Mapping[int, int]) -> Path:
        """The file that completes media, each in its owner's name."""
        lines = [
            f"POST\t/media/{media_id}/complete\t{self._tokens[owner]}\t"
            for media_id, owner in media.items()
        ]
        return self._file(name, lines)

    def owners(self, count: int) -> list[int]:
        """Some of those who call."""
        return self._random.choices(self._callers, k=count)

    def _file(self, name: str, lines: list[str]) -> Path:
        path = self._folder / f"{name}.tsv"
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def _token(self) -> str:
        return self._tokens[self._random.choice(self._callers)]

    def _get(self, path: str) -> str:
        return f"GET\t{path}\t{self._token()}\t"

    def _feed(self) -> str:
        return self._get(f"/posts/?cursor={self._random.choice(self._cursors)}")

    def _publish(self) -> str:
        body = {"body": f"Post {self._random.randint(1, 10**9)}. What a day it was."}
        return f"POST\t/posts/\t{self._token()}\t{json.dumps(body)}"

    def _presign(self) -> str:
        size = self._random.randint(100_000, 5_000_000)
        body = {"kind": "post_image", "content_type": "image/jpeg", "size_bytes": size}
        return f"POST\t/media/presign\t{self._token()}\t{json.dumps(body)}"
