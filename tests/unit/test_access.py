"""Which settings of private media fit together, and what signs then."""

import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mediaport.adapters.cloudfront.url_signer import CloudFrontUrlSigner
from mediaport.adapters.disk.url_signer import DiskUrlSigner
from mediaport.adapters.s3.url_signer import S3UrlSigner
from mediaport.application.ports.url_signer import UrlSigner
from mediaport.entrypoints.container import Container
from mediaport.entrypoints.parts import bucket_plan, cache_control, s3_connection
from mediaport.entrypoints.settings import SettingError, load

NOWHERE = Path("no-such-file")
SIGNED = {"MEDIA_ACCESS": "signed", "JWT_SECRET": "x" * 32}
BUCKET = {
    "S3_BUCKET": "my-media",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
}
KEY_PAIR = {"CLOUDFRONT_KEY_PAIR_ID": "K2", "CLOUDFRONT_PRIVATE_KEY_FILE": "no-such-file.pem"}
CDN = {**BUCKET, "S3_PUBLIC_BASE_URL": "https://cdn.example"}


def signer_of(**environment: str) -> UrlSigner:
    settings, _ = load({**SIGNED, **environment}, env_file=NOWHERE)
    signer: UrlSigner = Container(settings=settings).url_signer()
    return signer


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"MEDIA_ACCESS": "private"}, "MEDIA_ACCESS: 'private' does not fit. Wanted: Who reads"),
        ({"MEDIA_SIGNED_URL_TTL_S": "302401"}, "MEDIA_SIGNED_URL_TTL_S: '302401' does not fit"),
        ({**SIGNED, **CDN}, "S3_PUBLIC_BASE_URL: with MEDIA_ACCESS=signed it is CloudFront's"),
        (
            {**SIGNED, **CDN, "CLOUDFRONT_KEY_PAIR_ID": "K2"},
            "CLOUDFRONT_KEY_PAIR_ID: set it together with CLOUDFRONT_PRIVATE_KEY_FILE",
        ),
        ({**CDN, **KEY_PAIR}, "behind CloudFront; set MEDIA_ACCESS=signed"),
        ({**SIGNED, **BUCKET, **KEY_PAIR}, "behind CloudFront; set S3_PUBLIC_BASE_URL"),
        ({**SIGNED, **KEY_PAIR}, "behind CloudFront; set S3_BUCKET, S3_PUBLIC_BASE_URL"),
    ],
)
def test_what_does_not_fit_together_is_told_in_one_line(
    environment: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingError) as refused:
        load(environment, env_file=NOWHERE)

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_urls_are_signed_for_whoever_verifies_them(tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = tmp_path / "key.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    assert isinstance(signer_of(), DiskUrlSigner)
    assert isinstance(signer_of(**BUCKET), S3UrlSigner)
    by_cloudfront = signer_of(**CDN, **{**KEY_PAIR, "CLOUDFRONT_PRIVATE_KEY_FILE": str(file)})
    assert isinstance(by_cloudfront, CloudFrontUrlSigner)
    assert by_cloudfront.signs_as == "K2"


def test_a_key_that_cannot_be_used_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text("no key")

    for path, said in ((str(file), "is no RSA key in PEM"), ("nowhere.pem", "No such file")):
        with pytest.raises(SettingError, match=said) as refused:
            signer_of(**CDN, **{**KEY_PAIR, "CLOUDFRONT_PRIVATE_KEY_FILE": path})
        assert str(refused.value).startswith("CLOUDFRONT_PRIVATE_KEY_FILE: ")
        assert path in str(refused.value)


def test_what_is_not_installed_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mediaport.adapters.cloudfront.url_signer", None)

    with pytest.raises(SettingError, match=r"pip install 'mediaport\[cloudfront\]'"):
        signer_of(**CDN, **KEY_PAIR)


def test_a_private_bucket_shows_nothing_and_its_signer_may_read() -> None:
    settings, _ = load({**SIGNED, **BUCKET}, env_file=NOWHERE)
    plan = bucket_plan(settings, s3_connection(settings))

    assert plan.as_json()["policy"] is None
    assert set(plan.public_access_block.values()) == {True}
    _, publish, _ = plan.iam_policies()["api"]["Statement"]
    assert "s3:GetObject" in publish["Action"]


def test_behind_cloudfront_the_api_may_not_read() -> None:
    settings, _ = load({**SIGNED, **CDN, **KEY_PAIR}, env_file=NOWHERE)
    plan = bucket_plan(settings, s3_connection(settings))

    _, publish, _ = plan.iam_policies()["api"]["Statement"]
    assert publish["Action"] == ["s3:PutObject", "s3:DeleteObject"]


def test_browsers_alone_cache_what_is_signed_and_no_longer_than_it_is() -> None:
    signed, _ = load({**SIGNED, "MEDIA_SIGNED_URL_TTL_S": "600"}, env_file=NOWHERE)
    public, _ = load({}, env_file=NOWHERE)

    assert cache_control(signed) == "private, max-age=1200, immutable"
    assert cache_control(public) == "public, max-age=31536000, immutable"
