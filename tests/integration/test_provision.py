"""Provisioning: on MinIO, which lacks some of it, and on moto, which has all."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from mediaport.adapters.s3.bucket_plan import BucketPlan
from mediaport.adapters.s3.connection import S3Connection
from mediaport.adapters.s3.provisioning import NotPrepared, Outcome, Step, prepare_bucket
from mediaport.domain.keys import KeyPrefixes
from tests.integration.crew import Crew, limited, session
from tests.integration.server import run
from tests.servers.process import free_port
from tests.servers.s3 import S3Server, new_bucket

ORIGIN = "https://page.example"
PREFIXES = KeyPrefixes(incoming="incoming/", public="public/")


def plan_of(connection: S3Connection, **changes: Any) -> BucketPlan:
    known: dict[str, Any] = {
        "bucket": connection.bucket,
        "region": connection.region,
        "partition": "aws",
        "prefixes": PREFIXES,
        "origins": [ORIGIN],
        "incoming_lasts_s": 3900,
    }
    return BucketPlan(**{**known, **changes})


def provision(connection: S3Connection, plan: BucketPlan) -> list[Step]:
    return [*prepare_bucket(connection, plan)]


def outcomes(steps: list[Step]) -> list[Outcome]:
    return [step.outcome for step in steps]


@pytest.fixture
def aws() -> Iterator[S3Connection]:
    """A bucket to be, on moto."""
    with mock_aws():
        yield S3Connection(
            bucket=new_bucket(),
            region="eu-central-1",
            access_key_id="key",
            secret_access_key="secret",
        )


@pytest.fixture
def minio(s3_server: S3Server) -> S3Connection:
    """A bucket to be, on the real server."""
    return S3Connection(
        bucket=new_bucket(),
        region="us-east-1",
        endpoint_url=s3_server.endpoint_url,
        addressing_style="path",
        access_key_id=s3_server.access_key_id,
        secret_access_key=s3_server.secret_access_key,
    )


def test_everything_is_set_once_and_then_left_alone(aws: S3Connection) -> None:
    first = provision(aws, plan_of(aws))
    second = provision(aws, plan_of(aws))

    assert outcomes(first) == [Outcome.CREATED, *[Outcome.CHANGED] * 5]
    assert outcomes(second) == [Outcome.UNCHANGED] * 6


def test_a_bucket_has_what_the_plan_says(aws: S3Connection) -> None:
    plan = plan_of(aws)

    provision(aws, plan)

    client, bucket = aws.client(), {"Bucket": aws.bucket}
    assert client.get_bucket_location(**bucket)["LocationConstraint"] == "eu-central-1"
    block = client.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
    assert block == plan.public_access_block
    statements = json.loads(client.get_bucket_policy(**bucket)["Policy"])["Statement"]
    assert statements == plan.policy_statements
    (cors,) = client.get_bucket_cors(**bucket)["CORSRules"]
    assert (cors["AllowedOrigins"], cors["AllowedMethods"]) == ([ORIGIN], ["PUT", "GET", "HEAD"])
    assert cors["AllowedHeaders"] == ["content-type"]
    rules = client.get_bucket_lifecycle_configuration(**bucket)["Rules"]
    assert [rule["ID"] for rule in rules] == ["mediaport-incoming", "mediaport-multipart"]
    assert rules[0]["Filter"] == {"Prefix": "incoming/"}
    assert rules[0]["Expiration"] == {"Days": 1}


def test_what_others_have_set_stays(aws: S3Connection) -> None:
    provision(aws, plan_of(aws))
    client, bucket = aws.client(), aws.bucket
    client.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": False,
            "IgnorePublicAcls": False,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    theirs: dict[str, Any] = {
        "Sid": "Theirs",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket}/secret/*",
    }
    client.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Id": "x", "Version": "2008-10-17", "Statement": theirs})
    )
    rule: Any = {"ID": "theirs", "AllowedOrigins": ["https://x.example"], "AllowedMethods": ["GET"]}
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})

    steps = provision(aws, plan_of(aws))

    assert [step.aspect for step in steps if step.outcome is Outcome.CHANGED] == [
        "public access block",
        "policy: anyone may read public/* and nothing else",
        f"CORS for {ORIGIN}",
    ]
    policy = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])
    assert (policy["Id"], policy["Version"]) == ("x", "2008-10-17")
    assert [each["Sid"] for each in policy["Statement"]] == ["Theirs", "MediaportPublicRead"]
    block = client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert not any(block.values())
    rules = client.get_bucket_cors(Bucket=bucket)["CORSRules"]
    assert [each["ID"] for each in rules] == ["theirs", "mediaport"]
    assert outcomes(provision(aws, plan_of(aws))) == [Outcome.UNCHANGED] * 6


def test_a_bucket_becomes_private_and_public_again(aws: S3Connection) -> None:
    private, public = plan_of(aws, is_public=False), plan_of(aws)
    client, bucket = aws.client(), {"Bucket": aws.bucket}
    provision(aws, public)

    closed = provision(aws, private)
    block = client.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
    again = provision(aws, private)
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        client.get_bucket_policy(**bucket)
    opened = provision(aws, public)

    assert [step.aspect for step in closed if step.outcome is Outcome.CHANGED] == [
        "public access block",
        "policy: no statement of ours lets anyone read",
    ]
    assert set(block.values()) == {True}
    assert outcomes(again) == [Outcome.UNCHANGED] * 6
    assert outcomes(opened)[1:3] == [Outcome.CHANGED] * 2
    assert json.loads(client.get_bucket_policy(**bucket)["Policy"])["Statement"]


def test_of_a_private_bucket_the_statements_of_others_stay(aws: S3Connection) -> None:
    provision(aws, plan_of(aws))
    client, bucket = aws.client(), aws.bucket
    theirs = {
        "Sid": "CloudFront",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/public/*",
    }
    policy = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])
    policy["Statement"].append(theirs)
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))

    provision(aws, plan_of(aws, is_public=False))

    kept = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])
    assert kept["Statement"] == [theirs]


def test_other_origins_replace_those_before(aws: S3Connection) -> None:
    provision(aws, plan_of(aws))

    steps = provision(aws, plan_of(aws, origins=["https://new.example"]))

    changed = [step.aspect for step in steps if step.outcome is Outcome.CHANGED]
    assert changed == ["CORS for https://new.example"]
    (rule,) = aws.client().get_bucket_cors(Bucket=aws.bucket)["CORSRules"]
    assert rule["AllowedOrigins"] == ["https://new.example"]


def test_uploads_never_expire_while_they_can_be_completed(aws: S3Connection) -> None:
    days = plan_of(aws, incoming_lasts_s=2 * 86_400 + 1).expiration["Expiration"]["Days"]

    assert days == 3


def test_a_store_says_what_it_lacks_and_what_to_do_instead(
    minio: S3Connection, s3_server: S3Server
) -> None:
    s3_server.require_minio()

    first = provision(minio, plan_of(minio))
    second = provision(minio, plan_of(minio))

    lacking = [step for step in second if step.outcome is Outcome.UNSUPPORTED]
    assert [step.aspect for step in lacking] == [
        "public access block",
        f"CORS for {ORIGIN}",
        "lifecycle: parts of uploads to incoming/* after 1 d",
    ]
    assert f"MINIO_API_CORS_ALLOW_ORIGIN={ORIGIN}" in lacking[1].instead
    assert Outcome.CREATED in outcomes(first)
    assert set(outcomes(second)) == {Outcome.UNCHANGED, Outcome.UNSUPPORTED}


def test_a_store_that_is_not_there_is_named(minio: S3Connection) -> None:
    nowhere = S3Connection(
        bucket="my-media",
        region="us-east-1",
        endpoint_url=f"http://127.0.0.1:{free_port()}",
        access_key_id="key",
        secret_access_key="secret",
    )

    with pytest.raises(NotPrepared, match="bucket my-media: Could not connect"):
        provision(nowhere, plan_of(nowhere))


class TestCommand:
    @pytest.fixture
    def settings(self, s3_server: S3Server) -> dict[str, str]:
        return {**s3_server.settings, "S3_BUCKET": new_bucket(), "CORS_ORIGINS": ORIGIN}

    def test_it_prints_a_line_for_each_aspect(
        self, settings: dict[str, str], tmp_path: Path
    ) -> None:
        first = run("provision", cwd=tmp_path, **settings)
        second = run("provision", cwd=tmp_path, **settings)

        assert (first.returncode, second.returncode) == (0, 0), first.stderr
        assert f"created      bucket {settings['S3_BUCKET']}" in first.stdout
        assert f"unchanged    bucket {settings['S3_BUCKET']}" in second.stdout
        assert "changed      " not in second.stdout.replace("unchanged    ", "")

    def test_a_dry_run_prints_all_of_it_and_does_nothing(
        self, settings: dict[str, str], tmp_path: Path
    ) -> None:
        nowhere = {**settings, "S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}

        done = run("provision", "--dry-run", cwd=tmp_path, **nowhere)

        assert done.returncode == 0, done.stderr
        wanted = {"bucket", "region", "public_access_block", "policy", "cors", "lifecycle"}
        assert set(json.loads(done.stdout)) == wanted

    def test_what_makes_no_call_needs_no_credentials(
        self, settings: dict[str, str], tmp_path: Path
    ) -> None:
        nobody = {**settings, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}

        for option in ("--dry-run", "--print-iam-policy"):
            for region in ("us-east-1", "auto", "fr-par"):
                done = run("provision", option, cwd=tmp_path, **{**nobody, "AWS_REGION": region})
                assert done.returncode == 0, done.stderr
                assert "arn:aws:s3:::" in done.stdout
        refused = run("provision", cwd=tmp_path, AWS_EC2_METADATA_DISABLED="true", **nobody)

        assert refused.returncode == 2
        (line,) = refused.stderr.splitlines()
        assert "there are no credentials" in line

    def test_without_a_bucket_it_says_so_in_one_line(self, tmp_path: Path) -> None:
        done = run("provision", cwd=tmp_path)

        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith("mediaport: S3_BUCKET:")

    def test_wrong_credentials_are_told_in_one_line(
        self, settings: dict[str, str], tmp_path: Path
    ) -> None:
        wrong = {**settings, "AWS_ACCESS_KEY_ID": "wrong"}

        done = run("provision", cwd=tmp_path, **wrong)

        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"Error: bucket {settings['S3_BUCKET']}:")
        assert "InvalidAccessKeyId" in line


class TestLeastRights:
    """The printed policies are the rights of temporary credentials, which MinIO hands out."""

    @pytest.mark.parametrize("access", ["public", "signed"])
    def test_they_are_enough(
        self, real: dict[str, str], s3_server: S3Server, crew: Crew, tmp_path: Path, access: str
    ) -> None:
        real["MEDIA_ACCESS"] = access
        assert run("provision", cwd=tmp_path, **real).returncode == 0
        api = crew.api(**limited(real, s3_server, "api", tmp_path))
        crew.worker(**limited(real, s3_server, "worker", tmp_path))

        demo = run("demo", "--url", api.url, cwd=tmp_path)
        doctor = run("doctor", cwd=tmp_path, **api.settings)

        assert demo.returncode == 0, demo.stdout + demo.stderr
        assert doctor.returncode == 0, doctor.stdout

    def test_they_are_no_more(
        self, real: dict[str, str], s3_server: S3Server, tmp_path: Path
    ) -> None:
        for who, forbidden in (
            ("api", [("get_object", "public/x"), ("put_object", "other/x")]),
            ("worker", [("get_object", "incoming/x"), ("put_object", "incoming/x")]),
        ):
            given = limited(real, s3_server, who, tmp_path)
            client = session(given).client("s3", endpoint_url=s3_server.endpoint_url)
            for call, key in forbidden:
                with pytest.raises(ClientError, match="AccessDenied"):
                    getattr(client, call)(Bucket=real["S3_BUCKET"], Key=key)
            with pytest.raises(ClientError, match="AccessDenied"):
                client.delete_bucket_policy(Bucket=real["S3_BUCKET"])
