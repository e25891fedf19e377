"""An app that was there before: members, a login, profiles. Mediaport keeps the profiles' banners.

What belongs to Mediaport is marked with `# uploads`; the rest is as any such app.
"""

import hashlib
import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Litestar, MediaType, Request, get, post, put
from litestar.exceptions import ClientException, NotAuthorizedException, NotFoundException
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.params import FromPath, JSONBody

from mediaport.entrypoints.http.host import AnyConnection
from mediaport.entrypoints.http.media_object import MediaObject
from mediaport.entrypoints.http.plugin import PROBLEMS, Mediaport
from mediaport.entrypoints.settings import load

PAGE = (Path(__file__).parent / "page.html").read_text()
MEMBERS = "CREATE TABLE IF NOT EXISTS members (id INTEGER PRIMARY KEY, name UNIQUE, salt, hash)"


class Account(msgspec.Struct):
    """Name and password, of one who joins or logs in."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z]{1,30}$")]
    password: Annotated[str, msgspec.Meta(min_length=8, max_length=100)]


class BannerChoice(msgspec.Struct):
    """Which media to show; null for none."""

    media_id: int | None


class Profile(msgspec.Struct):
    """What everyone sees of a member."""

    name: str
    banner: MediaObject | None  # uploads


async def member_of(connection: AnyConnection) -> int | None:
    """Who makes a request, by this app's own session."""
    number: int | None = connection.session.get("member")
    return number


settings, _ = load({"MEDIA_KINDS": "banner=4194304", **os.environ})  # uploads
uploads = Mediaport(settings, authenticate=member_of, path="/uploads")  # uploads


def ask(query: str, *values: object) -> list[tuple[Any, ...]]:
    """What this app's own database answers."""
    with closing(sqlite3.connect(settings.data_path / "members.db")) as database, database:
        database.execute(MEMBERS)
        return database.execute(query, values).fetchall()


def scrambled(password: str, salt: bytes) -> bytes:
    """What is kept of a password."""
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


@get("/", media_type=MediaType.HTML, sync_to_thread=False)
def page() -> str:
    """The page for all of it."""
    return PAGE


@post("/join", sync_to_thread=True)
def join(data: JSONBody[Account], request: Request[Any, Any, Any]) -> None:
    """Become a member, and be logged in."""
    salt = secrets.token_bytes(16)
    add = "INSERT OR IGNORE INTO members (name, salt, hash) VALUES (?, ?, ?) RETURNING id"
    added = ask(add, data.name, salt, scrambled(data.password, salt))
    if not added:
        raise ClientException(f"There is a member {data.name} already.")
    request.set_session({"member": added[0][0]})


@post("/login", sync_to_thread=True)
def log_in(data: JSONBody[Account], request: Request[Any, Any, Any]) -> None:
    """Be known by a session."""
    found = ask("SELECT id, salt, hash FROM members WHERE name = ?", data.name)
    if not found or not secrets.compare_digest(scrambled(data.password, found[0][1]), found[0][2]):
        raise NotAuthorizedException("Name or password is wrong.")
    request.set_session({"member": found[0][0]})


@get("/profiles/{name:str}")
async def show_profile(name: FromPath[str]) -> Profile:
    """Show a member, with their banner."""
    found = ask("SELECT id FROM members WHERE name = ?", name)
    if not found:
        raise NotFoundException(f"There is no member {name}.")
    place = f"members/{found[0][0]}/banner"
    return Profile(name, (await uploads.attached([place])).get(place))  # uploads


@put("/me/banner", exception_handlers=PROBLEMS)  # uploads
async def choose_banner(
    data: JSONBody[BannerChoice], request: Request[Any, Any, Any]
) -> MediaObject | None:
    """Show another banner, or none; the one before is deleted."""
    member = await member_of(request)
    if member is None:
        raise NotAuthorizedException("Log in first.")
    place = f"members/{member}/banner"
    return await uploads.attach(data.media_id, at=place, kind="banner", by=member)


app = Litestar(
    route_handlers=[page, join, log_in, show_profile, choose_banner],
    middleware=[ServerSideSessionConfig().middleware],
    plugins=[uploads],  # uploads
)
