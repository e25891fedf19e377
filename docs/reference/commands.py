"""Every command, as `--help` shows it."""

from collections.abc import Iterator

import click

from mediaport.entrypoints.cli import cli

INTRODUCTION = """\
# Commands

`make install` puts them at `.venv/bin/mediaport`; every command takes `--help`. What you can mend
ends a command with one line and exit status 2.

"""
WIDTH = 100


def page() -> str:
    """The page."""
    return INTRODUCTION + "\n".join(_sections(cli, "mediaport", None))


def _sections(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
    )
    heading = f"## {context.command_path}\n\n" if parent else ""
    yield f"{heading}```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            if found := command.get_command(context, inner):
                yield from _sections(found, inner, context)
