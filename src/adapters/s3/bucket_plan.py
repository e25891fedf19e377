"""What a bucket is to be, and the rights that Mediaport's processes need there."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mediaport.domain.keys import KeyPrefixes

PUBLIC_READ = "MediaportPublicRead"
CORS = "mediaport"
DAY_S = 86_400

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPlan:
    """What a bucket is to be.

    Attributes:
        origins: Of the pages that upload.
        incoming_lasts_s: After this long no upload can be completed any more.
        is_public: Whether anyone may read what is published; else the bucket shows nothing to
            whoever has no signature.
        signs_gets: Whether the API signs URLs with its own key, which has to have the right.
    """

    bucket: str
    region: str
    partition: str
    prefixes: KeyPrefixes
    origins: Sequence[str]
    incoming_lasts_s: int
    is_public: bool = True
    signs_gets: bool = False

    @property
    def public_access_block(self) -> dict[str, bool]:
        """Of a private bucket, nothing may make any object public; else a bucket policy may.

        Of a new bucket, no ACL may in either case.
        """
        return {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": not self.is_public,
            "RestrictPublicBuckets": not self.is_public,
        }

    @property
    def policy_statements(self) -> list[Json]:
        """Anyone may read what is published, and nothing else; of a private bucket, not even that.

        S3 has no empty policy: no statements are no policy.
        """
        anyone_reads = {
            "Sid": PUBLIC_READ,
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": self._objects(self.prefixes.public),
        }
        return [anyone_reads] if self.is_public else []

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
    def days(self) -> int:
        """How long an upload is kept, in days: no shorter than it can be completed."""
        return max(1, math.ceil(self.incoming_lasts_s / DAY_S))

    @property
    def expiration(self) -> Json:
        """Uploads that nobody completed or removed go."""
        return {
            "ID": "mediaport-incoming",
            "Status": "Enabled",
            "Filter": {"Prefix": self.prefixes.incoming},
            "Expiration": {"Days": self.days},
        }

    @property
    def abortion(self) -> Json:
        """So do the parts of uploads that were never put together."""
        return {
            "ID": "mediaport-multipart",
            "Status": "Enabled",
            "Filter": {"Prefix": self.prefixes.incoming},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }

    def as_json(self) -> Json:
        """All of it, as S3 takes it."""
        return {
            "bucket": self.bucket,
            "region": self.region,
            "public_access_block": self.public_access_block,
            "policy": document(self.policy_statements) if self.is_public else None,
            "cors": {"CORSRules": [self.cors_rule]},
            "lifecycle": {"Rules": [self.expiration, self.abortion]},
        }

    def iam_policies(self) -> dict[str, Json]:
        """The least that each process needs: `api` and `worker`. Without Redis, one needs both.

        Commands that remake or reconcile need what a worker needs.
        """
        incoming, public = (
            self._objects(self.prefixes.incoming),
            self._objects(self.prefixes.public),
        )
        publish = ["s3:PutObject", "s3:DeleteObject"]
        if self.signs_gets:
            publish.insert(0, "s3:GetObject")
        see = _allow("See", ["s3:ListBucket"], self._arn(""))
        return {
            "api": document(
                [
                    _allow("Upload", ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"], incoming),
                    _allow("Publish", publish, public),
                    see,
                ]
            ),
            "worker": document(
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


def document(statements: Sequence[Json]) -> Json:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": [*statements]}


def _allow(sid: str, actions: Sequence[str], resource: str) -> Json:
    return {"Sid": f"Mediaport{sid}", "Effect": "Allow", "Action": [*actions], "Resource": resource}
