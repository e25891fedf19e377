"""What may happen to the product, in any order: hypothesis plays it, and makes it smaller."""

import asyncio
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from mediaport.adapters.sql.database import Database
from mediaport.application.media import complete_upload
from mediaport.application.media.make_thumbnails import MAX_STARTS
from mediaport.domain.policy import Kind
from tests.stateful.background_acts import Deploy, Remake, Sweep, Work
from tests.stateful.bodies import Look
from tests.stateful.draws import (
    ACTS,
    CALM_OR_FAILS,
    COMPLETIONS,
    DELETED,
    DELETED_AND_SWEPT,
    DELETIONS,
    DEPLOYS,
    DESCRIPTIONS,
    FAILURES,
    GOOD_LOOKS,
    KINDS,
    LATE_AT,
    LONG_PAUSES_S,
    LOOKS,
    MISHAPS,
    NOTHING,
    PICKS,
    PUTS,
    REMADE,
    SECONDS,
    SHOWN,
    SHOWS,
    SMALL_ACTS,
    SWAPPED,
    SWEPT,
    USERS,
    WORK,
    WORKED,
    Mishaps,
    overtaken_by,
)
from tests.stateful.media_acts import Complete, CompleteAtOnce, Delete, Presign, Put
from tests.stateful.post_acts import Register, Show
from tests.stateful.processes import PARTS, How, Mishap
from tests.stateful.product import Act, Loop, Product
from tests.stateful.rows import remove_all


