"""Opening an account, logging in, being recognised."""

import pytest

from mediaport.domain.errors import (
    NotAuthenticated,
    PasswordTooCommon,
    PasswordUnfit,
    UsernameTaken,
    UsernameUnfit,
    WrongCredentials,
)
from mediaport.domain.users import UserId
from tests.world import World


async def test_a_new_user_is_recognised_by_their_token(world: World) -> None:
    user, token = await world.use.register_user()(username="ada", password="correct horse")

    assert (await world.use.authenticate()(token)).id == user.id


async def test_a_password_is_not_kept_as_it_is(world: World) -> None:
    user_id = await world.user()

    assert world.tables.users[user_id].password_hash != "correct horse"


async def test_a_name_is_given_once(world: World) -> None:
    await world.user("ada")

    with pytest.raises(UsernameTaken):
        await world.user("ada")


async def test_names_and_passwords_that_do_not_fit_are_refused(world: World) -> None:
    with pytest.raises(UsernameUnfit):
        await world.user("Ada Lovelace")
    with pytest.raises(PasswordUnfit):
        await world.use.register_user()(username="ada", password="short")


async def test_a_password_gives_a_token(world: World) -> None:
    user_id = await world.user()

    token = await world.use.log_in_user()(username="ada", password="correct horse")

    assert (await world.use.authenticate()(token)).id == user_id


async def test_unknown_names_and_wrong_passwords_look_and_cost_the_same(world: World) -> None:
    await world.user()

    names = ("ada", "eve", "ADA", "", "No Body", "a\0b", "\ud800", "x" * 100)
    for name in names:
        with pytest.raises(WrongCredentials, match="User name or password is wrong"):  # row 36
            await world.use.log_in_user()(username=name, password="wrong")

    assert world.passwords.verified == len(names)  # row 36


async def test_a_password_is_known_however_its_characters_are_composed(world: World) -> None:
    composed, decomposed = "C\u00e4sar und Cleopatra", "Ca\u0308sar und Cleopatra"
    await world.use.register_user()(username="ada", password=decomposed)
    await world.use.register_user()(username="bob", password=composed)

    for name in ("ada", "bob"):
        for password in (composed, decomposed):
            assert await world.use.log_in_user()(username=name, password=password)


async def test_what_anyone_would_try_is_no_password(world: World) -> None:
    for name, password in (("ada", "Password1"), ("ada_lovelace", "ada_lovelace")):
        with pytest.raises(PasswordTooCommon):
            await world.use.register_user()(username=name, password=password)

    assert not world.tables.users


async def test_passwords_are_as_long_as_the_settings_say(world: World) -> None:
    register = world.set_anew(password_min_length=15).use.register_user()

    with pytest.raises(PasswordUnfit, match="15 to 256"):
        await register(username="ada", password="x" * 14)
    assert await register(username="ada", password="x" * 15)


async def test_a_token_is_worth_nothing_once_expired_forged_or_its_user_gone(world: World) -> None:
    user, token = await world.use.register_user()(username="ada", password="correct horse")
    authenticate = world.use.authenticate()

    with pytest.raises(NotAuthenticated):
        await authenticate("forged")
    del world.tables.users[user.id]
    with pytest.raises(NotAuthenticated, match="no longer exists"):  # row 34
        await authenticate(token)
    world.clock.advance(seconds=3600)
    with pytest.raises(NotAuthenticated, match="expired"):
        await authenticate(token)


async def test_a_token_holds_until_it_expires(world: World) -> None:
    _, token = await world.use.register_user()(username="ada", password="correct horse")
    authenticate = world.use.authenticate()

    world.clock.advance(seconds=3599)
    assert authenticate.holds(token)
    world.clock.advance(seconds=1)
    assert not authenticate.holds(token)
    assert not authenticate.holds("forged")


async def test_a_user_of_another_app_gets_a_row_at_first_sight(world: World) -> None:
    owners = world.use.owners()

    first, second = await owners.get(UserId(7)), await owners.get(UserId(7))

    assert first == second == world.tables.users[UserId(7)]
    media = await world.ready(UserId(7))
    assert media.owner_id == 7
    with pytest.raises(WrongCredentials):
        await world.use.log_in_user()(username=first.username, password="!")


async def test_an_owner_has_an_id_from_1(world: World) -> None:
    with pytest.raises(ValueError, match="whole numbers from 1"):
        await world.use.owners().get(UserId(0))


async def test_a_user_who_registered_here_is_none_of_another_apps(world: World) -> None:
    ada = await world.user("ada")

    with pytest.raises(ValueError, match=f"user {ada} is ada, who registered here"):
        await world.use.owners().get(ada)
