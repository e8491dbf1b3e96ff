"""Guesses are slowed down, and no stranger can lock a user out."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.identity.authentication import CurrentSession
from shop.application.identity.sign_in import ChangePassword, SignIn
from shop.application.identity.sign_up import SignUp
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import DatabaseUnavailable
from shop.domain.rate_limit import TooManyRequests
from shop.domain.user import EmailTaken, InvalidCredentials, WrongPassword
from tests.application.memory_shop import PASSWORD, MemoryShop, new_token
from tests.clock import FakeClock
from tests.doubles import SequentialIds

pytestmark = pytest.mark.anyio

PHRASE = "Winter2026!"
HOME, ELSEWHERE = "192.0.2.1", "198.51.100.1"


async def _sign_up(shop: MemoryShop, name: str = "ada", address: str = HOME) -> CurrentSession:
    command = SignUp(session=None, name=name, email=f"{name}@example.com", password=PASSWORD)
    return (await shop.container.limited_sign_in().sign_up(command, address)).current_session


async def _sign_in(
    shop: MemoryShop,
    password: str = PASSWORD,
    *,
    name: str = "ada",
    address: str = ELSEWHERE,
    session: SessionToken | None = None,
) -> CurrentSession:
    command = SignIn(session=session, email=f"{name}@example.com", password=password)
    return await shop.container.limited_sign_in().sign_in(command, address)


async def _wait_seconds(attempt: Callable[[], Awaitable[object]]) -> int | None:
    """Return how long a wrong attempt has to wait; None if it was checked."""
    try:
        await attempt()
    except TooManyRequests as error:
        return error.retry_after_seconds
    except (InvalidCredentials, WrongPassword):
        return None
    raise AssertionError("the attempt was right")


class TestGuessesAtOneAccount:
    @pytest.mark.parametrize("name", ["ada", "stranger", "no address"])
    async def test_delay_grows_from_the_fifth_failure_for_known_and_unknown_users_alike(
        self, shop: MemoryShop, clock: FakeClock, name: str
    ) -> None:
        await _sign_up(shop)
        guesses = iter(range(1_000))

        async def guess() -> int | None:
            password = f"guess {next(guesses)}"
            address = f"203.0.113.{next(guesses)}"
            return await _wait_seconds(lambda: _sign_in(shop, password, name=name, address=address))

        assert [await guess() for _ in range(5)] == [None] * 5
        waited = []
        for _ in range(12):
            seconds = await guess()
            assert seconds is not None
            waited.append(seconds)
            clock.advance(timedelta(seconds=seconds))
            assert await guess() is None
        assert waited == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]

    async def test_parallel_guesses_are_not_free(self, shop: MemoryShop) -> None:
        await _sign_up(shop)
        guesses = [
            _wait_seconds(
                lambda n=n: _sign_in(shop, f"guess {n}", address=f"203.0.113.{n}")  # type: ignore[misc]
            )
            for n in range(60)
        ]
        answers = await asyncio.gather(*guesses)

        assert answers.count(None) == 5

    async def test_right_password_during_the_delay_is_not_checked(self, shop: MemoryShop) -> None:
        await _sign_up(shop)
        await _guess_from_elsewhere(shop)

        with pytest.raises(TooManyRequests):
            await _sign_in(shop)

    async def test_right_password_after_the_delay_ends_the_delays(
        self, shop: MemoryShop, clock: FakeClock
    ) -> None:
        await _sign_up(shop)
        await _guess_from_elsewhere(shop)
        clock.advance(timedelta(seconds=1))
        await _sign_in(shop, address="203.0.113.77")

        assert await _wait_seconds(lambda: _sign_in(shop, "guess", address="203.0.113.78")) is None
        assert await _wait_seconds(lambda: _sign_in(shop, "other", address="203.0.113.79")) is None

    async def test_user_signs_in_from_a_known_address_and_from_a_session(
        self, shop: MemoryShop
    ) -> None:
        session = new_token(await _sign_up(shop, address=HOME))
        await _guess_from_elsewhere(shop)

        await _sign_in(shop, address=HOME)
        await _sign_in(shop, address=ELSEWHERE, session=session)

    async def test_known_address_and_session_have_the_same_delays(self, shop: MemoryShop) -> None:
        session = new_token(await _sign_up(shop, address=HOME))
        for guesser in ({"address": HOME}, {"address": ELSEWHERE, "session": session}):
            for n in range(5):
                wrong = f"guess {n} from {guesser}"
                assert await _wait_seconds(lambda: _sign_in(shop, wrong, **guesser)) is None  # noqa: B023
            assert await _wait_seconds(lambda: _sign_in(shop, "another", **guesser)) == 1  # noqa: B023

    async def test_session_of_another_user_is_no_known_session(self, shop: MemoryShop) -> None:
        await _sign_up(shop)
        session = new_token(await _sign_up(shop, "eve"))
        await _guess_from_elsewhere(shop)

        with pytest.raises(TooManyRequests):
            await _sign_in(shop, session=session)

    async def test_forms_of_one_address_are_one_account(self, shop: MemoryShop) -> None:
        forms = [
            "bücher.käse",
            "xn--bcher-kva.käse",
            "bücher.xn--kse-qla",
            "xn--bcher-kva.xn--kse-qla",
        ]

        async def guess(n: int) -> int | None:
            command = SignIn(
                session=None, email=f"zoe@{forms[n % 4]}.example.com", password=f"guess {n}"
            )
            service = shop.container.limited_sign_in()
            return await _wait_seconds(lambda: service.sign_in(command, f"203.0.113.{n}"))

        assert [await guess(n) for n in range(8)] == [None] * 5 + [1] * 3

    async def test_address_stays_known_while_it_is_used(
        self, shop: MemoryShop, clock: FakeClock
    ) -> None:
        await _sign_up(shop, address=HOME)
        for _ in range(3):
            clock.advance(timedelta(days=20))
            await _sign_in(shop, address=HOME)
        await _guess_from_elsewhere(shop)

        await _sign_in(shop, address=HOME)


async def _guess_from_elsewhere(shop: MemoryShop) -> None:
    for n in range(5):
        with pytest.raises(InvalidCredentials):
            await _sign_in(shop, f"guess {n}", address=f"203.0.113.{n}")


class TestGuessesAtManyAccounts:
    async def test_failures_from_one_address_are_limited_whatever_the_account(
        self, shop: MemoryShop, clock: FakeClock
    ) -> None:
        await _sign_up(shop)
        for n in range(20):
            assert await _wait_seconds(lambda: _sign_in(shop, f"{n}", name=f"user{n}")) is None  # noqa: B023

        assert await _wait_seconds(lambda: _sign_in(shop, "21", name="user21")) == 900
        assert (
            await _wait_seconds(lambda: _sign_in(shop, "22", name="user22", address=HOME)) is None
        )
        clock.advance(timedelta(minutes=15))
        assert await _wait_seconds(lambda: _sign_in(shop, "23", name="user23")) is None

    async def test_failures_with_one_password_are_limited_whatever_the_address(
        self, shop: MemoryShop
    ) -> None:
        def spray(n: int) -> Awaitable[object]:
            return _sign_in(shop, "Winter2026!", name=f"user{n}", address=f"203.0.113.{n}")

        answers = [await _wait_seconds(lambda: spray(n)) for n in range(12)]  # noqa: B023

        assert answers == [None] * 10 + [3600] * 2

    async def test_forms_of_one_password_count_as_one(self, shop: MemoryShop) -> None:
        def spray(n: int) -> Awaitable[object]:
            # Full-width letters are another text, and the same password.
            text = "".join(
                chr(ord(each) + 0xFEE0) if i < n else each for i, each in enumerate(PHRASE)
            )
            return _sign_in(shop, text, name=f"user{n}", address=f"203.0.113.{n}")

        answers = [await _wait_seconds(lambda: spray(n)) for n in range(12)]  # noqa: B023

        assert answers == [None] * 10 + [3600] * 2

    async def test_successes_do_not_count(self, shop: MemoryShop) -> None:
        await _sign_up(shop)
        for _ in range(30):
            await _sign_in(shop)


class TestChangesOfThePassword:
    async def test_guesses_in_a_stolen_session_are_delayed_but_not_the_users_own_session(
        self, shop: MemoryShop, clock: FakeClock
    ) -> None:
        stolen = await _sign_up(shop)
        own = await _sign_in(shop)

        def change(session: CurrentSession, current: str) -> Awaitable[object]:
            command = ChangePassword(session=new_token(session), current=current, new="a new one")
            return shop.container.limited_sign_in().change_password(command, session.session.id)

        answers = [await _wait_seconds(lambda: change(stolen, f"{n}")) for n in range(25)]  # noqa: B023
        assert answers == [None] * 5 + [1] * 20
        clock.advance(timedelta(seconds=1))
        assert await _wait_seconds(lambda: change(stolen, "26")) is None
        assert await _wait_seconds(lambda: change(stolen, "27")) == 2
        await change(own, PASSWORD)


class TestSignUps:
    async def test_sign_ups_from_one_address_are_limited_and_rejected_ones_count(
        self, shop: MemoryShop, clock: FakeClock
    ) -> None:
        await _sign_up(shop)
        for _ in range(9):
            with pytest.raises(EmailTaken):
                await _sign_up(shop)
        for n in range(10):
            await _sign_up(shop, f"user{n}")
        users = len(shop.state.users.rows)

        with pytest.raises(TooManyRequests):
            await _sign_up(shop, "another")
        with pytest.raises(TooManyRequests):
            await _sign_up(shop)
        assert len(shop.state.users.rows) == users == 11
        await _sign_up(shop, "another", address=ELSEWHERE)
        clock.advance(timedelta(hours=1))
        await _sign_up(shop, "one-more")


async def test_without_limits_nothing_is_counted(clock: FakeClock) -> None:
    shop = MemoryShop(clock, MemoryDatabase(), SequentialIds(), rate_limits="off")
    await _sign_up(shop)
    for _ in range(60):
        assert await _wait_seconds(lambda: _sign_in(shop, "a guess")) is None
    await _sign_in(shop)
    assert dict(shop.state.rate_limits.rows) == {}


async def test_no_guess_is_checked_if_it_cannot_be_counted(shop: MemoryShop) -> None:
    await _sign_up(shop)
    sessions = dict(shop.state.sessions.rows)
    shop.faults.plan(("rate_limits.add", DatabaseUnavailable("the disk is full")))

    with pytest.raises(DatabaseUnavailable):
        await _sign_in(shop)
    assert dict(shop.state.sessions.rows) == sessions
    # The failure passes with the storage: no user stays locked out.
    await _sign_in(shop)


async def test_attempt_that_was_not_checked_is_taken_back(
    shop: MemoryShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _sign_up(shop)

    async def fail(_: SignIn) -> CurrentSession:
        raise DatabaseUnavailable("all connections are in use")

    with monkeypatch.context() as patch:
        patch.setattr(shop.container.sign_in_service(), "sign_in", fail)
        for _ in range(30):
            with pytest.raises(DatabaseUnavailable):
                await _sign_in(shop, address=HOME)
            shop.clock.advance(timedelta(minutes=15))
    await _sign_in(shop, address=HOME)
