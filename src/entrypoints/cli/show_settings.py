"""`mediaport settings`: what is set, to what, and where it came from."""

import click

from mediaport.entrypoints.settings import SECRETS, URLS_WITH_PASSWORDS, load, without_password


@click.command(name="settings")
def show_settings() -> None:
    """Print each setting, its value (secrets are masked) and where it came from."""
    settings, sources = load()
    rows = []
    for name, source in sources.items():
        value = getattr(settings, name.lower())
        if value is None:
            shown = "(unset)"
        elif name.lower() in SECRETS:
            shown = "********"
        elif name.lower() in URLS_WITH_PASSWORDS:
            shown = without_password(value)
        elif isinstance(value, bool):
            shown = str(value).lower()
        else:
            shown = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        rows.append((name, shown, source))
    names, values = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, shown, source in rows:
        click.echo(f"{name:<{names}}  {shown:<{values}}  {source}")
