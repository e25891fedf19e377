"""Our signatures are botocore's, byte for byte, and our addresses are its."""

from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any
from unittest import mock

import boto3
import botocore.auth
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from mediaport.adapters.s3.address import AddressingStyle, address_of
from mediaport.adapters.s3.signing import Keys, Signer, query_of

REGIONS = ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "us-isob-east-1", "auto"]
ENDPOINTS = [
    None,
    "https://r2.example",
    "http://minio:9000",
    "http://minio:80",
    "https://minio:443/base",
    "http://127.0.0.1:9000",
    "http://[::1]:9000",
]
PLACES: list[tuple[str, str | None, AddressingStyle]] = [
    ("eu-central-1", None, "virtual"),
    ("us-isob-east-1", None, "path"),
    *(("us-east-1", endpoint, "virtual") for endpoint in ENDPOINTS[1:4]),
    *(("auto", endpoint, "path") for endpoint in ENDPOINTS[1:]),
]
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
secrets = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
keys_of_someone = st.builds(
    Keys,
    access_key_id=st.text("ABCDEFGHIJ0123456789", min_size=1),
    secret_access_key=secrets,
    session_token=st.none() | secrets,
)
EAST = timezone(timedelta(hours=2))
moments = st.integers(10**9, 4 * 10**9).map(lambda second: datetime.fromtimestamp(second, EAST))


def at(now: datetime) -> Any:
    """botocore's clock, which stands still."""
    return mock.patch.object(
        botocore.auth, "get_current_datetime", return_value=now.astimezone(UTC)
    )


def of_botocore(keys: Keys) -> Credentials:
    return Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token)


@cache
def client(region: str, endpoint: str | None, style: str) -> Any:
    """boto3's; to make one takes longer than all that is signed with it here."""
    addressing: Any = {"addressing_style": style, "us_east_1_regional_endpoint": "regional"}
    config = Config(signature_version="s3v4", s3=addressing)
    session = boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret")
    return session.client("s3", region_name=region, endpoint_url=endpoint, config=config)


def parts_of(url: str) -> tuple[str, list[str]]:
    """A URL, whatever the order of its parameters."""
    address, _, query = url.partition("?")
    return address, sorted(query.split("&"))


@given(
    place=st.sampled_from(PLACES),
    keys=keys_of_someone,
    key=texts,
    content_type=st.sampled_from(["image/jpeg", "image/svg+xml; charset=utf-8"]),
    size_bytes=st.integers(0, 10**12),
    expires_in_s=st.integers(1, 604_800),
    now=moments,
)
def test_a_url_is_signed_as_boto3_signs_it(
    place: tuple[str, str | None, AddressingStyle],
    keys: Keys,
    key: str,
    content_type: str,
    size_bytes: int,
    expires_in_s: int,
    now: datetime,
) -> None:
    ours = Signer(place[0]).presigned(
        keys,
        "PUT",
        address_of("my-media", *place),
        key,
        headers={"Content-Type": content_type, "Content-Length": str(size_bytes)},
        expires_in_s=expires_in_s,
        now=now,
    )

    signing = client(*place)
    signing._request_signer._credentials = of_botocore(keys)
    with at(now):
        theirs = signing.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": "my-media",
                "Key": key,
                "ContentType": content_type,
                "ContentLength": size_bytes,
            },
            ExpiresIn=expires_in_s,
        )
    assert parts_of(ours) == parts_of(theirs)


@given(
    method=st.sampled_from(["HEAD", "GET", "PUT", "POST"]),
    place=st.sampled_from(PLACES),
    keys=keys_of_someone,
    key=texts | st.just(""),
    query=st.dictionaries(st.sampled_from(["delete", "prefix", "list-type", "x y"]), texts),
    headers=st.dictionaries(
        st.sampled_from(["Content-Type", "Range", "If-Match", "x-amz-copy-source"]),
        st.text('abc /="%-', max_size=20),
    ),
    body=st.binary(max_size=20),
    now=moments,
)
def test_a_call_is_signed_as_botocore_signs_it(
    method: str,
    place: tuple[str, str | None, AddressingStyle],
    keys: Keys,
    key: str,
    query: dict[str, str],
    headers: dict[str, str],
    body: bytes,
    now: datetime,
) -> None:
    address = address_of("my-media", *place)
    ours = Signer(place[0]).signed(
        keys, method, address, key, query=query, headers=headers, body=body, now=now
    )

    url = f"{address.origin}{address.path_of(key)}?{query_of(query)}"
    theirs = AWSRequest(method, url, headers=headers, data=body)
    with at(now):
        S3SigV4Auth(of_botocore(keys), "s3", place[0]).add_auth(theirs)
    assert {name.lower(): value for name, value in ours.items()} == {
        name.lower(): value for name, value in theirs.headers.items()
    }


@pytest.mark.parametrize("style", ["virtual", "path"])
@pytest.mark.parametrize("bucket", ["my-media", "my.media", "192.168.1.1"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_bucket_is_where_boto3_finds_it(
    bucket: str, endpoint: str | None, style: AddressingStyle
) -> None:
    if bucket == "my.media" and style == "virtual" and endpoint in ENDPOINTS[-2:]:
        return  # boto3 puts a name with a dot in front of an IP address, which is nowhere
    for region in REGIONS if endpoint is None else ["eu-central-1"]:
        url = client(region, endpoint, style).generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": "a"}
        )
        assert f"{address_of(bucket, region, endpoint, style).url}/a" == url.partition("?")[0]


@pytest.mark.parametrize("endpoint", ["minio:9000", "ftp://minio", "http://", "http://minio:port"])
def test_an_endpoint_that_is_no_url_is_refused(endpoint: str) -> None:
    with pytest.raises(ValueError, match=r"http|[Pp]ort"):
        address_of("my-media", "us-east-1", endpoint, "path")


def test_what_is_secret_is_not_shown() -> None:
    keys = Keys(access_key_id="key", secret_access_key="hunter2", session_token="hunter3")

    assert "hunter" not in repr(keys)
