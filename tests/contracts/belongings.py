"""What users have, and how it goes. Subclass it once per database."""

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from mediaport.application.ports.belongings import Belongings, Counts, Like
from mediaport.application.ports.post_repository import Position
from mediaport.domain.attachments import Place
from mediaport.domain.errors import DomainError, MediaNotFound, NotAuthenticated, PostNotFound
from mediaport.domain.policy import AVATAR
from mediaport.domain.posts import CommentId, PostId
from mediaport.domain.users import UserId
from tests.contracts.repositories import NOW, Repositories, deletion, later

NOTHING = Counts(posts=0, comments=0, likes=0, media=0, comments_of_others=0, likes_of_others=0)

Act = Callable[[], Awaitable[object]]


class BelongingsContract:
    """The tests; `repositories` and `belongings`, over one database, come from the subclass."""

    @pytest.fixture
    @abstractmethod
    def repositories(self) -> Repositories: ...

    @pytest.fixture
    @abstractmethod
    def belongings(self) -> Belongings: ...

    async def test_what_is_a_users_and_what_others_left_there_is_counted(
        self, repositories: Repositories, belongings: Belongings
    ) -> None:
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        hers, his = await repositories.post(ada), await repositories.post(bob)
        await repositories.ready(ada)
        await repositories.pending(ada)
        for post in (hers, his):
            for user in (ada, bob):
                await repositories.posts.like(post.id, by=user.id, now=NOW)
                await repositories.comment(post, user)
        await repositories.comment(hers, bob)

        assert await belongings.counts(ada.id) == Counts(
            posts=1, comments=2, likes=2, media=2, comments_of_others=2, likes_of_others=1
        )
        assert await belongings.counts(UserId(99)) == NOTHING

    async def test_posts_and_media_come_oldest_first_page_by_page(
        self, repositories: Repositories, belongings: Belongings
    ) -> None:
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        younger = await repositories.post(ada, now=later(9))
        older, same_time = [await repositories.post(ada) for _ in range(2)]
        await repositories.post(bob)
        made = await repositories.with_thumbnails(ada)
        pending = await repositories.pending(ada, now=later(9))
        await repositories.pending(bob)

        assert await belongings.posts(ada.id, after=None, limit=2) == [older, same_time]
        place = Position(created_at=same_time.created_at, id=same_time.id)
        assert await belongings.posts(ada.id, after=place, limit=9) == [younger]
        assert await belongings.media(ada.id, after=None, limit=9) == [made, pending]
        place = Position(created_at=made.created_at, id=made.id)
        assert await belongings.media(ada.id, after=place, limit=9) == [pending]

    async def test_comments_and_likes_come_page_by_page(
        self, repositories: Repositories, belongings: Belongings
    ) -> None:
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        first, second = [await repositories.post(bob) for _ in range(2)]
        said = [await repositories.comment(post, ada) for post in (second, first)]
        await repositories.comment(first, bob)
        for post in (second, first):
            await repositories.posts.like(post.id, by=ada.id, now=later(post.id))
            await repositories.posts.like(post.id, by=bob.id, now=NOW)

        comments = await belongings.comments(ada.id, after=CommentId(0), limit=9)
        assert [(each.id, each.post_id) for each in comments] == [
            (each.id, each.post_id) for each in said
        ]
        assert await belongings.comments(ada.id, after=said[0].id, limit=9) == comments[1:]
        likes = [Like(post_id=post.id, created_at=later(post.id)) for post in (first, second)]
        assert await belongings.likes(ada.id, after=PostId(0), limit=9) == likes
        assert await belongings.likes(ada.id, after=first.id, limit=9) == likes[1:]
        assert await belongings.likes(ada.id, after=PostId(0), limit=1) == likes[:1]

    async def test_likes_and_comments_go_some_at_a_time_and_are_counted_off(
        self, repositories: Repositories, belongings: Belongings
    ) -> None:
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        posts = [await repositories.post(bob) for _ in range(3)]
        for post in posts:
            for user in (ada, bob):
                await repositories.posts.like(post.id, by=user.id, now=NOW)
                await repositories.comment(post, user)
        await repositories.comment(posts[0], ada)

        likes = [await belongings.take_back_likes(ada.id, limit=2) for _ in range(3)]
        comments = [await belongings.take_back_comments(ada.id, limit=3) for _ in range(3)]

        assert likes == [2, 1, 0]
        assert comments == [3, 1, 0]
        for post in posts:
            left = await repositories.posts.get(post.id)
            assert (left.like_count, left.comment_count) == (1, 1)
            (comment,) = await repositories.posts.comments(post.id, after=None, limit=9)
            assert comment.author.username == "bob"

    async def test_a_post_is_thinned_out_some_at_a_time(
        self, repositories: Repositories, belongings: Belongings
    ) -> None:
        fans = [await repositories.user(f"fan_{number}") for number in range(3)]
        loved, other = [await repositories.post(fans[0]) for _ in range(2)]
        for fan in fans:
            for post in (loved, other):
                await repositories.posts.like(post.id, by=fan.id, now=NOW)
                await repositories.comment(post, fan)

        assert await belongings.thin_out(loved.id, limit=2) == 4
        left = await repositories.posts.get(loved.id)
        assert (left.like_count, left.comment_count) == (1, 1)
        assert await belongings.thin_out(loved.id, limit=2) == 2
        assert await belongings.thin_out(loved.id, limit=2) == 0
        left = await repositories.posts.get(other.id)
        assert (left.like_count, left.comment_count) == (3, 3)

    async def test_purged_posts_go_with_what_is_under_them_and_leave_their_media(
        self, repositories: Repositories, belongings: Belongings
    ) -> None:
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        media = await repositories.ready(ada, now=later(-500))
        shown, plain = await repositories.post(ada, media), await repositories.post(ada)
        kept = await repositories.post(ada)
        for post in (shown, plain, kept):
            await repositories.posts.like(post.id, by=bob.id, now=NOW)
            await repositories.comment(post, bob)

        await belongings.purge_posts([shown, plain], now=NOW)
        await belongings.purge_posts([shown, plain], now=NOW)  # gone already

        for post in (shown, plain):
            with pytest.raises(PostNotFound):
                await repositories.posts.get(post.id)
        assert (await belongings.counts(bob.id)).likes == 1
        left = await repositories.posts.get(kept.id)
        assert (left.like_count, left.comment_count) == (1, 1)
        assert await repositories.media.get(media.id) == media
        # Nobody may come back for it: the sweep finds what nothing shows.
        assert await repositories.media.unattached(before=NOW, limit=9) == [media]

    async def test_media_go_together_and_their_objects_are_written_down(
        self, repositories: Repositories, belongings: Belongings
    ) -> None:
        ada = await repositories.user("ada")
        made, pending = await repositories.with_thumbnails(ada), await repositories.pending(ada)
        kept = await repositories.ready(ada)
        late = [variant.object_key for variant in made.variants]

        assert await belongings.purge_media([made, pending], deletions=[deletion("planned")])

        assert await repositories.deletions() == ["planned", *late]
        for media in (made, pending):
            with pytest.raises(MediaNotFound):
                await repositories.media.get(media.id)
        assert await belongings.media(ada.id, after=None, limit=9) == [kept]
        assert await belongings.purge_media([made], deletions=[deletion("again")])

    async def test_places_show_what_is_a_users_no_more(
        self, repositories: Repositories, belongings: Belongings
    ) -> None:
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        places = [Place(f"banners/{number}") for number in range(4)]
        for place, owner in zip(places, (ada, ada, ada, bob), strict=True):
            await repositories.attach(place, await repositories.ready(owner))

        emptied = [await belongings.empty_places(ada.id, limit=2) for _ in range(3)]

        assert emptied == [2, 1, 0]
        assert set(await repositories.attachments.at(places)) == {places[3]}
        media = await belongings.media(ada.id, after=None, limit=9)
        assert await belongings.purge_media(media, deletions=[])

    async def test_of_media_that_are_shown_none_goes(
        self, repositories: Repositories, belongings: Belongings
    ) -> None:
        ada = await repositories.user("ada")
        free, posted = [await repositories.ready(ada) for _ in range(2)]
        worn = await repositories.ready(ada, AVATAR)
        await repositories.post(ada, posted)
        await repositories.users.replace_avatar(ada, worn.id, deletions=[])
        attached = await repositories.ready(ada)
        await repositories.attach(Place("banner"), attached)

        for shown in (posted, worn, attached):
            assert not await belongings.purge_media([free, shown], deletions=[deletion()])

        assert await repositories.media.get(free.id) == free
        assert await repositories.deletions() == []

    async def test_an_account_is_closed_once_nothing_is_left(
        self, repositories: Repositories, belongings: Belongings
    ) -> None:
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        his = await repositories.post(bob)
        media = await repositories.ready(ada)
        assert not await belongings.close_account(ada.id)
        await belongings.purge_media([media], deletions=[deletion()])
        post = await repositories.post(ada)
        assert not await belongings.close_account(ada.id)
        await belongings.purge_posts([post], now=NOW)
        await repositories.posts.like(his.id, by=ada.id, now=NOW)
        assert not await belongings.close_account(ada.id)
        await belongings.take_back_likes(ada.id, limit=9)
        await repositories.comment(his, ada)
        assert not await belongings.close_account(ada.id)
        await belongings.take_back_comments(ada.id, limit=9)

        assert await repositories.users.find("ada") == ada
        assert await belongings.close_account(ada.id)
        assert await repositories.users.find("ada") is None
        assert await belongings.close_account(ada.id)
        assert (await repositories.user("ada")).id != ada.id

    async def test_who_was_deleted_makes_nothing(
        self, repositories: Repositories, belongings: Belongings
    ) -> None:
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        his = await repositories.post(bob)
        await belongings.close_account(ada.id)

        acts: tuple[Act, ...] = (
            partial(repositories.pending, ada),
            partial(repositories.post, ada),
            partial(repositories.comment, his, ada),
            partial(repositories.posts.like, his.id, by=ada.id, now=NOW),
        )
        for act in acts:
            with pytest.raises(NotAuthenticated):
                await act()

        assert await belongings.counts(ada.id) == NOTHING
        left = await repositories.posts.get(his.id)
        assert (left.like_count, left.comment_count) == (0, 0)

    async def test_what_comes_and_closing_at_once_have_one_winner(
        self, repositories: Repositories, belongings: Belongings
    ) -> None:
        bob = await repositories.user("bob")
        his = await repositories.post(bob)
        for number in range(12):
            ada = await repositories.user(f"ada_{number}")
            if number % 2:  # what is counted of her is there, or not yet
                media = await repositories.pending(ada)
                await belongings.purge_media([media], deletions=[deletion()])
            acts: tuple[Act, ...] = (
                partial(repositories.pending, ada),
                partial(repositories.post, ada),
                partial(repositories.posts.like, his.id, by=ada.id, now=NOW),
            )
            came, is_closed = await asyncio.gather(
                _outcome(acts[number % 3]), belongings.close_account(ada.id)
            )

            assert came != is_closed
            assert ((await belongings.counts(ada.id)) == NOTHING) == is_closed

    async def test_who_writes_and_who_purges_do_not_lock_each_other_out(
        self, repositories: Repositories, belongings: Belongings
    ) -> None:
        """A deadlock would be a `PartUnavailable`."""
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        his = [await repositories.post(bob) for _ in range(3)]
        for _ in range(5):
            shown = [await repositories.ready(ada) for _ in range(3)]
            worn = [await repositories.ready(ada, AVATAR) for _ in range(2)]
            posts = [await repositories.post(ada, media) for media in shown[:2]]
            for post in his:
                await repositories.comment(post, ada)
                await repositories.posts.like(post.id, by=ada.id, now=NOW)
            profile = await repositories.users.get(ada.id)
            acts: tuple[Act, ...] = (
                partial(repositories.pending, ada),
                partial(repositories.post, ada, shown[2]),
                partial(repositories.users.replace_avatar, profile, worn[0].id, deletions=[]),
                *(partial(repositories.comment, post, ada) for post in reversed(his)),
                *(partial(repositories.posts.unlike, post.id, by=ada.id) for post in his),
                *(partial(repositories.posts.delete, post, deletions=[]) for post in posts),
                *(partial(repositories.media.purge, each, deletions=[]) for each in worn),
                partial(belongings.take_back_likes, ada.id, limit=9),
                partial(belongings.take_back_comments, ada.id, limit=9),
                partial(belongings.purge_posts, posts, now=NOW),
                partial(belongings.purge_media, [*shown, *worn], deletions=[deletion()]),
                partial(belongings.close_account, ada.id),
            )

            answers = await asyncio.gather(*(act() for act in acts), return_exceptions=True)

            wrong = [each for each in answers if isinstance(each, Exception)]
            failed = [each for each in wrong if not isinstance(each, DomainError)]
            assert failed == [], failed


async def _outcome(act: Act) -> bool:
    """Whether it was done; False if there is no such user any more."""
    try:
        await act()
    except NotAuthenticated:
        return False
    return True
