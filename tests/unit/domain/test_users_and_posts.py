"""Names, passwords, posts and comments."""

from datetime import UTC, datetime

import pytest

from mediaport.domain.errors import (
    EmptyPost,
    PasswordTooCommon,
    PasswordUnfit,
    PostNotFound,
    TextUnfit,
    UsernameUnfit,
)
from mediaport.domain.media import MediaId
from mediaport.domain.posts import Comment, CommentId, Post, PostId
from mediaport.domain.users import User, UserId, check_password, normalised

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def post(body: str, media_id: int | None = None) -> Post:
    return Post(
        id=PostId(1),
        owner_id=UserId(1),
        body=body,
        created_at=NOW,
        media_id=None if media_id is None else MediaId(media_id),
    )


def comment(body: str) -> Comment:
    return Comment(
        id=CommentId(1), post_id=PostId(1), author_id=UserId(1), body=body, created_at=NOW
    )


@pytest.mark.parametrize("name", ["ada", "a_1", "x" * 30])
def test_a_plain_name_fits(name: str) -> None:
    user = User(id=UserId(1), username=name, password_hash="h", created_at=NOW)

    assert user.avatar_media_id is None


@pytest.mark.parametrize("name", ["", "ab", "Ada", "x" * 31, "a b", "a/b", "ada\n", "ädä"])
def test_other_names_do_not_fit(name: str) -> None:
    with pytest.raises(UsernameUnfit):
        User(id=UserId(1), username=name, password_hash="h", created_at=NOW)


def test_passwords_are_held_to_their_length_alone() -> None:
    check_password("        ", username="ada", min_length=8)
    check_password("ü" * 256, username="ada", min_length=8)

    for unfit in ("1234567", "x" * 257):
        with pytest.raises(PasswordUnfit, match="8 to 256 characters"):
            check_password(unfit, username="ada", min_length=8)
    with pytest.raises(PasswordUnfit, match="15 to 256 characters"):
        check_password("x" * 14, username="ada", min_length=15)


def test_a_password_is_another_word_than_the_name() -> None:
    check_password("ada_lovelace1", username="ada_lovelace", min_length=8)

    with pytest.raises(PasswordTooCommon):
        check_password("Ada_Lovelace", username="ada_lovelace", min_length=8)


def test_a_password_has_one_form_however_its_characters_are_composed() -> None:
    assert normalised("Ca\u0308sar") == normalised("C\u00e4sar")
    assert normalised("Caesar") != normalised("C\u00e4sar")


def test_a_post_has_text_or_a_picture() -> None:
    assert post("Hello").body == "Hello"
    assert post("", media_id=3).media_id == 3

    for empty in ("", "  \n"):
        with pytest.raises(EmptyPost):
            post(empty)


def test_only_its_owner_may_change_a_post() -> None:
    post("Hello").require_owner(UserId(1))

    with pytest.raises(PostNotFound):
        post("Hello").require_owner(UserId(2))


def test_texts_are_held_to_their_length_and_to_text() -> None:
    with pytest.raises(TextUnfit, match="2001 characters"):
        post("x" * 2001)
    with pytest.raises(TextUnfit, match=r"U\+0000"):
        post("a\0b")
    with pytest.raises(TextUnfit, match="empty"):
        comment(" ")
    with pytest.raises(TextUnfit):
        comment("x" * 1001)

    assert comment("Nice 🐕").body == "Nice 🐕"
