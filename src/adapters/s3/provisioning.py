"""Making a bucket what Mediaport needs, and the rights that its processes need there."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from mediaport.adapters.s3.connection import S3Connection
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.keys import KeyPrefixes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PUBLIC_READ = "MediaportPublicRead"
CORS = "mediaport"
DAY_S = 86_400
# What stores say of a call that they do not know.
UNKNOWN_CALLS = frozenset({"NotImplemented", "MethodNotAllowed", "NotSupported", "501", "405"})
# MinIO's and others' word for a lifecycle rule of a kind that they do not know.
UNKNOWN_RULES = frozenset({"InvalidArgument", "MalformedXML", "InvalidRequest"})
NOT_THERE = {
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchBucketPolicy",
    "NoSuchCORSConfiguration",
    "NoSuchLifecycleConfiguration",
}

Json = dict[str, Any]


class Outcome(StrEnum):
    """What became of one aspect of a bucket."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One aspect of a bucket: what became of it, and what to do where the store cannot."""

    aspect: str
    outcome: Outcome
    instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPlan:
    """What a bucket is to be.

    Attributes:
        origins: Of the pages that upload.
        incoming_lasts_s: After this long no upload can be completed any more.
    """

    bucket: str
    region: str
    partition: str
    prefixes: KeyPrefixes
    origins: Sequence[str]
    incoming_lasts_s: int

    @property
    def public_access_block(self) -> dict[str, bool]:
        """No object is public by an ACL; a bucket policy may make some so."""
        return {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": False,
            "RestrictPublicBuckets": False,
        }

    @property
    def policy_statement(self) -> Json:
        """Anyone may read what is published, and nothing else."""
        return {
            "Sid": PUBLIC_READ,
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": self._objects(self.prefixes.public),
        }

    @property
    def cors_rule(self) -> Json:
        """What a browser sends: the upload with its type, and GETs of what is public."""
        return {
            "ID": CORS,
            "AllowedOrigins": [*self.origins],
            "AllowedMethods": ["PUT", "GET", "HEAD"],
            "AllowedHeaders": ["content-type"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 3600,
        }

    @property
    def expiration(self) -> Json:
        """Uploads that nobody completed or removed go."""
        return {
            "ID": "mediaport-incoming",
            "Status": "Enabled",
            "Filter": {"Prefix": self.prefixes.incoming},
            "Expiration": {"Days": max(1, math.ceil(self.incoming_lasts_s / DAY_S))},
        }

    @property
    def abortion(self) -> Json:
        """So do the parts of uploads that were never put together; Mediaport makes none."""
        return {
            "ID": "mediaport-multipart",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }

    def as_json(self) -> Json:
        """All of it, as S3 takes it."""
        return {
            "bucket": self.bucket,
            "region": self.region,
            "public_access_block": self.public_access_block,
            "policy": _document([self.policy_statement]),
            "cors": {"CORSRules": [self.cors_rule]},
            "lifecycle": {"Rules": [self.expiration, self.abortion]},
        }

    def iam_policies(self) -> dict[str, Json]:
        """The least that each process needs: `api` and `worker`. Without Redis, one needs both."""
        incoming, public = (
            self._objects(self.prefixes.incoming),
            self._objects(self.prefixes.public),
        )
        see = _allow("See", ["s3:ListBucket"], self._arn(""))
        return {
            "api": _document(
                [
                    _allow("Upload", ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"], incoming),
                    _allow("Publish", ["s3:PutObject", "s3:DeleteObject"], public),
                    see,
                ]
            ),
            "worker": _document(
                [
                    _allow(
                        "Thumbnails", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], public
                    ),
                    _allow("Sweep", ["s3:DeleteObject"], incoming),
                    see,
                ]
            ),
        }

    def _objects(self, prefix: str) -> str:
        return self._arn(f"/{prefix}*")

    def _arn(self, path: str) -> str:
        return f"arn:{self.partition}:s3:::{self.bucket}{path}"


def provision(connection: S3Connection, plan: BucketPlan) -> list[Step]:
    """Make the bucket what the plan says. What is there already, or is others', stays.

    Raises:
        PartUnavailable: The store does not answer, or refuses.
    """
    client = connection.client()
    try:
        return [
            _create(client, plan),
            _set_public_access_block(client, plan),
            _set_policy(client, plan),
            _set_cors(client, plan),
            _expire_incoming(client, plan),
            _abort_parts(client, plan),
        ]
    except (ClientError, BotoCoreError) as error:
        raise PartUnavailable("object_store", str(error)) from error


def _create(client: "S3Client", plan: BucketPlan) -> Step:
    aspect = f"bucket {plan.bucket}"
    try:
        client.list_objects_v2(Bucket=plan.bucket, MaxKeys=1)  # a HEAD would not say what is wrong
    except ClientError as error:
        if _code(error) != "NoSuchBucket":
            raise
    else:
        return Step(aspect=aspect, outcome=Outcome.UNCHANGED)
    if plan.region == "us-east-1":  # the one that must not be named
        client.create_bucket(Bucket=plan.bucket)
    else:
        where = {"LocationConstraint": plan.region}
        client.create_bucket(Bucket=plan.bucket, CreateBucketConfiguration=cast("Any", where))
    return Step(aspect=aspect, outcome=Outcome.CREATED)


def _set_public_access_block(client: "S3Client", plan: BucketPlan) -> Step:
    wanted = plan.public_access_block
    return _set(
        "public access block",
        lambda: (
            client.get_public_access_block(Bucket=plan.bucket)["PublicAccessBlockConfiguration"]
            == wanted
        ),
        lambda: client.put_public_access_block(
            Bucket=plan.bucket, PublicAccessBlockConfiguration=cast("Any", wanted)
        ),
        instead="nothing to do: a store without it makes nothing public by itself",
    )


def _set_policy(client: "S3Client", plan: BucketPlan) -> Step:
    wanted = plan.policy_statement
    others: list[Json] = []

    def is_set() -> bool:
        statements = json.loads(client.get_bucket_policy(Bucket=plan.bucket)["Policy"])["Statement"]
        same = [each for each in statements if _canonical(each) == _canonical(wanted)]
        others[:] = [each for each in statements if each.get("Sid") != PUBLIC_READ]
        return bool(same)

    return _set(
        f"policy: anyone may read {plan.prefixes.public}* and nothing else",
        is_set,
        lambda: client.put_bucket_policy(
            Bucket=plan.bucket, Policy=json.dumps(_document([*others, wanted]))
        ),
        instead=f"make {plan.prefixes.public}* readable as the store has it, and set "
        "S3_PUBLIC_BASE_URL to where",
    )


def _set_cors(client: "S3Client", plan: BucketPlan) -> Step:
    wanted = plan.cors_rule
    others: list[Any] = []

    def is_set() -> bool:
        rules = client.get_bucket_cors(Bucket=plan.bucket)["CORSRules"]
        others[:] = [rule for rule in rules if rule.get("ID") != CORS]
        return any(_sorted(rule) == _sorted(wanted) for rule in rules)

    origins = ",".join(plan.origins)
    return _set(
        f"CORS for {origins}",
        is_set,
        lambda: client.put_bucket_cors(
            Bucket=plan.bucket, CORSConfiguration=cast("Any", {"CORSRules": [*others, wanted]})
        ),
        instead=f"allow them for the whole store; MinIO: MINIO_API_CORS_ALLOW_ORIGIN={origins}",
    )


def _expire_incoming(client: "S3Client", plan: BucketPlan) -> Step:
    rule = plan.expiration
    return _set_lifecycle(
        f"lifecycle: {plan.prefixes.incoming}* expires after {rule['Expiration']['Days']} d",
        client,
        plan.bucket,
        rule,
        instead="nothing to do: the sweep removes every upload that it knows of",
    )


def _abort_parts(client: "S3Client", plan: BucketPlan) -> Step:
    return _set_lifecycle(
        "lifecycle: unfinished multipart uploads are aborted after 1 d",
        client,
        plan.bucket,
        plan.abortion,
        instead="nothing to do with MinIO, which does so by itself",
    )


def _set_lifecycle(
    aspect: str, client: "S3Client", bucket: str, wanted: Json, *, instead: str
) -> Step:
    others: list[Any] = []

    def is_set() -> bool:
        rules = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        others[:] = [rule for rule in rules if rule.get("ID") != wanted["ID"]]
        return any(_sorted(rule) == _sorted(wanted) for rule in rules)

    return _set(
        aspect,
        is_set,
        lambda: client.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration=cast("Any", {"Rules": [*others, wanted]})
        ),
        instead=instead,
        refusals=UNKNOWN_CALLS | UNKNOWN_RULES,
    )


