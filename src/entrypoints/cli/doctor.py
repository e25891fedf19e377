"""`mediaport doctor`: prove a configuration."""

import asyncio
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mediaport.entrypoints.settings import Settings, load

if TYPE_CHECKING:
    from mediaport.entrypoints.doctor.checks import Finding


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print all findings as one JSON object.")
def doctor(*, as_json: bool) -> None:
    """Prove that these settings work, as the server, a browser and a stranger see it.

    One line per check: what was seen and, where it failed, how to mend it. What it uploads it
    removes again. The exit status is 0 only if no check failed.
    """
    settings, _ = load()
    findings = asyncio.run(_examine(settings, aloud=not as_json))
    ok = all(finding.outcome in {"ok", "warned"} for finding in findings)
    if as_json:
        report = {"ok": ok, "checks": [asdict(each) for each in findings]}
        click.echo(json.dumps(report, indent=2))
    else:
        failed = sum(finding.outcome == "failed" for finding in findings)
        click.echo(f"\n{len(findings)} checks: {'all passed' if ok else f'{failed} failed'}")
    sys.exit(0 if ok else 1)


async def _examine(settings: Settings, *, aloud: bool) -> "list[Finding]":
    from mediaport.entrypoints.background import closing_parts  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.container import Container  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.doctor import examine  # noqa: PLC0415 - slow to import

    findings = []
    container = Container(settings=settings)
    async with closing_parts(container):
        async for finding in examine(container):
            findings.append(finding)
            if aloud:
                click.echo(_line(finding))
    return findings


def _line(finding: "Finding") -> str:
    outcome = {"failed": "FAILED"}.get(finding.outcome, finding.outcome)
    line = f"{outcome:<8} {finding.name:<42} {finding.seen}"
    return f"{line}\n{'':<8} -> {finding.mend}" if finding.mend else line
