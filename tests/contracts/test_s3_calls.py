"""What S3's calls make of a store that is slow, broken, or says odd things."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mediaport.adapters.s3.connection import S3Connection
from mediaport.adapters.s3.object_store import S3ObjectStore
from mediaport.application.ports.object_store import ObjectChanged, ObjectMissing
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.keys import KeyPrefixes
from tests.contracts.object_store import BODY, JPEG, incoming, listed, public
from tests.serving import free_socket, serving

PREFIXES = KeyPrefixes(incoming="incoming/", public="public/")
ETAG = {"ETag": '"etag"'}
XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
COPIED = f'<CopyObjectResult {XMLNS}><ETag>"copy"</ETag></CopyObjectResult>'


def fault(code: str, status: int = 200) -> Response:
    """S3's answer to what it does not do."""
    return Response(f"<Error><Code>{code}</Code><Message>no</Message></Error>", status)


def part(content_range: str) -> Response:
    """Four bytes of an object."""
    said = {"Content-Range": f"bytes 0-{content_range}", "Content-Type": JPEG, **ETAG}
    return Response(b"1234", 206, said)


def connection_to(url: str, **known: Any) -> S3Connection:
    return S3Connection(
        bucket="my-media",
        region="us-east-1",
        endpoint_url=url,
        addressing_style="path",
        access_key_id="key",
        secret_access_key="secret",
        **known,
    )


@asynccontextmanager
async def told(*answers: Response, **known: Any) -> AsyncIterator[tuple[S3ObjectStore, list[str]]]:
    """A store at a server that gives these answers in turn, and what it was asked."""
    asked: list[str] = []

    async def answer(request: Request) -> Response:
        await request.body()
        asked.append(f"{request.method} {request.url.path}")
        return answers[len(asked) - 1]

    app = Starlette(routes=[Route("/{key:path}", answer, methods=["GET", "HEAD", "PUT", "POST"])])
    listening = free_socket()
    connection = connection_to(f"http://127.0.0.1:{listening.getsockname()[1]}", **known)
    async with serving(app, listening):
        store = S3ObjectStore(connection, PREFIXES)
        yield store, asked
        await store.close()


@pytest.mark.parametrize("passing", [fault("SlowDown", 503), fault("RequestTimeout", 400)])
async def test_what_may_pass_is_tried_again(passing: Response) -> None:
    async with told(passing, Response(headers=ETAG)) as (store, asked):
        assert await store.put(public(), BODY, content_type=JPEG) == "etag"

    assert len(asked) == 2


async def test_no_more_often_than_is_set() -> None:
    answers = [fault("InternalError", 500)] * 3
    async with told(*answers, max_attempts=3) as (store, asked):
        with pytest.raises(PartUnavailable, match="InternalError: no"):
            await store.put(public(), BODY, content_type=JPEG)

    assert len(asked) == 3


async def test_a_refusal_is_not_tried_again() -> None:
    async with told(fault("AccessDenied", 403)) as (store, asked):
        with pytest.raises(PartUnavailable, match="AccessDenied"):
            await store.read(incoming())

    assert len(asked) == 1


async def test_a_copy_that_came_to_nothing_after_a_200_is_made_again() -> None:
    # S3 sends white space while it copies.
    done = Response(f'<?xml version="1.0"?>\n  \n{COPIED}\n')
    async with told(fault("InternalError"), done) as (store, _):
        etag = await store.publish(incoming(), public(), etag="etag", content_type=JPEG)

    assert etag == "copy"


@pytest.mark.parametrize(
    ("code", "raised"),
    [("NoSuchKey", ObjectMissing), ("PreconditionFailed", ObjectChanged), ("X", PartUnavailable)],
)
async def test_a_copy_that_is_refused_after_a_200_is_refused(
    code: str, raised: type[Exception]
) -> None:
    async with told(fault(code)) as (store, _):
        with pytest.raises(raised):
            await store.publish(incoming(), public(), etag="etag", content_type=JPEG)


async def test_an_object_may_hold_what_looks_like_a_fault() -> None:
    async with told(fault("NoSuchKey"), fault("NoSuchKey", 206)) as (store, _):
        assert b"NoSuchKey" in await store.read(incoming())
        assert b"NoSuchKey" in await store.read(incoming(), length=99)


