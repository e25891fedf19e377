"""What a process writes of its own doings: one line each, and no secret."""

import logging

# Libraries that write URLs, and so signatures and passwords, at their lower levels.
TALKATIVE = (
    "aiosqlite",
    "alembic",
    "asyncio",
    "boto3",
    "botocore",
    "httpx",
    "httpcore",
    "multipart",
    "PIL",
    "s3transfer",
    "saq",
    "urllib3",
    "uvicorn",
)


def start_logging(level: str) -> None:
    """Write to standard error from `level` on; of libraries, warnings alone."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
