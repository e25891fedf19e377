"""The object store in a bucket: of a real S3 server, and of moto for what moto can prove."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from moto.server import ThreadedMotoServer

from mediaport.adapters.s3.bucket_plan import BucketPlan
from mediaport.adapters.s3.connection import S3Connection
from mediaport.adapters.s3.object_store import S3ObjectStore
from mediaport.adapters.s3.provisioning import prepare_bucket
from mediaport.adapters.system.clock import SystemClock
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.object_store import ObjectStore, SignedUpload
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.keys import KeyPrefixes
from tests.contracts.object_store import (
    BODY,
    JPEG,
    HttpObjectStoreContract,
    ObjectStoreContract,
    incoming,
    listed,
    public,
)
from tests.servers.process import free_port
from tests.servers.s3 import REGION, S3Server, new_bucket

PREFIXES = KeyPrefixes(incoming="incoming/", public="public/")


def connection_to(url: str | None, *, bucket: str = "my-media", **changes: Any) -> S3Connection:
    known: dict[str, Any] = {
        "region": REGION,
        "endpoint_url": url,
        "addressing_style": "path" if url else "virtual",
        "access_key_id": "key",
        "secret_access_key": "secret",
    }
    return S3Connection(bucket=bucket, **{**known, **changes})


def provisioned(connection: S3Connection) -> S3ObjectStore:
    plan = BucketPlan(
        bucket=connection.bucket,
        region=connection.region,
        partition="aws",
        prefixes=PREFIXES,
        origins=["http://localhost:5173"],
        incoming_lasts_s=3600,
    )
    for _ in prepare_bucket(connection, plan):
        pass
    return S3ObjectStore(connection, PREFIXES)


class TestS3ObjectStore(HttpObjectStoreContract):
    @pytest.fixture
    def clock(self) -> SystemClock:
        return SystemClock()

    @pytest.fixture
    def connection(self, s3_server: S3Server) -> S3Connection:
        return connection_to(
            s3_server.endpoint_url,
            bucket=new_bucket(),
            access_key_id=s3_server.access_key_id,
            secret_access_key=s3_server.secret_access_key,
        )

    @pytest.fixture
    async def store(self, connection: S3Connection) -> AsyncIterator[S3ObjectStore]:
        store = await asyncio.to_thread(provisioned, connection)
        yield store
        await store.close()

    async def wait_until_expired(self, clock: Clock, upload: SignedUpload) -> None:
        while clock.now() <= upload.expires_at:
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)  # servers count whole seconds

    async def test_what_a_client_sends_besides_the_bytes_is_not_published(
        self, store: S3ObjectStore, connection: S3Connection
    ) -> None:
        client, source, target = connection.client(), incoming(), public()
        client.put_object(
            Bucket=store.bucket,
            Key=source,
            Body=BODY,
            ContentType="text/html",
            ContentDisposition="inline",
            Metadata={"evil": "yes"},
            Tagging="evil=yes",
        )
        staged = incoming()
        await store.stage(source, staged)
        etag = (await store.stat(staged)).etag

        await store.publish(staged, target, etag=etag, content_type=JPEG)  # row 6

        published = client.head_object(Bucket=store.bucket, Key=target)
        assert published["ContentType"] == JPEG
        assert published["Metadata"] == {}
        assert published.get("ContentDisposition", "") == ""
        assert client.get_object_tagging(Bucket=store.bucket, Key=target)["TagSet"] == []

    async def test_more_keys_than_one_page_holds_are_listed_and_deleted(
        self, store: S3ObjectStore
    ) -> None:
        keys = [f"public/many/{number}" for number in range(1005)]
        await asyncio.gather(*(store.put(key, b"x", content_type=JPEG) for key in keys))

        assert await listed(store, "public/many/") == sorted(keys)
        await store.delete(keys)

        assert await listed(store, "public/many/") == []

    async def test_a_bucket_that_is_not_there_is_a_store_that_is_down(
        self, s3_server: S3Server, connection: S3Connection
    ) -> None:
        store = S3ObjectStore(connection, PREFIXES)

        for call in (store.check(), store.stat(incoming()), store.read(incoming())):
            with pytest.raises(PartUnavailable, match="bucket"):
                await call
        await store.close()

    async def test_a_wrong_secret_is_a_store_that_is_down(self, s3_server: S3Server) -> None:
        store = S3ObjectStore(connection_to(s3_server.endpoint_url), PREFIXES)

        with pytest.raises(PartUnavailable):
            await store.check()
        await store.close()

    async def test_browsers_are_sent_where_they_can_reach_the_store(
        self, connection: S3Connection, store: S3ObjectStore, clock: SystemClock
    ) -> None:
        outside = str(connection.endpoint_url).replace("127.0.0.1", "localhost")
        browsers = S3ObjectStore(replace(connection, presign_endpoint_url=outside), PREFIXES)

        key = await self.uploaded(browsers, clock)

        assert self.sign(browsers, clock, key).url.startswith(outside)
        assert browsers.public_base_url == f"{outside}/{connection.bucket}"
        assert await store.read(key) == BODY
        await browsers.close()


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class TestMotoObjectStore(ObjectStoreContract):
    """moto checks no signature, expiry, length or type: it proves our calls, not our URLs."""

    @pytest.fixture
    def clock(self) -> SystemClock:
        return SystemClock()

    @pytest.fixture
    async def store(self, moto_url: str) -> AsyncIterator[S3ObjectStore]:
        connection = connection_to(moto_url, bucket=new_bucket())
        store = await asyncio.to_thread(provisioned, connection)
        yield store
        await store.close()

    async def put(
        self, store: ObjectStore, upload: SignedUpload, body: bytes, **headers: str
    ) -> int:
        async with httpx.AsyncClient() as client:
            sent = {**upload.headers, **headers}
            return (await client.put(upload.url, content=body, headers=sent)).status_code


class TestPresigning:
    """Signing makes no call: these stores are nowhere."""

    def signed(self, connection: S3Connection) -> str:
        store = S3ObjectStore(connection, PREFIXES)
        upload = store.presign_put(
            "incoming/1/2/a.jpg",
            content_type=JPEG,
            size_bytes=5,
            expires_in_s=300,
            now=datetime.now(UTC),
        )
        return upload.url

    def test_type_and_length_are_bound_by_sigv4(self) -> None:
        query = parse_qs(urlsplit(self.signed(connection_to(None))).query)

        assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]  # row 10
        assert query["X-Amz-SignedHeaders"] == ["content-length;content-type;host"]
        assert query["X-Amz-Expires"] == ["300"]

    @pytest.mark.parametrize(
        ("changes", "address"),
        [
            ({"region": "eu-central-1"}, "https://my-media.s3.eu-central-1.amazonaws.com"),
            ({"region": "us-east-1"}, "https://my-media.s3.us-east-1.amazonaws.com"),
            (
                {"region": "eu-west-1", "addressing_style": "path"},
                "https://s3.eu-west-1.amazonaws.com/my-media",
            ),
            (
                {"endpoint_url": "http://minio:9000", "addressing_style": "path"},
                "http://minio:9000/my-media",
            ),
            (
                {"endpoint_url": "https://r2.example", "addressing_style": "virtual"},
                "https://my-media.r2.example",
            ),
            (
                {
                    "endpoint_url": "http://minio:9000",
                    "presign_endpoint_url": "https://uploads.example",
                    "addressing_style": "path",
                },
                "https://uploads.example/my-media",
            ),
        ],
    )
    def test_the_regional_address_that_browsers_reach_is_signed(
        self, changes: dict[str, Any], address: str
    ) -> None:
        connection = connection_to(None, **changes)

        assert self.signed(connection).startswith(f"{address}/incoming/1/2/a.jpg?")  # row 10
        store = S3ObjectStore(connection, PREFIXES)
        assert store.public_base_url == address
        assert store.upload_origin == "/".join(address.split("/")[:3])

    def test_a_temporary_key_brings_its_token(self) -> None:
        url = self.signed(connection_to(None, session_token="temporary"))

        assert parse_qs(urlsplit(url).query)["X-Amz-Security-Token"] == ["temporary"]


class TestUnreachable:
    @pytest.fixture
    def silent(self) -> Iterator[str]:
        """A server that takes connections and says nothing."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"

    async def test_a_store_that_refuses_is_down(self) -> None:
        store = S3ObjectStore(connection_to(f"http://127.0.0.1:{free_port()}"), PREFIXES)

        with pytest.raises(PartUnavailable, match="Could not connect"):
            await store.read(incoming())
        await store.close()

    async def test_a_store_that_hangs_is_given_up(self, silent: str) -> None:
        connection = connection_to(silent, read_timeout_s=0.2, connect_timeout_s=0.2)
        store = S3ObjectStore(connection, PREFIXES)

        async with asyncio.timeout(5):
            with pytest.raises(PartUnavailable, match="timeout"):
                await store.put(public(), BODY, content_type=JPEG)
        await store.close()

    async def test_calls_wait_for_a_store_that_hangs_no_longer_than_one_call_may_take(
        self, silent: str
    ) -> None:
        connection = connection_to(silent, read_timeout_s=0.3, pool_size=2, max_attempts=1)
        store = S3ObjectStore(connection, PREFIXES)

        async with asyncio.timeout(connection.longest_call_s + 1):
            answers = await asyncio.gather(
                *(store.stat(incoming()) for _ in range(40)), return_exceptions=True
            )

        assert {type(answer) for answer in answers} == {PartUnavailable}
        await store.close()
