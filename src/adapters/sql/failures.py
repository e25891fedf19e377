"""The database's errors as the port's, where it cannot serve."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never

from asyncpg import IntegrityConstraintViolationError, InternalClientError
from asyncpg import InterfaceError as DriverInterfaceError
from sqlalchemy.exc import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mediaport.application.ports.unavailable import PartFull, PartUnavailable
from mediaport.domain.errors import NotAuthenticated

DISK_FULL = "53100"
FOREIGN_KEY = "23503"
# The internal ones are what asyncpg says of a connection that was cut in the middle of an answer.
FAILURES = (
    OperationalError,
    InterfaceError,
    InternalError,
    DriverInterfaceError,
    InternalClientError,
    PoolTimeout,
    OSError,
)
# A key, a foreign key, a check: what the driver says of it, and what SQLAlchemy does.
VIOLATIONS = (IntegrityError, IntegrityConstraintViolationError)
# By the start of its SQLSTATE: what PostgreSQL says when it cannot serve right now.
UNAVAILABLE = (
    "08",  # the connection
    "25006",  # a replica that is only read
    "25P03",  # a transaction that was idle for too long
    "28",  # the login
    "3D",  # no such database
    "40",  # a deadlock
    "42501",  # a right that the role lacks
    "42P01",  # no such table: not migrated
    "42703",  # no such column: likewise
    "53",  # resources
    "55P03",  # a lock that was not to be had in time
    "57",  # a statement that took too long, a shutdown
    "58",  # the system below it
    "XX",  # a defect of its own
)


@contextmanager
def in_the_name_of_a_user() -> Iterator[None]:
    """Write a row of a user's; whatever else it refers to is locked, and there.

    Raises:
        NotAuthenticated: The user was deleted. Their token is good for some seconds more.
    """
    try:
        yield
    except VIOLATIONS as error:
        if not misses_a_key(error):
            raise
        raise NotAuthenticated.as_deleted() from error


def misses_a_key(error: Exception) -> bool:
    """Whether a row was to refer to one that is not there, or one goes that others refer to."""
    origin = getattr(error, "orig", None) or error
    return getattr(origin, "sqlstate", None) == FOREIGN_KEY or "FOREIGN KEY" in str(origin)


@contextmanager
def translated_errors() -> Iterator[None]:
    """The database's errors as the port's, where it cannot serve; others rise as they are."""
    try:
        yield
    except Exception as error:
        raise_translated(error)


def raise_translated(error: Exception) -> Never:
    """The same of one error, where the cost of a context counts."""
    # The driver raises its own errors when it connects, SQLAlchemy wraps them later on.
    origin = getattr(error, "orig", None) or error
    state = getattr(origin, "sqlstate", None) or ""
    is_known = isinstance(error, FAILURES) and not isinstance(error, ValueError)  # a bad value
    is_no_database = type(error) is DatabaseError  # what SQLite says of a file of another kind
    if not (is_known or is_no_database or state.startswith(UNAVAILABLE)):
        raise error
    cause = str(origin) or f"no answer in time ({type(origin).__name__})"
    is_full = state == DISK_FULL or "disk is full" in cause
    raise (PartFull if is_full else PartUnavailable)("database", cause) from error