def _set(
    aspect: str,
    is_set: Callable[[], bool],
    put: Callable[[], object],
    *,
    instead: str,
    refusals: AbstractSet[str] = UNKNOWN_CALLS,
) -> Step:
    try:
        try:
            if is_set():
                return Step(aspect=aspect, outcome=Outcome.UNCHANGED)
        except ClientError as error:
            if _code(error) not in NOT_THERE:
                raise
        put()
    except ClientError as error:
        if _code(error) not in refusals:
            raise
        return Step(aspect=aspect, outcome=Outcome.UNSUPPORTED, instead=instead)
    return Step(aspect=aspect, outcome=Outcome.CHANGED)


def _code(error: ClientError) -> str:
    code: str = error.response.get("Error", {}).get("Code", "")
    return code


def _document(statements: Sequence[Json]) -> Json:
    return {"Version": "2012-10-17", "Statement": [*statements]}


def _allow(sid: str, actions: Sequence[str], resource: str) -> Json:
    return {"Sid": f"Mediaport{sid}", "Effect": "Allow", "Action": [*actions], "Resource": resource}


def _canonical(statement: Mapping[str, Any]) -> Json:
    """A policy's statement in one of the forms that mean the same."""
    listed = {
        name: sorted(value) if isinstance(value, list) else [value]
        for name, value in statement.items()
        if name in {"Action", "Resource"}
    }
    principal = statement.get("Principal")
    anyone = principal in ("*", {"AWS": "*"}, {"AWS": ["*"]})
    return {**statement, **listed, "Principal": "*" if anyone else principal}


def _sorted(rule: Mapping[str, Any]) -> Json:
    """A rule without the order of its lists."""
    return {
        name: sorted(value) if isinstance(value, list) else value for name, value in rule.items()
    }
