"""Leases in memory."""

from datetime import datetime

from mediaport.adapters.memory.tables import MemoryTables
from mediaport.application.ports.leases import Leases


class MemoryLeases(Leases):
    """Keeps leases in `MemoryTables`."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def claim(
        self, name: str, *, now: datetime, until: datetime, held_until: datetime | None = None
    ) -> bool:
        """Take a free lease, or lengthen one's own."""
        self._tables.answer()
        current = self._tables.leases.get(name)
        is_held = current is not None and now < current <= until + (until - now)
        if is_held and current != held_until:
            return False
        self._tables.leases[name] = until
        return True

    async def release(self, name: str, *, held_until: datetime) -> None:
        """Forget the lease."""
        self._tables.answer()
        if self._tables.leases.get(name) == held_until:
            del self._tables.leases[name]
