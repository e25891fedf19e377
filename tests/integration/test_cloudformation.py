"""deploy/aws/mediaport.yaml makes what `mediaport provision` makes, and is in order."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from mediaport.adapters.s3.bucket_plan import BucketPlan
from mediaport.adapters.s3.connection import S3Connection
from mediaport.adapters.s3.provisioning import Outcome, prepare_bucket
from mediaport.entrypoints.parts import bucket_plan, s3_connection
from mediaport.entrypoints.settings import Settings, load
from tests.integration.cloudformation import TEMPLATE, make_bucket, resources
from tests.integration.crew import NOWHERE

BUCKET, ORIGIN = "my-media", "https://media.example.com"
SETTINGS = {
    "S3_BUCKET": BUCKET,
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "BASE_URL": ORIGIN,
    "CORS_ORIGINS": ORIGIN,
}


@pytest.fixture(params=["public", "signed"])
def access(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(access: str) -> Settings:
    return load({**SETTINGS, "MEDIA_ACCESS": access}, env_file=NOWHERE)[0]


@pytest.fixture
def connection(settings: Settings) -> Iterator[S3Connection]:
    with mock_aws():
        yield s3_connection(settings)


@pytest.fixture
def plan(settings: Settings, connection: S3Connection) -> BucketPlan:
    """What the server's settings say of the bucket."""
    return bucket_plan(settings, connection)


def test_it_is_in_order() -> None:
    lint = Path(sys.executable).with_name("cfn-lint")

    done = subprocess.run(
        [lint, "--template", TEMPLATE, "--regions", "eu-central-1"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_provision_changes_nothing_in_its_bucket(
    connection: S3Connection, plan: BucketPlan, access: str
) -> None:
    make_bucket(connection, resources(Bucket=BUCKET, Origins=[ORIGIN], Access=access))

    steps = [*prepare_bucket(connection, plan)]

    assert {step.aspect: step.outcome for step in steps} == {
        step.aspect: Outcome.UNCHANGED for step in steps
    }


def test_a_difference_would_be_seen(
    connection: S3Connection, plan: BucketPlan, access: str
) -> None:
    others = {"Origins": ["https://elsewhere.example"], "IncomingDays": 2}
    stack = resources(Bucket=BUCKET, Access=access, **others)
    make_bucket(connection, stack)

    steps = [*prepare_bucket(connection, plan)]

    changed = [step.aspect for step in steps if step.outcome is Outcome.CHANGED]
    assert changed == [f"CORS for {ORIGIN}", "lifecycle: incoming/* expires after 1 d"]


def test_the_rights_are_those_that_provision_prints(plan: BucketPlan, access: str) -> None:
    stack = resources(Bucket=BUCKET, Origins=[ORIGIN], Access=access)

    rights = {
        name: stack[f"{name.title()}Rights"]["PolicyDocument"] for name in plan.iam_policies()
    }

    assert rights == plan.iam_policies()


def test_each_process_has_its_own_rights_and_no_others() -> None:
    stack = resources(Bucket=BUCKET, Origins=[ORIGIN])

    has = {name: stack[name]["ManagedPolicyArns"] for name in ("Api", "Worker", "Backup")}

    assert has == {"Api": ["ApiRights"], "Worker": ["WorkerRights"], "Backup": ["BackupRights"]}


def test_signed_means_that_nothing_is_public() -> None:
    stack = resources(Bucket=BUCKET, Origins=[ORIGIN], Access="signed")

    assert all(stack["Media"]["PublicAccessBlockConfiguration"].values())
    assert "PublicRead" not in stack


def test_backups_are_nobodys_and_cannot_be_written_away() -> None:
    stack = resources(Bucket=BUCKET, Origins=[ORIGIN])

    backups, (statement,) = stack["Backups"], stack["BackupRights"]["PolicyDocument"]["Statement"]
    assert all(backups["PublicAccessBlockConfiguration"].values())
    assert backups["VersioningConfiguration"] == {"Status": "Enabled"}
    assert statement["Action"] == ["s3:PutObject", "s3:GetObject"]
    assert statement["Resource"] == f"arn:aws:s3:::{BUCKET}-backups/*"
