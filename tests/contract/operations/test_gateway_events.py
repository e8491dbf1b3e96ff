"""What every adapter owes the port to gateway events."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import pytest

from shop.application.ports.payment_gateway import GatewayEvent
from tests.contract.storage import Storage
from tests.factories import NOW, id_of

pytestmark = pytest.mark.anyio

FIRST, SECOND, THIRD = id_of("first job"), id_of("second job"), id_of("third job")


async def record(storage: Storage, event: GatewayEvent, job: UUID) -> bool:
    """Record an event with the subject of its job, and commit; tell whether it was new."""
    return await storage.write(lambda uow: uow.gateway_events.record_new(event, job, NOW))


async def events_of(storage: Storage, *jobs: UUID) -> Mapping[UUID, GatewayEvent]:
    return await storage.read(lambda uow: uow.gateway_events.for_jobs(jobs))


def gateway_event(name: str = "evt_1") -> GatewayEvent:
    return GatewayEvent(
        id=name, kind="payment.succeeded", payment_id="pay_1", reference=id_of("order")
    )


def foreign_event(name: str = "evt_1") -> GatewayEvent:
    return GatewayEvent(id=name, kind="balance.available", payment_id=None, reference=None)


async def test_new_event_is_found_by_its_job(storage: Storage) -> None:
    assert await record(storage, gateway_event(), FIRST)
    assert await record(storage, foreign_event("evt_2"), SECOND)

    assert await events_of(storage, FIRST, SECOND, THIRD) == {
        FIRST: gateway_event(),
        SECOND: foreign_event("evt_2"),
    }
    assert await events_of(storage) == {}


async def test_known_event_stays_as_it_is(storage: Storage) -> None:
    assert await record(storage, gateway_event(), FIRST)

    assert not await record(storage, foreign_event(), SECOND)

    assert await events_of(storage, FIRST, SECOND) == {FIRST: gateway_event()}


async def test_event_is_new_once_within_a_unit_of_work(storage: Storage) -> None:
    async with storage.unit_of_work() as uow:
        assert await uow.gateway_events.record_new(gateway_event(), FIRST, NOW)
        assert not await uow.gateway_events.record_new(gateway_event(), SECOND, NOW)
        await uow.commit()


async def test_uncommitted_event_is_not_kept(storage: Storage) -> None:
    async with storage.unit_of_work() as uow:
        assert await uow.gateway_events.record_new(gateway_event(), FIRST, NOW)

    assert await events_of(storage, FIRST) == {}
    assert await record(storage, gateway_event(), SECOND)


async def test_event_is_new_to_one_of_several_units_of_work(storage: Storage) -> None:
    results = await asyncio.gather(
        *(record(storage, gateway_event(), job) for job in (FIRST, SECOND, THIRD))
    )
    assert sorted(results) == [False, False, True]
