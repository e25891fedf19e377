"""`mediaport export` and `mediaport import`: what a user has goes from one server to another."""

import asyncio
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Never

import click

from mediaport.domain.errors import DomainError
from mediaport.entrypoints.cli.graph import graph_of
from mediaport.entrypoints.cli.leave import end, until_told
from mediaport.entrypoints.settings import load

if TYPE_CHECKING:
    from mediaport.application.users.check_archive import Checked
    from mediaport.application.users.import_user import Brought
    from mediaport.domain.users import UserId
    from mediaport.entrypoints.container import Container

ARCHIVE = click.Path(path_type=Path)


@click.command()
@click.argument("username")
@click.argument("archive", type=ARCHIVE)
def export(*, username: str, archive: Path) -> None:
    """Write all that USERNAME has into ARCHIVE: a ZIP file if it ends in .zip, else a new folder.

    Profile, posts, comments, likes and facts about media as JSON that a person can read, and the
    original pictures as they were published. No password is in it. `mediaport import` reads it.

    Runs beside servers and workers. ARCHIVE is there once it is whole, and nothing is overwritten.

    The exit status is 0 when all is written, 1 when nothing is, and 2 when there is no such user.
    """
    container = graph_of(load()[0])
    with _one_line():
        if not asyncio.run(until_told(_export(container, username, archive))):
            _fail("Stopped: nothing was written.", status=1)


@click.command("import")
@click.argument("archive", type=ARCHIVE)
@click.option("--as", "username", help="The user it is to be; by default the one it was.")
def import_(*, archive: Path, username: str | None) -> None:
    """Bring what `mediaport export` wrote into ARCHIVE to this server.

    All of it is read and checked first: where anything is damaged or could not be uploaded or
    posted here, nothing is changed. Then the user is made, if there is none of that name, with a
    password that you are asked for, or a random one that is printed once. Every picture goes
    through what uploads go through, posts keep their dates and texts, and workers make thumbnails.

    Comments, likes and pictures that no post shows stay in the archive. Stopped anywhere, run it
    again: what is there already is not brought twice.

    The exit status is 0 when all is there, 1 when it was stopped, and 2 when it was refused.
    """
    container = graph_of(load()[0])
    with _one_line():
        if not asyncio.run(until_told(_import(container, archive, username))):
            _fail("Stopped. Run the same again to go on.", status=1)


async def _export(container: "Container", username: str, path: Path) -> None:
    from mediaport.adapters.archive.writing import archive_at  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.background import using_parts  # noqa: PLC0415 - slow to import

    async with using_parts(container):
        with archive_at(path, now=container.clock().now()) as archive:
            taken = await container.export_user()(username, archive)
    click.echo(
        f"{path}: {taken.posts} posts, {taken.comments} comments, {taken.likes} likes and "
        f"{taken.media} pictures of {taken.size_bytes} bytes."
    )
    if taken.pending:
        click.echo(f"{taken.pending} uploads that were not completed are not in it.")
    if taken.lost:
        click.echo(f"{taken.lost} pictures are not in the store: their facts alone are in it.")


async def _import(container: "Container", path: Path, username: str | None) -> None:
    from mediaport.adapters.archive.reading import archive_in  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.background import using_parts  # noqa: PLC0415 - slow to import

    async with using_parts(container):
        with archive_in(path) as archive:
            checked = await container.check_archive()(archive)
            click.echo(f"{path}: {checked.posts} posts and {len(checked.media)} pictures, all fit.")
            user_id = await _user(container, checked, username)
            with _shown(checked) as advance:
                brought = await container.import_user()(
                    archive, checked, to=user_id, tell=lambda _: advance.update(1)
                )
    click.echo(_summary(brought))


async def _user(container: "Container", checked: "Checked", username: str | None) -> "UserId":
    """The user of that name, or a new one."""
    username = username or checked.profile.username
    user = await container.users().find(username)
    if user is not None:
        click.echo(f"Into the account of {username}, who is there already.")
        return user.id
    password = ""
    if sys.stdin.isatty():
        ask = f"Password of {username} (none: a random one)"
        password = await asyncio.to_thread(
            click.prompt, ask, default="", hide_input=True, show_default=False
        )
    made = password or secrets.token_urlsafe(12)
    user, _ = await container.register_user()(username=username, password=made)
    told = "" if password else f" Their password, which is shown this once: {made}"
    click.echo(f"User {username} was made.{told}")
    return user.id


@contextmanager
def _shown(checked: "Checked") -> Iterator["click._termui_impl.ProgressBar[int]"]:
    """Show how far it is, where there is someone to see it."""
    is_seen = sys.stderr.isatty()
    with click.progressbar(length=checked.posts, file=sys.stderr, hidden=not is_seen) as bar:
        yield bar


def _summary(brought: "Brought") -> str:
    summary = f"{brought.posts} posts and {brought.media} pictures brought"
    if brought.has_new_avatar:
        summary += ", the avatar among them"
    if brought.there_already:
        summary += f"; {brought.there_already} posts were there already"
    if brought.left_out:
        summary += f"; {brought.left_out} posts of a lost picture alone left out"
    return f"{summary}."


@contextmanager
def _one_line() -> Iterator[None]:
    """Say in one line what was refused."""
    from mediaport.application.ports.archive import ArchiveUnfit  # noqa: PLC0415 - slow to import

    try:
        yield
    except ArchiveUnfit as error:
        _fail(f"mediaport: The archive is refused: {error}", status=2)
    except DomainError as error:
        _fail(f"mediaport: {error}", status=2)
    except OSError as error:
        _fail(f"mediaport: {error}", status=1)


def _fail(line: str, *, status: int) -> Never:
    click.echo(line, err=True)
    end(status)
