"""`mediaport user`: what an operator does for one user."""

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from mediaport.entrypoints.cli.graph import graph_of
from mediaport.entrypoints.cli.leave import end, until_told
from mediaport.entrypoints.settings import load

if TYPE_CHECKING:
    from mediaport.application.ports.belongings import Counts
    from mediaport.entrypoints.container import Container


@click.group()
def user() -> None:
    """One user, and all that is theirs."""


@user.command()
@click.argument("username")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(*, username: str, yes: bool) -> None:
    """Delete USERNAME, with all that is theirs, for good.

    Their posts go with what others left under them, their comments and likes elsewhere, their
    avatar, their media with every object, and the account. Shows how much that is, and asks.

    Runs beside servers and workers, with the same settings as theirs, whatever the user does
    meanwhile. Stopped anywhere, run it again: it goes on with what is left. Objects that the store
    does not remove at once, and uploads that come late, are removed by the sweep.

    The exit status is 0 when the user is gone, 1 when nothing was done or something is left, and 2
    when there is no such user.
    """
    is_gone: list[bool] = []
    container = graph_of(load()[0])
    if not asyncio.run(until_told(_delete(container, username, is_gone, is_asked=not yes))):
        click.echo(f"Stopped. To go on: mediaport user delete {username}")
        end(1)
    sys.exit(0 if is_gone else 1)


async def _delete(
    container: "Container", username: str, is_gone: list[bool], *, is_asked: bool
) -> None:
    from mediaport.application.users.delete_user import AccountKept  # noqa: PLC0415
    from mediaport.entrypoints.background import using_parts  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.fail_points import arm  # noqa: PLC0415 - slow to import

    arm(container)
    async with using_parts(container):
        found = await container.users().find(username)
        if found is None:
            click.echo(f"mediaport: There is no user {username}.", err=True)
            end(2)
        for line in _told(await container.belongings().counts(found.id), username):
            click.echo(line)
        if is_asked and not await asyncio.to_thread(click.confirm, "Delete all of it, for good?"):
            click.echo("Nothing was deleted.")
            return
        try:
            await container.delete_user()(username)
        except AccountKept as error:
            click.echo(f"mediaport: {error}", err=True)
            return
    click.echo(f"{username} is gone.")
    is_gone.append(True)


def _told(counts: "Counts", username: str) -> list[str]:
    return [
        f"What goes with {username}:",
        f"  {counts.posts} posts",
        f"  {counts.comments_of_others} comments and {counts.likes_of_others} likes under them",
        f"  {counts.comments} comments and {counts.likes} likes of theirs, wherever they are",
        f"  {counts.media} media, with their originals, thumbnails and uploads",
    ]
