"""`mediaport provision`: prepare the bucket."""

import json

import click

from mediaport.entrypoints.settings import load


@click.command()
@click.option("--dry-run", is_flag=True, help="Print what the bucket is to be, as JSON.")
@click.option(
    "--print-iam-policy",
    is_flag=True,
    help="Print the least rights that the API and the worker need, as JSON.",
)
def provision(*, dry_run: bool, print_iam_policy: bool) -> None:
    """Make the bucket what Mediaport needs; run again, it changes nothing.

    Creates it, lets anyone read what is published and nothing else, or with MEDIA_ACCESS=signed
    nobody read anything without a signature, lets the pages of CORS_ORIGINS upload, and lets
    uploads that nobody completed expire. What others have set there stays. Needs more rights than
    the server: run it with an administrator's credentials.
    """
    # Imported here: boto3 is slow to import.
    from mediaport.adapters.s3.provisioning import (  # noqa: PLC0415
        NotPrepared,
        Outcome,
        prepare_bucket,
    )
    from mediaport.entrypoints.parts import (  # noqa: PLC0415
        bucket_plan,
        require_credentials,
        s3_connection,
    )

    settings, _ = load()
    connection = s3_connection(settings)
    plan = bucket_plan(settings, connection)
    if print_iam_policy:
        click.echo(json.dumps(plan.iam_policies(), indent=2))
        return
    if dry_run:
        click.echo(json.dumps(plan.as_json(), indent=2))
        return
    require_credentials(connection)
    try:
        for step in prepare_bucket(connection, plan):
            click.echo(f"{step.outcome:<11}  {step.aspect}")
            if step.outcome is Outcome.UNSUPPORTED:
                click.echo(f"{'instead:':>11}  {step.instead}")
    except NotPrepared as error:
        raise click.ClickException(str(error)) from error
