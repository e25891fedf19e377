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


async def test_common_passwords_and_ones_own_name_are_refused(world: World) -> None:
    for username, password in (("ada", "PassWord"), ("ada_lovelace", "Ada_Lovelace")):
        with pytest.raises(PasswordTooCommon):
            await world.use.register_user()(username=username, password=password)

    assert not world.tables.users


async def test_the_shortest_password_is_a_setting(world: World) -> None:
    strict = world.set_anew(password_min_length=15)

    with pytest.raises(PasswordUnfit, match="15 to 256"):
        await strict.use.register_user()(username="ada", password="correct horse")


async def test_a_password_is_the_same_on_every_keyboard(world: World) -> None:
    await world.use.register_user()(username="ada", password="cafe\u0301 noir")

    assert await world.use.log_in_user()(username="ada", password="caf\u00e9 noir")


async def test_a_password_gives_a_token(world: World) -> None:
    user_id = await world.user()

    token = await world.use.log_in_user()(username="ada", password="correct horse")

    assert (await world.use.authenticate()(token)).id == user_id


async def test_unknown_names_and_wrong_passwords_look_and_cost_the_same(world: World) -> None:
    await world.user()

    for name in ("ada", "eve", "No Such Form", ""):  # row 36
        with pytest.raises(WrongCredentials, match="User name or password is wrong"):
            await world.use.log_in_user()(username=name, password="wrong")

    assert world.passwords.verified == 4


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
