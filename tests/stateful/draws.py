"""Acts and mishaps as hypothesis draws them: mostly about the media item in focus, by its owner."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from mediaport.domain.policy import AVATAR, POST_IMAGE, ContentType
from tests.stateful.background_acts import Deploy, Remake, Sweep, Work
from tests.stateful.bodies import LENGTH, Look
from tests.stateful.media_acts import Complete, Delete, Describe, Presign, PresignAgain, Put
from tests.stateful.post_acts import (
    Answer,
    ClearAvatar,
    CreatePost,
    DeletePost,
    Register,
    SetAvatar,
    Show,
)
from tests.stateful.processes import How, Mishap
from tests.stateful.product import Act

Mishaps = Sequence[Mishap]
Meanwhile = tuple[tuple[Act, Mishaps], ...]


def _alone(mishap: Mishap) -> tuple[Mishap, ...]:
    return (mishap,)


def _in_a_row(parts: tuple[tuple[Any, ...], tuple[Any, ...]]) -> tuple[Any, ...]:
    return (*parts[0], *parts[1])


PICKS = st.sampled_from([0, 0, 0, 0, 1, 2, 3, 5])
MOSTLY_THE_OWNER = st.sampled_from([0, 0, 0, 0, 1])
USERS = st.integers(0, 2)
KINDS = st.sampled_from([POST_IMAGE, AVATAR])
LOOKS = st.sampled_from([Look.PICTURE, Look.AT_HOME, *Look])
GOOD_LOOKS = st.sampled_from([Look.PICTURE, Look.AT_HOME, Look.BROKEN])
TYPES = st.sampled_from([*ContentType, ContentType.JPEG, "image/gif"])
SIZES = st.sampled_from([LENGTH, LENGTH, LENGTH + 1, 0, 10**9])
SECONDS = st.sampled_from([1, 5, 20, 31, 61, 299, 900, 3_500, 3_600, 86_400])
PAUSES_S = st.sampled_from([0, 0, 1, 5, 15])
# Completions and workers may be frozen for longer than their claims last.
LONG_PAUSES_S = st.sampled_from([0, 1, 5, 31])
# Before a completion publishes, marks the row ready, and cleans up.
LATE_AT = st.integers(7, 9)
AT = st.one_of(st.integers(1, 6), st.integers(1, 13))

NOTHING: st.SearchStrategy[Any] = st.just(())

PUTS = st.builds(Put, PICKS, LOOKS, st.sampled_from([False, False, False, True]))
COMPLETIONS = st.builds(Complete, PICKS, MOSTLY_THE_OWNER)
SHOWS = st.one_of(
    st.builds(Show, PICKS),
    st.builds(CreatePost, PICKS, MOSTLY_THE_OWNER),
    st.builds(SetAvatar, PICKS, MOSTLY_THE_OWNER),
)
DELETIONS = st.one_of(
    st.builds(Delete, PICKS, MOSTLY_THE_OWNER),
    st.builds(DeletePost, PICKS, MOSTLY_THE_OWNER),
    st.builds(ClearAvatar, USERS),
)
WORK = st.builds(Work, st.one_of(st.none(), PICKS))
DEPLOYS = st.builds(Deploy, st.sampled_from([(128,), (128, 256), (128, 512), (256, 512)]))
DESCRIPTIONS = st.builds(Describe, PICKS, MOSTLY_THE_OWNER)
SMALL_ACTS = st.one_of(
    st.builds(Register, st.integers(0, 3)),
    st.builds(Presign, USERS, KINDS, TYPES, SIZES),
    st.builds(PresignAgain, PICKS, MOSTLY_THE_OWNER),
    DESCRIPTIONS,
    st.builds(Answer, PICKS, USERS, st.booleans()),
)
ACTS: st.SearchStrategy[Act] = st.one_of(
    COMPLETIONS,
    SHOWS,
    DELETIONS,
    WORK,
    PUTS,
    st.just(Sweep()),
    st.builds(Presign, USERS, KINDS),
    st.just(Remake()),
)


FAILURES = st.sampled_from([How.KILLED, *(how for how in How if how is not How.OVERTAKEN)])
FAILS = st.builds(Mishap, AT, FAILURES)
CALM_OR_FAILS = st.one_of(st.just(()), st.just(()), FAILS.map(_alone))


def overtaken_by(
    *acts: st.SearchStrategy[Act],
    first: st.SearchStrategy[Meanwhile] = NOTHING,
    at: st.SearchStrategy[int] = AT,
    pauses_s: st.SearchStrategy[int] = PAUSES_S,
) -> st.SearchStrategy[Mishap]:
    """Some of `acts` happen between two calls, after `first`, and may go wrong themselves."""
    more = st.lists(st.tuples(st.one_of(*acts), CALM_OR_FAILS), max_size=3).map(tuple)
    meanwhile = st.tuples(first, more).map(_in_a_row)
    return st.builds(Mishap, at, st.just(How.OVERTAKEN), meanwhile, pauses_s)


OVERTAKEN = overtaken_by(ACTS)
SWAPPED = st.tuples(
    st.tuples(st.builds(Put, st.just(0), LOOKS), NOTHING),
    st.tuples(
        st.just(Complete()),
        st.one_of(NOTHING, st.builds(Mishap, st.integers(7, 8), FAILURES).map(_alone)),
    ),
)
REMADE = st.tuples(
    st.tuples(DEPLOYS, NOTHING), st.tuples(st.just(Remake()), st.one_of(NOTHING, FAILS.map(_alone)))
)
SHOWN = st.just(((Show(), ()),))
SWEPT = st.just(((Sweep(), ()),))
DELETED = st.just(((Delete(), ()),))
DELETED_AND_SWEPT = st.just(((Delete(), ()), (Sweep(), ())))
WORKED = st.just(((Work(0), ()),))
MISHAPS = st.one_of(
    st.just(()),
    FAILS.map(_alone),
    FAILS.map(_alone),
    OVERTAKEN.map(_alone),
    st.tuples(OVERTAKEN, FAILS),
)
