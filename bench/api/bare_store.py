"""The floor of a completion: what it asks of the store, by a bare client, and nothing else.

No API that asks as much of this store, on this machine, completes more in a second.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from statistics import median, quantiles
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bench.api import uploads
from bench.api.contenders import BUCKET
from bench.api.wrk import Sample
from tests.servers.s3 import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Completion = Sequence[bytes]


def drive(s3: S3Server, count: int, *, connections: int) -> Sample:
    """Read, write and remove as many pictures. Requests are signed beforehand."""
    body, client = uploads.photo(), uploads.client_of(s3)
    keys = [f"incoming/bare/{number}.jpg" for number in range(count)]
    asyncio.run(uploads.put(s3, keys, body))
    return asyncio.run(_drive(s3, [_completion(client, key, body) for key in keys], connections))


def _completion(client: "S3Client", key: str, body: bytes) -> Completion:
    calls = (("get_object", key, b""), ("put_object", f"public/{key}", body))
    return [_request(client, *each) for each in (*calls, ("delete_object", key, b""))]


def _request(client: "S3Client", call: str, key: str, body: bytes) -> bytes:
    where = urlsplit(client.generate_presigned_url(call, Params={"Bucket": BUCKET, "Key": key}))
    method = call.partition("_")[0].upper()
    head = f"{method} {where.path}?{where.query} HTTP/1.1\r\nHost: {where.netloc}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _drive(s3: S3Server, completions: Sequence[Completion], connections: int) -> Sample:
    waiting, took_ms = iter(completions), list[float]()
    began, cpu_began = time.perf_counter(), time.process_time()
    await asyncio.gather(*(_work(s3, waiting, took_ms) for _ in range(connections)))
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    return Sample(
        per_s=len(took_ms) / took_s,
        cpu_ms=cpu_s / len(took_ms) * 1000,
        database_cpu_ms=0,
        p50_ms=median(took_ms),
        p99_ms=quantiles(took_ms, n=100)[98],
    )


async def _work(s3: S3Server, waiting: Iterator[Completion], took_ms: list[float]) -> None:
    where = urlsplit(s3.endpoint_url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    for completion in waiting:
        began = time.perf_counter()
        for request in completion:
            writer.write(request)
            await _answer(reader)
        took_ms.append((time.perf_counter() - began) * 1000)
    writer.close()
    await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 2"):
        raise RuntimeError(f"the store answered {head.decode()}")
    _, _, length = head.partition(b"content-length: ")
    if length:
        await reader.readexactly(int(length.partition(b"\r")[0]))
