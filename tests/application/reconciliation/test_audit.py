"""The audit checks every invariant in one snapshot, and names those that are broken."""

from dataclasses import replace

import pytest

from shop.application.ports.repositories.audit import INVARIANTS, Fact, Invariant, Violation
from shop.application.reconciliation.audit import Finding
from tests.application.memory_shop import MemoryShop, place_order
from tests.factories import eur

pytestmark = pytest.mark.anyio


async def test_consistent_shop_passes_the_audit(shop: MemoryShop) -> None:
    await shop.add_products(await shop.admin(), TEA=5)
    await shop.place(place_order(await shop.customer("ada"), ("TEA", 1)))
    before, checked = shop.state, list[Invariant]()

    findings = await shop.container.audit_shop().run(checked.append)

    assert findings == [
        Finding(invariant=each, violations=[], unchecked_reason=None) for each in INVARIANTS
    ]
    assert checked == list(INVARIANTS)
    assert shop.state == before


async def test_violation_is_reported_under_its_invariant(shop: MemoryShop) -> None:
    await shop.customer("ada")
    account = shop.account("ada")
    async with shop.container.unit_of_work() as uow:
        await uow.accounts.lock([account.id])
        uow.accounts.save(replace(account, balance=eur(1)))
        await uow.commit()

    findings = await shop.container.audit_shop().run(lambda _: None)

    broken = {each.invariant.number: each.violations for each in findings if each.violations}
    assert list(broken) == [1, 2]
    facts: dict[str, Fact] = {"account_id": str(account.id), "balance": 1, "transferred": 1_000}
    assert broken[2] == [Violation(rule="balance-differs-from-transfers", facts=facts)]