class ProductMachine(RuleBasedStateMachine):
    """Plays with one product.

    Attributes:
        database: Makes a real database, migrated and for this machine alone; None: on fakes.
        examples: How many machines were played with; what was done and killed in all of them.
    """

    database: ClassVar[Any] = None
    examples: ClassVar[int] = 0
    acts: ClassVar[int] = 0
    kills: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self._patience = pytest.MonkeyPatch()
        # A completion waits seconds for another one, which may be dead.
        self._patience.setattr(complete_upload, "WAIT_STEPS_S", (0.0,) * 30)
        self._runner = asyncio.Runner(loop_factory=Loop)
        self._database: Database | None = type(self).database and type(self).database()
        self._product = Product(self._database)
        self._has_failed = False

    def _run(self, coroutine: Any) -> None:
        self._has_failed = True
        self._runner.run(coroutine)
        self._has_failed = False

    def _do(self, act: Act, mishaps: Mishaps = ()) -> None:
        self._run(self._product.perform(act, mishaps))

    @initialize(are_large=st.booleans())
    def two_users_come(self, are_large: bool) -> None:
        if are_large:  # for pictures to be held in memory while they are completed
            self._patience.setattr(complete_upload, "HELD_BYTES", 0)
            self._patience.setattr(complete_upload, "HEAD_BYTES", 4)
        if self._database:
            self._run(remove_all(self._database))
        self._do(Register(0))
        self._do(Register(1))

    @rule(user=USERS, kind=KINDS, look=GOOD_LOOKS)
    def a_picture_comes(self, user: int, kind: Kind, look: Look) -> None:
        for act in (Presign(user, kind), Put(0, look), Complete(), Work()):
            self._do(act)

    @rule(user=USERS, kind=KINDS, look=LOOKS, mishaps=MISHAPS)
    def an_upload_comes(self, user: int, kind: Kind, look: Look, mishaps: Mishaps) -> None:
        self._do(Presign(user, kind))
        self._do(Put(0, look))
        self._do(Complete(), mishaps)

    @rule(user=USERS, kind=KINDS, look=GOOD_LOOKS, mishaps=MISHAPS)
    def a_picture_is_shown(self, user: int, kind: Kind, look: Look, mishaps: Mishaps) -> None:
        for act in (Presign(user, kind), Put(0, look), Complete()):
            self._do(act)
        self._do(Show(), mishaps)

    @rule(act=SMALL_ACTS, mishaps=MISHAPS)
    def someone_does_something_small(self, act: Act, mishaps: Mishaps) -> None:
        self._do(act, mishaps)

    @rule(user=USERS, seconds=st.sampled_from([3_599, 3_600]))
    def an_upload_comes_at_the_last_moment(self, user: int, seconds: int) -> None:
        self._do(Presign(user))
        self._do(Put())
        self._run(self._product.advance(seconds))
        self._do(Complete())  # row 15

    @rule(act=PUTS)
    def bytes_are_put(self, act: Act) -> None:
        self._do(act)

    @rule(act=COMPLETIONS, mishaps=MISHAPS)
    def someone_completes(self, act: Act, mishaps: Mishaps) -> None:
        self._do(act, mishaps)

    @rule(
        user=USERS,
        look=GOOD_LOOKS,
        mishap=overtaken_by(
            *(PUTS, COMPLETIONS, DELETIONS),
            first=st.one_of(NOTHING, SWAPPED),
            at=st.sampled_from([*range(3, 9), 8, 8]),
            pauses_s=LONG_PAUSES_S,
        ),
    )
    def an_upload_is_swapped_on_its_way(self, user: int, look: Look, mishap: Mishap) -> None:
        self._do(Presign(user))
        self._do(Put(0, look))
        self._do(Complete(), [mishap])  # row 4

    @rule(
        user=USERS,
        looks=st.tuples(GOOD_LOOKS, GOOD_LOOKS),
        mishap=st.builds(Mishap, st.integers(3, 9), FAILURES),
    )
    def an_upload_is_cut_off_and_tried_again(
        self, user: int, looks: tuple[Look, Look], mishap: Mishap
    ) -> None:
        self._do(Presign(user))
        self._do(Put(0, looks[0]))
        self._do(Complete(), [mishap])  # rows 41 and 50
        self._do(Put(0, looks[1]))
        self._do(Complete())
        self._run(self._product.land())

    @rule(user=USERS, looks=st.tuples(GOOD_LOOKS, GOOD_LOOKS), ats=st.tuples(LATE_AT, LATE_AT))
    def a_claim_on_a_completion_runs_out(
        self, user: int, looks: tuple[Look, Look], ats: tuple[int, int]
    ) -> None:
        killed = (Complete(), (Mishap(ats[1], How.KILLED),))
        meanwhile = ((Put(0, looks[1]), ()), killed)
        self._do(Presign(user))
        self._do(Put(0, looks[0]))
        self._do(Complete(), [Mishap(ats[0], How.OVERTAKEN, meanwhile, pause_s=31)])

    @rule(act=st.builds(CompleteAtOnce, PICKS), mishaps=MISHAPS)
    def someone_completes_twice_at_once(self, act: Act, mishaps: Mishaps) -> None:
        self._do(act, mishaps)

    @rule(act=SHOWS, mishaps=MISHAPS)
    def someone_shows(self, act: Act, mishaps: Mishaps) -> None:
        self._do(act, mishaps)

    @rule(act=DELETIONS, mishaps=MISHAPS)
    def someone_deletes(self, act: Act, mishaps: Mishaps) -> None:
        self._do(act, mishaps)

    @rule(act=WORK, mishaps=MISHAPS)
    def a_worker_works(self, act: Act, mishaps: Mishaps) -> None:
        self._do(act, mishaps)

    @rule(
        user=USERS,
        kind=KINDS,
        mishap=overtaken_by(
            *(DELETIONS, WORK, st.just(Sweep()), DESCRIPTIONS),
            first=st.one_of(NOTHING, DELETED, DELETED_AND_SWEPT, WORKED),
            at=st.integers(2, 7),
            pauses_s=LONG_PAUSES_S,
        ),
        then=CALM_OR_FAILS,
    )
    def media_go_while_thumbnails_are_made(
        self, user: int, kind: Kind, mishap: Mishap, then: Mishaps
    ) -> None:
        self._product.world.queue.waiting.clear()
        for act in (Presign(user, kind), Put(), Complete()):
            self._do(act)
        self._do(Work(), [mishap, *then])  # row 53

    @rule(user=USERS, kind=KINDS, mishap=overtaken_by(ACTS, first=DELETED, at=st.integers(2, 4)))
    def media_go_while_they_are_shown(self, user: int, kind: Kind, mishap: Mishap) -> None:
        for act in (Presign(user, kind), Put(), Complete()):
            self._do(act)
        self._do(Show(), [mishap])  # row 16

    @rule(user=USERS, seconds=st.sampled_from([61, 900]), mishaps=MISHAPS)
    def objects_cannot_be_removed(self, user: int, seconds: int, mishaps: Mishaps) -> None:
        for act in (Presign(user), Put(), Complete(), Work()):
            self._do(act)
        self._product.down.add("object_store")
        self._do(Delete())
        self._run(self._product.advance(seconds))
        self._do(Sweep(), mishaps)
        self._product.down.clear()

    @rule()
    def the_queue_forgets(self) -> None:
        self._product.world.queue.waiting.clear()  # row 43

    @rule(mishaps=MISHAPS)
    def a_process_sweeps(self, mishaps: Mishaps) -> None:
        self._do(Sweep(), mishaps)

    @rule(
        user=USERS,
        kind=KINDS,
        mishap=overtaken_by(
            *(SHOWS, DELETIONS, COMPLETIONS, st.just(Sweep())),
            first=st.one_of(NOTHING, SHOWN),
            at=st.integers(2, 8),
        ),
    )
    def media_are_shown_while_they_are_swept(self, user: int, kind: Kind, mishap: Mishap) -> None:
        for act in (Presign(user, kind), Put(), Complete()):
            self._do(act)
        self._run(self._product.advance(86_400))
        self._do(Sweep(), [mishap])  # row 19

    @rule(user=USERS, part=st.sampled_from(["object_store", "decoder"]))
    def a_worker_tries_in_vain(self, user: int, part: str) -> None:
        self._product.world.queue.waiting.clear()
        for act in (Presign(user), Put(), Complete()):
            self._do(act)
        self._product.down.add(part)
        for _ in range(MAX_STARTS + 1):
            self._do(Work(0))
        self._product.down.clear()
        self._do(Work())  # row 47

    @rule(act=DEPLOYS)
    def other_sizes_are_set(self, act: Act) -> None:
        self._do(act)

    @rule(user=USERS, kind=KINDS, mishap=overtaken_by(ACTS, first=REMADE, at=st.integers(2, 3)))
    def media_go_while_they_are_remade(self, user: int, kind: Kind, mishap: Mishap) -> None:
        for act in (Presign(user, kind), Put(), Complete(), Work()):
            self._do(act)
        self._do(Delete(), [mishap])

    @rule(
        user=USERS,
        mishap=overtaken_by(
            st.just(Sweep()), WORK, first=st.one_of(NOTHING, SWEPT), at=st.integers(2, 8)
        ),
        then=CALM_OR_FAILS,
    )
    def a_size_is_dropped_and_set_again(self, user: int, mishap: Mishap, then: Mishaps) -> None:
        for act in (Deploy((128, 512)), Presign(user), Put(), Complete(), Work(), Remake()):
            self._do(act)
        for act in (Deploy((128, 256)), Remake()):
            self._do(act)
        self._run(self._product.advance(3_600))
        self._do(Deploy((128, 512)))
        self._do(Remake(), [mishap, *then])  # row 59

    @rule(mishaps=MISHAPS)
    def thumbnails_are_remade(self, mishaps: Mishaps) -> None:
        self._do(Remake(), mishaps)

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: int) -> None:
        self._run(self._product.advance(seconds))

    @rule()
    def what_was_late_comes_true(self) -> None:
        self._run(self._product.land())

    @rule(
        parts=st.sets(st.sampled_from(sorted(set(PARTS.values()))), min_size=1, max_size=2),
        acts=st.lists(st.tuples(ACTS, MISHAPS), min_size=1, max_size=4),
    )
    def parts_are_down_for_a_while(self, parts: set[str], acts: list[tuple[Act, Mishaps]]) -> None:
        self._product.down |= parts
        for act, mishaps in acts:
            self._do(act, mishaps)
        self._product.down.clear()

    def teardown(self) -> None:
        try:
            if not self._has_failed:
                self._run(self._product.settle())
        finally:
            type(self).examples += 1
            type(self).acts += self._product.acts
            type(self).kills += self._product.kills
            if self._database:
                self._runner.run(self._database.close())
            self._runner.close()
            self._patience.undo()
