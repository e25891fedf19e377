"""How a line of the log is made: JSON for machines, words for a terminal.

Who logs does so by the standard library; its `extra` are the fields of the line. What a line is
about (the request, the user, the media item) is bound where that is known, by structlog's
contextvars.
"""

import logging
from collections.abc import Callable
from typing import Any

import msgspec
from structlog.contextvars import merge_contextvars
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import TimeStamper, format_exc_info
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, Processor

# In this order, as far as they are known.
FIRST = ("timestamp", "level", "logger", "event", "request_id", "user_id", "media_id")


def formatter(mask: Callable[[Any], Any], *, is_json: bool, is_coloured: bool) -> logging.Formatter:
    """What makes a line of a record, and lets `mask` see every value of it."""

    def masked(_: Any, __: str, line: EventDict) -> EventDict:
        shown: EventDict = mask(line)
        return shown

    return ProcessorFormatter(
        foreign_pre_chain=[
            merge_contextvars,
            ExtraAdder(),
            add_log_level,
            add_logger_name,
            TimeStamper(fmt="iso", utc=True),
            format_exc_info,
            join_job,
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            masked,
            in_order,
            _as_json if is_json else _in_words(is_coloured=is_coloured),
        ],
    )


def join_job(_: Any, __: str, line: EventDict) -> EventDict:
    """Name the request that asked for a job, where the line is about what it asked for.

    A turn of a worker may make another media item than the one whose job has given it the turn.
    """
    asked_for, asked_by = line.pop("asked_for", None), line.pop("asked_by", None)
    if asked_by is not None and line.get("media_id") == asked_for:
        line.setdefault("request_id", asked_by)
    return line


def in_order(_: Any, __: str, line: EventDict) -> EventDict:
    """What every line has, first."""
    return {**{name: line[name] for name in FIRST if name in line}, **line}


def _as_json(_: Any, __: str, line: EventDict) -> str:
    return msgspec.json.encode(line).decode()


def _in_words(*, is_coloured: bool) -> Processor:
    return ConsoleRenderer(colors=is_coloured, sort_keys=False, exception_formatter=plain_traceback)
