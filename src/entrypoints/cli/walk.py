"""One user's way through the product, as a client over HTTP: what `mediaport demo` does."""

import secrets
import time
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import click
import httpx
from PIL import Image, ImageChops, ImageDraw, ImageOps, ImageStat

TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
PATIENCE_S = 60


class BrokenPromise(Exception):
    """Raised when a step is not as promised."""


class Walk:
    """One user's way through the product."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._sizes: Sequence[int] = ()

    def run(self, pictures: Sequence[tuple[str, bytes]]) -> None:
        """Do everything once, with the pictures given."""
        policy = self._call("GET", "/media/policy", 200)
        self._sizes = policy["thumbnail_sizes"]
        _say(f"limits  {policy['kinds']['post_image']['max_bytes']} bytes per post image")
        name = f"demo_{secrets.token_hex(4)}"
        registered = self._call(
            "POST", "/auth/register", 201, {"username": name, "password": secrets.token_hex(8)}
        )
        self._http.headers["Authorization"] = f"Bearer {registered['access_token']}"
        posts = [self._post(*picture) for picture in pictures]
        self._see_in_feed(posts)
        self._wear_avatars(name, posts[0])
        click.echo(f"\n  All as promised: {len(posts)} posted, seen in the feed, avatar worn.")

    def _post(self, filename: str, body: bytes) -> dict[str, Any]:
        click.echo(f"\n  {filename}")
        media = self._upload("post_image", filename, body)
        self._check_thumbnails(media, body)
        post: dict[str, Any] = self._call(
            "POST", "/posts/", 201, {"body": f"Look: {filename}", "media_id": media["id"]}
        )
        _promise(post["media"]["id"] == media["id"], f"post {post['id']} shows its picture")
        return post

    def _upload(self, kind: str, filename: str, body: bytes) -> dict[str, Any]:
        presigned = self._call(
            "POST",
            "/media/presign",
            201,
            {
                "kind": kind,
                "content_type": _content_type(filename, body),
                "size_bytes": len(body),
                "filename": filename,
            },
        )
        upload = presigned["upload"]
        with httpx.Client(timeout=60) as browser:  # The store sees no bearer token.
            stored = browser.put(upload["url"], content=body, headers=upload["headers"])
        _say(f"PUT     {upload['url'].partition('?')[0]}?... -> {stored.status_code}")
        _promise(stored.status_code == httpx.codes.OK, f"the store took it {stored.text}".strip())
        media_id = presigned["media_id"]
        media = self._call("POST", f"/media/{media_id}/complete", 200)
        _promise(media["status"] == "ready", f"media {media_id} is ready")
        return self._thumbnails_of(media_id)

    def _thumbnails_of(self, media_id: int) -> dict[str, Any]:
        started = time.monotonic()
        while time.monotonic() < started + PATIENCE_S:
            media: dict[str, Any] = self._http.get(f"/media/{media_id}").json()
            if media["thumbnails_status"] != "pending":
                waited_ms = 1000 * (time.monotonic() - started)
                _say(f"wait    thumbnails {media['thumbnails_status']} after {waited_ms:.0f} ms")
                if media["thumbnails_status"] == "failed":
                    raise BrokenPromise(f"no thumbnails: {media['thumbnails_error']}")
                return media
            time.sleep(0.02)
        raise BrokenPromise(f"no thumbnails of media {media_id} within {PATIENCE_S} s")

    def _check_thumbnails(self, media: Mapping[str, Any], body: bytes) -> None:
        with Image.open(BytesIO(body)) as image:
            original = ImageOps.exif_transpose(image)
        _promise(
            (media["width"], media["height"]) == original.size,
            f"it is {original.width} x {original.height}",
        )
        for size in self._sizes:
            answer = httpx.get(media[f"thumb_{size}_url"])
            with Image.open(BytesIO(answer.content)) as thumbnail:
                scale = min(1, size / max(original.size))
                expected = tuple(max(1, round(side * scale)) for side in original.size)
                _say(f"GET     {thumbnail.format} {thumbnail.size}, {len(answer.content)} bytes")
                off = max(abs(a - b) for a, b in zip(thumbnail.size, expected, strict=True))
                _promise(thumbnail.format == "WEBP" and off <= 1, f"{size} px has the right size")
                _promise(_shows_the_same(thumbnail, original), "and is upright")

    def _see_in_feed(self, posts: Sequence[Mapping[str, Any]]) -> None:
        click.echo()
        missing = {post["id"] for post in posts}
        path = "/posts/?limit=20"
        while missing and path:
            feed = self._call("GET", path, 200)
            for item in feed["items"]:
                media = item["media"]
                if media and all(media[f"thumb_{size}_url"] for size in self._sizes):
                    missing.discard(item["id"])
            path = f"/posts/?limit=20&cursor={feed['next_cursor']}" if feed["next_cursor"] else ""
        _promise(not missing, f"the feed shows {len(posts)} new posts with their thumbnails")

    def _wear_avatars(self, name: str, post: Mapping[str, Any]) -> None:
        click.echo()
        picture = httpx.get(post["media"][f"thumb_{self._sizes[0]}_url"]).content
        worn = []
        for _ in range(2):
            media = self._upload("avatar", "me.webp", picture)
            profile = self._call("PUT", "/users/me/avatar", 200, {"media_id": media["id"]})
            _promise(profile["avatar_url"] == media["media_url"], f"{name} wears their avatar")
            _promise(httpx.get(profile["avatar_url"]).content == picture, "and it is served")
            worn.append(media)
        _promise(
            self._http.get(f"/media/{worn[0]['id']}").status_code == httpx.codes.NOT_FOUND
            and httpx.get(worn[0]["public_url"]).is_client_error,
            "the replaced avatar is gone",
        )
        profile = self._call("PUT", "/users/me/avatar", 200, {"media_id": None})
        _promise(profile["avatar_url"] is None, "the avatar is cleared")

    def _call(
        self, method: str, path: str, expected: int, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        answer = self._http.request(method, path, json=body)
        _say(f"{method:<7} {path} -> {answer.status_code}")
        if answer.status_code != expected:
            raise BrokenPromise(f"{method} {path} answered {answer.status_code}: {answer.text}")
        found: dict[str, Any] = answer.json()
        return found


def _content_type(filename: str, body: bytes) -> str:
    try:
        with Image.open(BytesIO(body), formats=["JPEG", "PNG", "WEBP"]) as image:
            return TYPES[image.format or ""]
    except (OSError, KeyError) as error:
        raise BrokenPromise(f"{filename} is no JPEG, PNG or WebP image") from error


def _shows_the_same(thumbnail: Image.Image, original: Image.Image) -> bool:
    """Whether the thumbnail is more like the original than like any turned or mirrored one."""
    small = _tiny(thumbnail)
    upright, *turned = (
        sum(ImageStat.Stat(ImageChops.difference(small, candidate)).mean)
        for candidate in (
            _tiny(original),
            *(_tiny(original.transpose(turn)) for turn in Image.Transpose),
        )
    )
    return upright <= min(turned) + 0.5


def _tiny(image: Image.Image) -> Image.Image:
    page = Image.new("RGBA", image.size, "white")
    page.alpha_composite(image.convert("RGBA"))
    return page.convert("RGB").resize((16, 16), Image.Resampling.BOX)


def _say(line: str) -> None:
    click.echo(f"    {line}")


def _promise(kept: bool, promise: str) -> None:  # noqa: FBT001 - it is the subject
    if not kept:
        raise BrokenPromise(promise)
    _say(f"ok      {promise}")


def draw() -> bytes:
    """A photo-sized picture: a sunrise."""
    image = Image.new("RGB", (1600, 1200))
    pen = ImageDraw.Draw(image)
    for y in range(image.height):
        pen.line([(0, y), (image.width, y)], fill=(255 - y // 12, 120 + y // 16, 60 + y // 7))
    pen.ellipse([550, 450, 1050, 950], fill=(255, 220, 120))
    body = BytesIO()
    image.save(body, "JPEG", quality=85)
    return body.getvalue()
