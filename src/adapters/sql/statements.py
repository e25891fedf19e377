"""Hot statements: written in SQLAlchemy Core, compiled once, and run by the driver itself."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnClause, Select, literal_column
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import CompilerElement


def written_out(value: str | int) -> ColumnClause[Any]:
    """A value of our own as a part of the text, never a parameter."""
    return literal_column(f"'{value}'" if isinstance(value, str) else str(value))


class Statement:
    """One statement that is a transaction of its own; values for its bind parameters come by name.

    SQLAlchemy spends several times what PostgreSQL does on a statement that it runs: hence asyncpg
    runs the text. Types say nothing there: values are what asyncpg takes, and what it gives.

    Attributes:
        construct: For SQLAlchemy to run, where asyncpg does not: behind a pooler.
        plain: The same for SQLite, if that is another.
        writes: Whether it changes anything.
    """

    def __init__(
        self,
        construct: CompilerElement,
        *,
        plain: Executable | None = None,
        writes: bool | None = None,
    ) -> None:
        assert isinstance(construct, Executable)  # noqa: S101 - what else would one run
        self.construct = construct
        self.plain = plain if plain is not None else construct
        self.writes = not isinstance(construct, Select) if writes is None else writes

    @cached_property
    def text(self) -> str:
        """As asyncpg runs it, with `$1` for the first of `arguments`."""
        return str(self._compiled)

    @cached_property
    def _compiled(self) -> SQLCompiler:
        from sqlalchemy.dialects.postgresql.asyncpg import dialect  # noqa: PLC0415 - SQLite does without

        compiled = self.construct.compile(dialect=dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy types it not
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - of a statement
        return compiled

    @cached_property
    def _names(self) -> Sequence[str]:
        return tuple(self._compiled.positiontup or ())

    @cached_property
    def _fixed(self) -> Mapping[str, Any]:
        binds = self._compiled.binds.items()
        return {name: bind.value for name, bind in binds if not bind.required}

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the text; those that are written in the statement with them.

        Raises:
            KeyError: One is missing.
        """
        return [values[name] if name in values else self._fixed[name] for name in self._names]
