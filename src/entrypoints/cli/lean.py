"""A process that lasts does without what libraries would like to find, and we do not use.

dependency_injector imports each framework that it could wire, yarl what pydantic would ask of it,
PyJWT the cryptography of other algorithms, structlog prettier tracebacks, Litestar other ways to
write types, redis what it would count for OpenTelemetry. Where all of these are installed, as they
are beside tests, that is 38 MB and half a second. They are told that there is none. What they
insist on is hollow while they are imported: 4 MB more.
"""

import gc
import ssl
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Any

from mediaport.entrypoints.settings import Settings

UNUSED = {"cryptography", "fastapi", "flask", "pydantic", "pydantic_core", "pydantic_settings"}
UNUSED |= {"annotated_types", "rich", "werkzeug"}
TRACING = {"opentelemetry"}
# Used by others, who import it when they need it.
UNWIRED = {"starlette", "yaml"}
HOLLOW = (
    "sqlalchemy.ext.asyncio.scoping",  # these two: the ORM
    "sqlalchemy.ext.asyncio.session",
    "redis.cluster",  # these four: a Redis of several machines
    "redis.asyncio.cluster",
    "redis.keyspace_notifications",
    "redis.asyncio.keyspace_notifications",
    "croniter",  # SAQ's jobs at set times
    "yaml",  # Litestar's other way to write the schema
    "pdb",  # its debugger
)


class _NotThere(MetaPathFinder):
    def find_spec(self, fullname: str, *_: Any) -> None:
        if fullname in UNUSED | UNWIRED:
            raise ModuleNotFoundError(f"{fullname} is not used here", name=fullname)


@contextmanager
def lean_imports() -> Iterator[None]:
    """Import libraries within the block. What nobody uses is not there from here on."""
    _import_injector()
    _do_without(UNUSED)
    hollow = {name: _hollow(name) for name in HOLLOW if name not in sys.modules}
    sys.modules.update(hollow)
    # aiohttp would read the host's authorities, and read them again for those who trust everybody:
    # 2 MB and a tenth of a start. Our calls to a bucket read them where they need any.
    ssl.SSLContext.set_default_verify_paths = lambda _: None  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        del ssl.SSLContext.set_default_verify_paths  # its parent's is there again
        for name in hollow:
            del sys.modules[name]


def import_parts(settings: Settings) -> None:
    """Import what the settings ask for, before there are processes that can share it."""
    # ruff: noqa: PLC0415 - slow to import
    if settings.cloudfront_key_pair_id:  # who signs for it uses what others are told is not there
        with suppress(ImportError):  # what is missing is said when the signer is made
            import mediaport.adapters.cloudfront.url_signer
    if settings.otel_exporter_otlp_endpoint is None:
        _do_without(TRACING)
    with lean_imports():
        import mediaport.entrypoints.container

        if settings.s3_bucket:
            import mediaport.adapters.s3.object_store
            import mediaport.adapters.s3.url_signer
        if settings.redis_url:
            import mediaport.adapters.redis.media_events
            import mediaport.adapters.saq.thumbnail_queue  # noqa: F401


def _do_without(names: Iterable[str]) -> None:
    """Say in Python's own way that there is none. dependency_injector takes it for one."""
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    for name in names:
        modules.setdefault(name, None)


def _import_injector() -> None:
    finder = _NotThere()
    sys.meta_path.insert(0, finder)
    try:
        import dependency_injector.wiring  # noqa: F401
    finally:
        sys.meta_path.remove(finder)


def _hollow(name: str) -> ModuleType:
    empty = ModuleType(name)
    empty.__getattr__ = lambda _: None  # type: ignore[method-assign]  # whatever is asked of it
    return empty


def begin() -> None:
    """Look for no garbage: nearly all that a start makes stays."""
    gc.disable()


def settle() -> None:
    """Look for garbage from now on, but never among what the start has made."""
    gc.freeze()
    gc.enable()
