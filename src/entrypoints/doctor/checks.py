"""What a check is, and what comes of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from mediaport.application.ports.unavailable import PartUnavailable


class Outcome(StrEnum):
    """What came of a check."""

    OK = "ok"
    WARNED = "warned"
    FAILED = "failed"
    SKIPPED = "skipped"


class Ailment(Exception):
    """Raised by a check that fails: what was seen, and how to mend it."""

    outcome = Outcome.FAILED

    def __init__(self, seen: str, *, mend: str) -> None:
        super().__init__(seen)
        self.seen = seen
        self.mend = mend


class Worry(Ailment):
    """Raised by a check of what works and may not be meant."""

    outcome = Outcome.WARNED


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing to prove. `run` answers what it saw, or raises.

    Attributes:
        mend: What to do where the part does not answer at all.
        needs: Names of checks without which this one proves nothing.
    """

    name: str
    run: Callable[[], Awaitable[str]]
    mend: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of one check."""

    name: str
    outcome: Outcome
    seen: str
    mend: str = ""


async def carry_out(checks: Iterable[Check]) -> AsyncIterator[Finding]:
    """Do the checks in their order; skip those that prove nothing after another failed."""
    not_ok: set[str] = set()
    for check in checks:
        finding = await _carry_out(check, not_ok)
        if finding.outcome not in {Outcome.OK, Outcome.WARNED}:
            not_ok.add(check.name)
        yield finding


async def _carry_out(check: Check, not_ok: set[str]) -> Finding:
    name = check.name
    missing = [need for need in check.needs if need in not_ok]
    if missing:
        seen = f"proves nothing without: {', '.join(missing)}"
        return Finding(name=name, outcome=Outcome.SKIPPED, seen=seen)
    try:
        return Finding(name=name, outcome=Outcome.OK, seen=await check.run())
    except Ailment as ailment:
        outcome = ailment.outcome
        return Finding(name=name, outcome=outcome, seen=ailment.seen, mend=ailment.mend)
    except PartUnavailable as error:
        return Finding(name=name, outcome=Outcome.FAILED, seen=error.cause, mend=check.mend)
    except Exception as error:
        # A doctor who falls ill says so, and looks at the rest.
        mend = "This was not foreseen: please report it."
        return Finding(name=name, outcome=Outcome.FAILED, seen=repr(error), mend=mend)
