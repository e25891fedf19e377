"""Is this the right bucket of an S3 store, for someone with these credentials, at this time?"""

import asyncio
import re
from collections.abc import Sequence
from email.utils import parsedate_to_datetime

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from mediaport.entrypoints.container import Container
from mediaport.entrypoints.doctor.checks import Ailment, Check

MAX_SKEW_S = 60  # a URL lives for minutes, and its life begins by our clock

CLOCK = "clock of the store"
POLICY = "mediaport provision --print-iam-policy"


class S3Examination:
    """What to know of an S3 store before anything is uploaded."""

    def __init__(self, container: Container, http: httpx.AsyncClient) -> None:
        self._connection = container.s3_connection()
        self._clock = container.host_clock()
        self._http = http
        self._client = self._connection.client()

    @property
    def checks(self) -> Sequence[Check]:
        """From the way there to the bucket."""
        answers = "store answers"
        return [
            Check(name=answers, run=self._answers),
            Check(name=CLOCK, run=self._tell_time, needs=(answers,)),
            Check(name="region", run=self._ask_region, needs=(answers,)),
            Check(name="credentials", run=self._list, needs=(answers, "region")),
        ]

    async def _answers(self) -> str:
        url = self._client.meta.endpoint_url
        answer = await self._ask(url)
        return f"{url} answers {answer.status_code}"

    async def _tell_time(self) -> str:
        answer = await self._ask(self._client.meta.endpoint_url)
        if "date" not in answer.headers:
            return "it does not tell the time"
        theirs = parsedate_to_datetime(answer.headers["date"])
        skew_s = (self._clock.now() - theirs).total_seconds()
        if abs(skew_s) > MAX_SKEW_S:
            raise Ailment(
                f"this host's clock is {skew_s:+.0f} s off the store's",
                mend="Synchronise this host's clock, by NTP: signatures begin and end by it.",
            )
        return f"this host's clock is {skew_s:+.0f} s off"

    async def _ask_region(self) -> str:
        """Of a signed call that is not led elsewhere: boto3 would follow, a browser cannot."""
        ours = self._connection.region
        url = self._client.generate_presigned_url(
            "list_objects_v2", Params={"Bucket": self._connection.bucket, "MaxKeys": 1}
        )
        answer = await self._ask(url)
        told = re.search(r"<Region>([^<]+)</Region>", answer.text)
        theirs = answer.headers.get("x-amz-bucket-region") or (told[1] if told else ours)
        if answer.is_redirect or theirs != ours:
            raise Ailment(
                f"{answer.status_code}: the bucket is in {theirs}, AWS_REGION is {ours}",
                mend=f"Set AWS_REGION={theirs}",
            )
        return f"{ours}, and no redirect"

    async def _list(self) -> str:
        bucket = self._connection.bucket
        try:
            await asyncio.to_thread(self._client.list_objects_v2, Bucket=bucket, MaxKeys=1)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code"))
            mend = {
                "NoSuchBucket": "Run: mediaport provision, or look at S3_BUCKET.",
                "AccessDenied": f"The key lacks s3:ListBucket. The least that it needs: {POLICY}",
            }.get(code, "Look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
            raise Ailment(f"{code}: {error.response['Error'].get('Message')}", mend=mend) from error
        except BotoCoreError as error:
            raise Ailment(str(error), mend="Look at the credentials of this host.") from error
        return f"they may list {bucket}"

    async def _ask(self, url: str) -> httpx.Response:
        try:
            return await self._http.get(url)
        except httpx.TransportError as error:
            seen = f"{self._client.meta.endpoint_url}: {error!r}"
            mend = "Look at S3_ENDPOINT_URL (for AWS, AWS_REGION), and whether the store runs."
            raise Ailment(seen, mend=mend) from error
