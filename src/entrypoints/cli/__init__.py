"""The `mediaport` command."""

import sys
from typing import Never

import click

from mediaport import __version__
from mediaport.entrypoints.cli.archives import export, import_
from mediaport.entrypoints.cli.demo import demo
from mediaport.entrypoints.cli.doctor import doctor
from mediaport.entrypoints.cli.leave import ending_in_one_line
from mediaport.entrypoints.cli.migrate import migrate
from mediaport.entrypoints.cli.provision import provision
from mediaport.entrypoints.cli.reconcile import reconcile
from mediaport.entrypoints.cli.serve import serve
from mediaport.entrypoints.cli.show_settings import show_settings
from mediaport.entrypoints.cli.sweep import sweep
from mediaport.entrypoints.cli.thumbnails import thumbnails
from mediaport.entrypoints.cli.urls import urls
from mediaport.entrypoints.cli.user import user
from mediaport.entrypoints.cli.worker import worker


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mediaport")
def cli() -> None:
    """Image uploads, straight to the object store, verified and with thumbnails."""


for command in (
    serve,
    worker,
    migrate,
    provision,
    doctor,
    sweep,
    reconcile,
    thumbnails,
    urls,
    user,
    export,
    import_,
    show_settings,
    demo,
):
    cli.add_command(command)


def main() -> Never:
    """Run the command; what the user can mend ends it with one line."""
    with ending_in_one_line():
        cli()
    sys.exit(0)
