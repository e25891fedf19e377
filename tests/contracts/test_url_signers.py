"""Whoever signs URLs keeps the contract, against a store that verifies them."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from botocore.signers import CloudFrontSigner
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from mediaport.adapters.cloudfront.url_signer import CloudFrontUrlSigner
from mediaport.adapters.disk.folder import ObjectFolder
from mediaport.adapters.disk.object_store import DiskObjectStore
from mediaport.adapters.disk.server import DiskStoreServer
from mediaport.adapters.disk.signing import ReadSigner, UploadSigner
from mediaport.adapters.disk.url_signer import DiskUrlSigner
from mediaport.adapters.memory.clock import MemoryClock
from mediaport.adapters.memory.object_store import MemoryObjectStore
from mediaport.adapters.memory.url_signer import MemoryUrlSigner
from mediaport.adapters.s3.bucket_plan import BucketPlan
from mediaport.adapters.s3.connection import S3Connection
from mediaport.adapters.s3.credentials import NoCredentials
from mediaport.adapters.s3.object_store import S3ObjectStore
from mediaport.adapters.s3.provisioning import prepare_bucket
from mediaport.adapters.s3.signing import Keys
from mediaport.adapters.s3.url_signer import S3UrlSigner
from mediaport.application.ports.object_store import ObjectStore, private_cache_control
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.application.ports.url_signer import UrlSigner
from tests.contracts.url_signer import KEY, LASTS_S, OBJECTS, OTHER, PREFIXES, UrlSignerContract
from tests.servers.s3 import REGION, S3Server, new_bucket
from tests.serving import free_socket, serving

BASE = "https://d111111abcdef8.cloudfront.net/pictures"
PRIVATE = private_cache_control(ttl_s=LASTS_S)
PRIVATE_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


async def fill(store: ObjectStore) -> None:
    for key, body in OBJECTS.items():
        await store.put(key, body, content_type="image/jpeg")


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    encryption: KeySerializationEncryption | None = None,
) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


class HttpUrlSignerContract(UrlSignerContract):
    """What anyone can do with a signed URL over HTTP."""

    async def answer(self, method: str, url: str) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.request(method, url)

    async def get(self, url: str) -> tuple[int, bytes]:
        answer = await self.answer("GET", url)
        return answer.status_code, answer.content

    @pytest.mark.parametrize("method", ["HEAD", "PUT", "POST", "DELETE"])
    async def test_it_permits_nothing_but_a_get(
        self, signer: UrlSigner, now: datetime, method: str
    ) -> None:
        url = signer.presign_get(KEY, since=now, expires_in_s=LASTS_S)

        assert (await self.answer(method, url)).is_client_error
        assert await self.get(url) == (200, OBJECTS[KEY])

    async def test_browsers_alone_keep_what_they_were_shown(
        self, signer: UrlSigner, now: datetime
    ) -> None:
        url = signer.presign_get(KEY, since=now, expires_in_s=LASTS_S)

        shown = await self.answer("GET", url)

        assert shown.headers["cache-control"] == "private, max-age=120, immutable"


class TestMemoryUrlSigner(UrlSignerContract):
    @pytest.fixture
    def clock(self) -> MemoryClock:
        return MemoryClock()

    @pytest.fixture
    def now(self, clock: MemoryClock) -> datetime:
        return clock.now()

    @pytest.fixture
    async def signer(self, clock: MemoryClock) -> MemoryUrlSigner:
        store = MemoryObjectStore(clock)
        await fill(store)
        self.made = MemoryUrlSigner(store, clock)
        return self.made

    async def get(self, url: str) -> tuple[int, bytes]:
        return self.made.get(url)


class TestDiskUrlSigner(HttpUrlSignerContract):
    @pytest.fixture
    def now(self) -> datetime:
        return MemoryClock().now()

    @pytest.fixture
    async def signer(self, tmp_path: Path) -> AsyncIterator[DiskUrlSigner]:
        listening = free_socket()
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        folder, uploads, reader = ObjectFolder(tmp_path), UploadSigner(b"k"), ReadSigner(b"k")
        await fill(
            DiskObjectStore(
                folder, uploads, upload_base_url=base, public_base_url=base, prefixes=PREFIXES
            )
        )
        server = DiskStoreServer(
            folder, uploads, MemoryClock(), PREFIXES, reader=reader, cache_control=PRIVATE
        )
        async with serving(server.app, listening):
            yield DiskUrlSigner(reader, base_url=base)


class TestS3UrlSigner(HttpUrlSignerContract):
    @pytest.fixture
    def now(self) -> datetime:
        return datetime.now(UTC)

    @pytest.fixture
    def connection(self, s3_server: S3Server) -> S3Connection:
        return S3Connection(
            bucket=new_bucket(),
            region=REGION,
            endpoint_url=s3_server.endpoint_url,
            addressing_style="path",
            access_key_id=s3_server.access_key_id,
            secret_access_key=s3_server.secret_access_key,
        )

    @pytest.fixture
    async def signer(self, connection: S3Connection) -> S3UrlSigner:
        await asyncio.to_thread(make_private, connection)
        store = S3ObjectStore(connection, PREFIXES, cache_control=PRIVATE)
        await fill(store)
        await store.close()
        return S3UrlSigner(connection)

    async def test_who_signs_is_named(self, signer: UrlSigner, connection: S3Connection) -> None:
        assert signer.signs_as == connection.access_key_id

    async def test_a_host_without_credentials_is_a_store_that_is_down(
        self, signer: UrlSigner, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Lost:
            def keys(self) -> Keys:
                raise NoCredentials("the host gives none")

        monkeypatch.setattr(signer, "_credentials", Lost())

        with pytest.raises(PartUnavailable, match="the host gives none"):
            signer.presign_get(KEY, since=now, expires_in_s=LASTS_S)


def make_private(connection: S3Connection) -> None:
    plan = BucketPlan(
        bucket=connection.bucket,
        region=connection.region,
        partition="aws",
        prefixes=PREFIXES,
        origins=["http://localhost:5173"],
        incoming_lasts_s=3600,
        is_public=False,
    )
    for _ in prepare_bucket(connection, plan):
        pass


class TestCloudFrontUrlSigner(UrlSignerContract):
    """There is no CloudFront here: what it does with a canned policy is done by `get`."""

    @pytest.fixture
    def now(self) -> datetime:
        return datetime.now(UTC)

    @pytest.fixture
    def signer(self) -> CloudFrontUrlSigner:
        return CloudFrontUrlSigner(
            key_pair_id="K2JCJMDEHXQW5F", private_key=pem(PRIVATE_KEY), base_url=BASE
        )

    async def get(self, url: str) -> tuple[int, bytes]:
        address, _, query = url.partition("?")
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if asked.keys() != {"Expires", "Signature", "Key-Pair-Id"}:
            return 403, b""
        until = int(asked["Expires"])
        condition = {"DateLessThan": {"AWS:EpochTime": until}}
        policy = {"Statement": [{"Resource": address, "Condition": condition}]}
        text = asked["Signature"].translate(str.maketrans("-_~", "+=/"))
        try:
            PRIVATE_KEY.public_key().verify(
                base64.b64decode(text),
                json.dumps(policy, separators=(",", ":")).encode(),
                padding.PKCS1v15(),
                SHA1(),
            )
        except InvalidSignature:
            return 403, b""
        if datetime.now(UTC).timestamp() >= until:
            return 403, b""
        return 200, OBJECTS[address.removeprefix(f"{BASE}/")]

    def test_it_signs_as_botocore_does(self, signer: CloudFrontUrlSigner, now: datetime) -> None:
        until = datetime.fromtimestamp(int(now.timestamp()) + LASTS_S, UTC)

        def sign(policy: bytes) -> bytes:
            return PRIVATE_KEY.sign(policy, padding.PKCS1v15(), SHA1())

        theirs = CloudFrontSigner("K2JCJMDEHXQW5F", sign).generate_presigned_url(
            f"{BASE}/{OTHER}", date_less_than=until
        )
        ours = signer.presign_get(OTHER, since=now, expires_in_s=LASTS_S)

        assert ours == theirs
        assert urlsplit(ours).path == f"/pictures/{OTHER}"

    @pytest.mark.parametrize(
        "private_key",
        [
            b"no key",
            pem(ec.generate_private_key(ec.SECP256R1())),
            pem(PRIVATE_KEY, BestAvailableEncryption(b"password")),
        ],
        ids=["no key", "not RSA", "password"],
    )
    def test_another_key_is_refused(self, private_key: bytes) -> None:
        with pytest.raises(ValueError, match=r"."):
            CloudFrontUrlSigner(key_pair_id="K", private_key=private_key, base_url=BASE)
