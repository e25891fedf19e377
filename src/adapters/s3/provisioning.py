"""Making a bucket what its plan says. What is there already, or is others', stays."""

import json
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from mediaport.adapters.s3.bucket_plan import CORS, PUBLIC_READ, BucketPlan, Json, document
from mediaport.adapters.s3.connection import S3Connection

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

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


class NotPrepared(Exception):
    """Raised when a store refuses, or does not answer; the steps before are done."""

    def __init__(self, aspect: str, cause: Exception) -> None:
        super().__init__(f"{aspect}: {cause}")


def prepare_bucket(connection: S3Connection, plan: BucketPlan) -> Iterator[Step]:
    """Take the steps that make the bucket what the plan says, one after the other.

    Raises:
        NotPrepared: The store refuses a step, or does not answer.
    """
    client = connection.client()
    for aspect, take in (
        (f"bucket {plan.bucket}", _create),
        ("public access block", _set_public_access_block),
        (_policy_in_words(plan), _set_policy),
        (f"CORS for {','.join(plan.origins)}", _set_cors),
        (f"lifecycle: {plan.prefixes.incoming}* expires after {plan.days} d", _expire_incoming),
        (f"lifecycle: parts of uploads to {plan.prefixes.incoming}* after 1 d", _abort_parts),
    ):
        try:
            outcome, instead = take(client, plan)
        except (ClientError, BotoCoreError) as error:
            raise NotPrepared(aspect, error) from error
        yield Step(aspect=aspect, outcome=outcome, instead=instead)


def _policy_in_words(plan: BucketPlan) -> str:
    if plan.is_public:
        return f"policy: anyone may read {plan.prefixes.public}* and nothing else"
    return "policy: no statement of ours lets anyone read"


def _create(client: "S3Client", plan: BucketPlan) -> tuple[Outcome, str]:
    try:
        client.list_objects_v2(Bucket=plan.bucket, MaxKeys=1)  # a HEAD would not say what is wrong
    except ClientError as error:
        if _code(error) != "NoSuchBucket":
            raise
    else:
        return Outcome.UNCHANGED, ""
    if plan.region == "us-east-1":  # the one that must not be named
        client.create_bucket(Bucket=plan.bucket)
    else:
        where = {"LocationConstraint": plan.region}
        client.create_bucket(Bucket=plan.bucket, CreateBucketConfiguration=cast("Any", where))
    return Outcome.CREATED, ""


def _set_public_access_block(client: "S3Client", plan: BucketPlan) -> tuple[Outcome, str]:
    wanted = plan.public_access_block

    def is_set() -> bool:
        found = client.get_public_access_block(Bucket=plan.bucket)["PublicAccessBlockConfiguration"]
        acls = {name: value for name, value in found.items() if name.endswith("Acls")}
        if plan.is_public:  # others' objects may be public by theirs
            wanted.update(cast("dict[str, bool]", acls))
        return found == wanted

    return _set(
        is_set,
        lambda: client.put_public_access_block(
            Bucket=plan.bucket, PublicAccessBlockConfiguration=cast("Any", wanted)
        ),
        instead="nothing to do: a store without it makes nothing public by itself",
    )


def _set_policy(client: "S3Client", plan: BucketPlan) -> tuple[Outcome, str]:
    wanted = document(plan.policy_statements)

    def is_set() -> bool:
        found = _policy_of(client, plan.bucket)
        listed = found["Statement"]
        statements = listed if isinstance(listed, list) else [listed]
        others = [each for each in statements if each.get("Sid") != PUBLIC_READ]
        ours = [_canonical(each) for each in statements if each.get("Sid") == PUBLIC_READ]
        wanted.update(found, Statement=[*others, *plan.policy_statements])
        return ours == [_canonical(each) for each in plan.policy_statements]

    def put() -> None:
        if wanted["Statement"]:
            client.put_bucket_policy(Bucket=plan.bucket, Policy=json.dumps(wanted))
        else:
            client.delete_bucket_policy(Bucket=plan.bucket)

    instead = (
        f"make {plan.prefixes.public}* readable as the store has it, and set "
        "S3_PUBLIC_BASE_URL to where"
    )
    return _set(is_set, put, instead=instead if plan.is_public else "let nobody read the bucket")


def _policy_of(client: "S3Client", bucket: str) -> Json:
    """What is set, or a policy that says nothing."""
    try:
        policy: Json = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])
    except ClientError as error:
        if _code(error) not in NOT_THERE:
            raise
        return document([])
    return policy


def _set_cors(client: "S3Client", plan: BucketPlan) -> tuple[Outcome, str]:
    rules: list[Any] = [plan.cors_rule]

    def is_set() -> bool:
        found = client.get_bucket_cors(Bucket=plan.bucket)["CORSRules"]
        rules[:] = [*(rule for rule in found if rule.get("ID") != CORS), plan.cors_rule]
        return any(_sorted(rule) == _sorted(plan.cors_rule) for rule in found)

    origins = ",".join(plan.origins)
    return _set(
        is_set,
        lambda: client.put_bucket_cors(Bucket=plan.bucket, CORSConfiguration={"CORSRules": rules}),
        instead=f"allow them for the whole store; MinIO: MINIO_API_CORS_ALLOW_ORIGIN={origins}",
    )


def _expire_incoming(client: "S3Client", plan: BucketPlan) -> tuple[Outcome, str]:
    instead = "nothing to do: the sweep removes every upload that it knows of"
    return _set_lifecycle(client, plan.bucket, plan.expiration, instead=instead)


def _abort_parts(client: "S3Client", plan: BucketPlan) -> tuple[Outcome, str]:
    instead = "nothing to do: browsers upload in one part, and MinIO removes parts by itself"
    return _set_lifecycle(client, plan.bucket, plan.abortion, instead=instead)


def _set_lifecycle(
    client: "S3Client", bucket: str, wanted: Json, *, instead: str
) -> tuple[Outcome, str]:
    rules: list[Any] = [wanted]

    def is_set() -> bool:
        found = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        rules[:] = [*(rule for rule in found if rule.get("ID") != wanted["ID"]), wanted]
        return any(_sorted(rule) == _sorted(wanted) for rule in found)

    return _set(
        is_set,
        lambda: client.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": rules}
        ),
        instead=instead,
        refusals=UNKNOWN_CALLS | UNKNOWN_RULES,
    )


def _set(
    is_set: Callable[[], bool],
    put: Callable[[], object],
    *,
    instead: str,
    refusals: AbstractSet[str] = UNKNOWN_CALLS,
) -> tuple[Outcome, str]:
    try:
        try:
            if is_set():
                return Outcome.UNCHANGED, ""
        except ClientError as error:
            if _code(error) not in NOT_THERE:
                raise
        put()
    except ClientError as error:
        if _code(error) not in refusals:
            raise
        return Outcome.UNSUPPORTED, instead
    return Outcome.CHANGED, ""


def _code(error: ClientError) -> str:
    code: str = error.response.get("Error", {}).get("Code", "")
    return code


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
