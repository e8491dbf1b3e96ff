"""What every adapter owes the ports to rate limits."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from shop.adapters.limits.rate_limiter import LimitsRateLimiter
from shop.adapters.limits.unit_of_work_storage import UnitOfWorkStorage
from shop.adapters.sql.schema.tables import rate_limits
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.repositories.rate_limits import HitCount, Hits
from shop.application.transactions.group_commit import CommandQueues
from shop.application.transactions.runner import TransactionRunner
from shop.domain.rate_limit import RateLimit, TooManyRequests
from tests.clock import FakeClock
from tests.contract.storage import Storage
from tests.factories import NOW

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
THREE_A_MINUTE = RateLimit(name="guess", max_hits=3, window=MINUTE)


def _hits(key: str, amount: int = 1) -> Hits:
    return Hits(key=key, amount=amount, window=MINUTE)


def _limiter(storage: Storage, clock: FakeClock) -> LimitsRateLimiter:
    transactions = TransactionRunner(storage.unit_of_work, storage.snapshot, clock)
    return LimitsRateLimiter(UnitOfWorkStorage(transactions, CommandQueues(), clock), clock)


class TestStoredHits:
    async def test_hits_of_a_window_add_up_and_keep_its_end(self, storage: Storage) -> None:
        await storage.write(lambda uow: uow.rate_limits.add([_hits("a", 2), _hits("b")], NOW))
        later = NOW + MINUTE / 2
        counts = await storage.write(lambda uow: uow.rate_limits.add([_hits("a")], later))

        assert counts == {"a": HitCount(amount=3, expires_at=NOW + MINUTE)}
        assert await storage.read(lambda uow: uow.rate_limits.get_many({"a", "b", "c"}, later)) == {
            "a": HitCount(amount=3, expires_at=NOW + MINUTE),
            "b": HitCount(amount=1, expires_at=NOW + MINUTE),
        }

    async def test_hit_after_the_window_begins_another(self, storage: Storage) -> None:
        await storage.write(lambda uow: uow.rate_limits.add([_hits("a", 5)], NOW))
        later = NOW + MINUTE

        assert await storage.read(lambda uow: uow.rate_limits.get_many({"a"}, later)) == {}
        counts = await storage.write(lambda uow: uow.rate_limits.add([_hits("a")], later))
        assert counts == {"a": HitCount(amount=1, expires_at=later + MINUTE)}

    async def test_hits_are_taken_back_but_not_below_zero(self, storage: Storage) -> None:
        await storage.write(lambda uow: uow.rate_limits.add([_hits("a", 3), _hits("b")], NOW))
        back = {"a": 1, "b": 2, "c": 1}
        await storage.write(lambda uow: uow.rate_limits.subtract(back, NOW))

        counts = await storage.read(lambda uow: uow.rate_limits.get_many({"a", "b", "c"}, NOW))
        assert {key: count.amount for key, count in counts.items()} == {"a": 2, "b": 0}

    async def test_expired_hits_are_purged_and_current_ones_kept(self, storage: Storage) -> None:
        await storage.write(lambda uow: uow.rate_limits.add([_hits("old")], NOW))
        later = NOW + MINUTE
        await storage.write(lambda uow: uow.rate_limits.add([_hits("new")], later))

        assert await storage.write(lambda uow: uow.rate_limits.purge_expired(later)) == 1
        assert await storage.write(lambda uow: uow.rate_limits.purge_expired(later)) == 0
        found = await storage.read(lambda uow: uow.rate_limits.get_many({"old", "new"}, NOW))
        assert found.keys() == {"new"}

    async def test_hits_without_a_commit_are_not_stored(self, storage: Storage) -> None:
        async with storage.unit_of_work() as uow:
            await uow.rate_limits.add([_hits("a")], NOW)

        assert await storage.read(lambda uow: uow.rate_limits.get_many({"a"}, NOW)) == {}


class TestRateLimiter:
    async def test_hits_are_limited_for_each_subject_until_the_window_ends(
        self, storage: Storage, clock: FakeClock
    ) -> None:
        limiter = _limiter(storage, clock)
        assert [await limiter.hit(THREE_A_MINUTE, "ada") for _ in range(3)] == [1, 2, 3]
        clock.advance(timedelta(seconds=19.5))
        for ask in (limiter.hit, limiter.require_free):
            with pytest.raises(TooManyRequests) as raised:
                await ask(THREE_A_MINUTE, "ada")
            assert raised.value.retry_after_seconds == 41

        assert await limiter.hit(THREE_A_MINUTE, "bob") == 1
        clock.advance(timedelta(seconds=40.5))
        await limiter.require_free(THREE_A_MINUTE, "ada")
        assert await limiter.hit(THREE_A_MINUTE, "ada") == 1

    async def test_parallel_hits_are_counted_one_by_one(
        self, storage: Storage, clock: FakeClock
    ) -> None:
        limiters = [_limiter(storage, clock) for _ in range(2)]
        results = await asyncio.gather(
            *(limiters[n % 2].hit(THREE_A_MINUTE, "ada") for n in range(20)),
            return_exceptions=True,
        )

        assert sorted(each for each in results if isinstance(each, int)) == [1, 2, 3]
        assert sum(isinstance(each, TooManyRequests) for each in results) == 17

    async def test_hits_are_given_back_and_forgotten(
        self, storage: Storage, clock: FakeClock
    ) -> None:
        limiter = _limiter(storage, clock)
        await limiter.hit(THREE_A_MINUTE, "ada")
        await limiter.hit(THREE_A_MINUTE, "ada")
        await limiter.give_back(THREE_A_MINUTE, "ada")
        assert await limiter.hit(THREE_A_MINUTE, "ada") == 2
        assert await limiter.has_hits(THREE_A_MINUTE, "ada")
        await limiter.forget(THREE_A_MINUTE, "ada")
        assert not await limiter.has_hits(THREE_A_MINUTE, "ada")
        assert await limiter.hit(THREE_A_MINUTE, "ada") == 1

    async def test_expired_windows_are_purged(self, storage: Storage, clock: FakeClock) -> None:
        limiter = _limiter(storage, clock)
        await limiter.hit(THREE_A_MINUTE, "ada")
        assert await limiter.purge_expired() == 0
        clock.advance(MINUTE)
        assert await limiter.purge_expired() == 1

    async def test_two_limits_share_no_hits(self, storage: Storage, clock: FakeClock) -> None:
        limiter = _limiter(storage, clock)
        other = RateLimit(name="other", max_hits=3, window=MINUTE)
        await limiter.hit(THREE_A_MINUTE, "ada")
        assert await limiter.hit(other, "ada") == 1


@pytest.fixture(params=["sqlite", "postgresql"])
def sql_storage(request: pytest.FixtureRequest) -> Storage:
    storage: Storage = request.getfixturevalue(f"{request.param}_storage")
    return storage


async def test_database_holds_no_subject(sql_storage: Storage, clock: FakeClock) -> None:
    await _limiter(sql_storage, clock).hit(THREE_A_MINUTE, "hunter2")
    async with sql_storage.snapshot() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        (row,) = await uow._statements.fetch_all(select(rate_limits))
    assert (row.hits, len(row.key)) == (1, 64)
    assert "hunter2" not in str(tuple(row))