@pytest.mark.parametrize(
    ("answer", "call"),
    [
        (Response(), lambda store: store.publish("a", "b", etag="e", content_type=JPEG)),
        (Response(COPIED[:-3]), lambda store: store.stage("a", "b")),
        (Response(f"<X {XMLNS}/>"), lambda store: store.stage("a", "b")),
        (Response(), lambda store: store.put("a", b"", content_type=JPEG)),
        (Response(), lambda store: store.stat("a")),
        (Response(), lambda store: store.delete(["a"])),
        (Response(f"<X {XMLNS}/>"), lambda store: store.delete(["a"])),
        (Response(b"12345", 206), lambda store: store.read("a", length=4)),
        (Response(b"1234"), lambda store: store.read("a", start=2, length=2)),
        (Response(b"1234", 206), lambda store: store.stat_and_read("a", length=4)),
        (part("4/9"), lambda store: store.stat_and_read("a", length=5)),
        (part("4/9"), lambda store: store.stat_and_read("a", length=3)),
        (part("4/*"), lambda store: store.stat_and_read("a", length=4)),
        (Response(f"<X {XMLNS}/>"), lambda store: listed(store, "a")),
    ],
)
async def test_what_s3_does_not_answer_is_no_answer(
    answer: Response, call: Callable[[S3ObjectStore], Any]
) -> None:
    async with told(answer) as (store, _):
        with pytest.raises(PartUnavailable, match="its answer cannot be read"):
            await call(store)


async def test_a_redirect_is_not_followed() -> None:
    led = Response(status_code=307, headers={"Location": "http://127.0.0.1:1/"})
    async with told(led) as (store, asked):
        with pytest.raises(PartUnavailable, match="307"):
            await store.read(incoming())

    assert len(asked) == 1


async def test_a_deletion_that_came_to_nothing_after_a_200_is_tried_again() -> None:
    async with told(fault("InternalError"), fault("InternalError")) as (store, _):
        with pytest.raises(PartUnavailable, match="InternalError"):
            await store.delete(["a"])


async def test_a_deletion_that_is_refused_is_told() -> None:
    refused = "<Error><Key>a</Key><Code>AccessDenied</Code><Message>no</Message></Error>"
    async with told(Response(f"<DeleteResult {XMLNS}>{refused}</DeleteResult>")) as (store, _):
        with pytest.raises(PartUnavailable, match="a was not deleted: no"):
            await store.delete(["a", "b"])


async def test_keys_that_fit_in_no_xml_are_listed() -> None:
    contents = (
        "<Contents><Key>public/a+b%01%2B</Key><Size>1</Size>"
        "<LastModified>2026-11-22T10:00:00.000Z</LastModified></Contents>"
    )
    page = f"<X {XMLNS}><IsTruncated>false</IsTruncated>{contents}</X>"
    async with told(Response(page)) as (store, _):
        assert await listed(store, "public/") == ["public/a b\x01+"]


async def test_a_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with told(Response(), Response()) as (store, asked):
        monkeypatch.setenv("http_proxy", store.upload_origin)
        monkeypatch.setenv("no_proxy", "inside.example")
        outside, inside = [
            S3ObjectStore(connection_to(f"http://{name}.example"), PREFIXES)
            for name in ("outside", "inside")
        ]
        await outside.check()
        with pytest.raises(PartUnavailable, match="inside"):
            await inside.check()
        await outside.close()
        await inside.close()

    assert asked == ["HEAD /my-media"]


async def test_the_authorities_that_are_named_are_trusted_or_those_of_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = tmp_path / "ca.pem", ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    write_certificate(certificate)
    context.load_cert_chain(certificate)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", ssl=context) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        trusting = S3ObjectStore(connection_to(url, ca_bundle=str(certificate)), PREFIXES)
        wary = S3ObjectStore(connection_to(url), PREFIXES)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # what OpenSSL takes for the host's
        at_home = S3ObjectStore(connection_to(url), PREFIXES)
        await trusting.check()
        with pytest.raises(PartUnavailable, match="certificate"):
            await wary.check()
        await at_home.check()
        for store in (trusting, wary, at_home):
            await store.close()


def write_certificate(path: Path) -> None:
    """A certificate of this machine by itself, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True
        )
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
