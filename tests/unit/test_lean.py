"""What a process that lasts does without."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.server import environment

IMPORTS = """
import ssl, sys
from mediaport.entrypoints.cli.lean import HOLLOW, TRACING, UNUSED, import_parts, lean_imports
from mediaport.entrypoints.settings import load
import_parts(load()[0])
with lean_imports():
    import mediaport.entrypoints.http.app
assert {"aiohttp", "redis", "saq", "litestar"} < sys.modules.keys()
wanted = UNUSED | TRACING | {*HOLLOW, "boto3", "botocore", "alembic", "zxcvbn", "sqlalchemy.orm"}
found = sorted(name for name in wanted if sys.modules.get(name))
assert not found, found
# Those who use them find them.
import starlette.requests
from pdb import set_trace
from redis.cluster import RedisCluster
from sqlalchemy.ext.asyncio.session import AsyncSession
from yaml import dump
assert all([set_trace, RedisCluster, AsyncSession, dump])
assert "set_default_verify_paths" not in vars(ssl.SSLContext)
"""
SIGNS = """
from mediaport.entrypoints.cli.lean import import_parts, lean_imports
from mediaport.entrypoints.settings import load
import_parts(load()[0])
with lean_imports():
    import mediaport.entrypoints.http.app
from cryptography.hazmat.primitives.asymmetric import rsa
from mediaport.adapters.cloudfront.url_signer import CloudFrontUrlSigner
assert rsa.generate_private_key(public_exponent=65537, key_size=1024)
"""
HASHES = """
import asyncio, resource
from mediaport.adapters.security.passwords import Argon2Passwords
def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()
passwords, before = Argon2Passwords(), resident()
asyncio.run(passwords.hash("correct horse"))
assert resident() < before + 10_000_000, resident() - before
"""


def test_an_api_imports_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    bucket = {"S3_BUCKET": "media", "AWS_REGION": "eu-central-1"}
    settings = environment(**bucket, REDIS_URL="redis://localhost")

    subprocess.run([sys.executable, "-c", IMPORTS], cwd=tmp_path, env=settings, check=True)


def test_one_that_signs_for_cloudfront_finds_what_that_needs(tmp_path: Path) -> None:
    settings = environment(
        S3_BUCKET="media",
        AWS_REGION="eu-central-1",
        S3_PUBLIC_BASE_URL="https://cdn.example",
        MEDIA_ACCESS="signed",
        CLOUDFRONT_KEY_PAIR_ID="K2",
        CLOUDFRONT_PRIVATE_KEY_FILE="key.pem",
    )

    subprocess.run([sys.executable, "-c", SIGNS], cwd=tmp_path, env=settings, check=True)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other systems keep less")
def test_the_memory_of_a_hash_goes_back() -> None:
    subprocess.run([sys.executable, "-c", HASHES], check=True)
