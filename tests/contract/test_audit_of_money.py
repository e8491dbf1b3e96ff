"""The audit finds what is wrong with the money, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from shop.application.ports.repositories.audit import Fact
from shop.domain.account import ShopAccount, Transfer, TransferKind
from shop.domain.orders.order import OrderStatus
from shop.domain.shared.money import Money
from tests.contract.books import (
    ADA,
    ADAS,
    BOBS,
    GIFT,
    ORDER,
    book,
    bought,
    bring,
    cancelled,
    charge,
    fill,
    findings,
    follow,
    pending,
    place,
    refunded,
    returned,
    sound_steps,
)
from tests.contract.stores import Stores
from tests.factories import (
    EUR,
    USD,
    account,
    an_id,
    eur,
    transfer,
    user,
)

pytestmark = pytest.mark.anyio

CLEARING = ShopAccount.CARD_CLEARING.account_id(EUR)


@pytest.fixture
async def shop(stores: Stores) -> Stores:
    return await fill(stores)


class TestLedger:
    async def test_a_transfer_to_an_account_that_there_is_not(self, shop: Stores) -> None:
        stray = transfer(ADAS.id, an_id("nothing"), 100)
        await shop.change(lambda uow: book(uow, (stray,)))

        assert await findings(shop) == [
            (1, "transfer-without-account", {"transfer_id": str(stray.id)}),
            (1, "ledger-off-balance", {"currency": "EUR", "surplus": -100}),
        ]

    async def test_a_transfer_in_a_currency_that_the_account_has_not(self, shop: Stores) -> None:
        dollars = account(
            ADA,
            id=an_id("dollars"),
            balance=Money.zero(USD),
            minimum_balance=Money.zero(USD),
        )
        # There and back, so that the sums agree.
        there, back = transfer(ADAS.id, dollars.id, 7), transfer(dollars.id, ADAS.id, 7)
        await shop.commit(lambda uow: uow.accounts.add(dollars))
        await shop.change(lambda uow: book(uow, (there, back)))

        assert sorted(await findings(shop), key=str) == sorted(
            (
                (1, "transfer-without-account", {"transfer_id": str(each.id)})
                for each in (there, back)
            ),
            key=str,
        )

    async def test_a_balance_that_no_transfer_explains(self, shop: Stores) -> None:
        cat = user("cat")
        cats = account(cat, 70)
        await shop.commit(lambda uow: uow.users.add(cat), lambda uow: uow.accounts.add(cats))

        assert await findings(shop) == [
            (1, "ledger-off-balance", {"currency": "EUR", "surplus": 70}),
            (
                2,
                "balance-not-sum-of-transfers",
                {"account_id": str(cats.id), "balance": 70, "transferred": 0},
            ),
        ]

    async def test_a_transfer_that_changed_no_balance(self, shop: Stores) -> None:
        await shop.commit(lambda uow: uow.transfers.add(GIFT))

        found = await findings(shop)

        assert [(number, rule) for number, rule, _ in found] == [
            (2, "balance-not-sum-of-transfers")
        ] * 2
        assert {each["account_id"]: each["transferred"] for _, _, each in found} == {
            str(ADAS.id): 9_700,
            str(BOBS.id): 5_300,
        }


class TestCharges:
    @pytest.mark.parametrize("total", [1_499, 1_501])
    async def test_a_total_other_than_the_lines(self, shop: Stores, total: int) -> None:
        await place(shop, bought(replace(ORDER, total=eur(total))))

        facts = {"order_id": str(ORDER.id), "total": total, "lines": 1_500}
        assert await findings(shop) == [(4, "total-not-sum-of-lines", facts)]

    async def test_a_total_of_no_lines(self, shop: Stores) -> None:
        await place(shop, bought(replace(ORDER, lines=())))

        facts = {"order_id": str(ORDER.id), "total": 1_500, "lines": 0}
        assert await findings(shop) == [(4, "total-not-sum-of-lines", facts)]

    @pytest.mark.parametrize(
        "status",
        [OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.REFUNDED],
    )
    async def test_a_paid_order_without_a_charge(self, shop: Stores, status: OrderStatus) -> None:
        first, *later = sound_steps(status)
        await place(shop, replace(first, transfers=()))
        for step in later:
            await follow(shop, step)

        facts = {"order_id": str(ORDER.id), "total": 1_500, "charges": 0, "charged": 0}
        assert await findings(shop) == [(4, "not-charged-once", facts)]

    async def test_a_paid_order_with_two_charges(self, shop: Stores) -> None:
        twice = (charge(ORDER, amount=eur(1_000)), charge(ORDER, id=an_id(""), amount=eur(500)))
        await place(shop, replace(bought(ORDER), transfers=twice))

        facts = {"order_id": str(ORDER.id), "total": 1_500, "charges": 2, "charged": 1_500}
        assert await findings(shop) == [(4, "not-charged-once", facts)]

    @pytest.mark.parametrize("amount", [1, 1_501])
    async def test_a_charge_of_another_amount(self, shop: Stores, amount: int) -> None:
        await place(shop, replace(bought(ORDER), transfers=(charge(ORDER, amount=eur(amount)),)))

        facts = {"order_id": str(ORDER.id), "total": 1_500, "charges": 1, "charged": amount}
        assert await findings(shop) == [(4, "not-charged-once", facts)]

    async def test_a_cancelled_order_that_was_paid_without_a_charge(self, shop: Stores) -> None:
        await place(shop, replace(bought(ORDER), transfers=()))
        await follow(shop, replace(cancelled(ORDER), transfers=()))

        facts = {"order_id": str(ORDER.id), "total": 1_500, "charges": 0, "charged": 0}
        assert await findings(shop) == [(4, "not-charged-once", facts)]

    async def test_a_charge_of_another_customer(self, shop: Stores) -> None:
        wrong = charge(ORDER, debit_account_id=BOBS.id)
        await place(shop, replace(bought(ORDER), transfers=(wrong,)))

        facts = {"transfer_id": str(wrong.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "charge-of-another", facts)]

    async def test_a_charge_of_another_account_of_the_customer(self, shop: Stores) -> None:
        dollars = account(
            ADA, id=an_id("dollars"), balance=Money.zero(USD), minimum_balance=Money.zero(USD)
        )
        await shop.commit(lambda uow: uow.accounts.add(dollars))
        wrong = charge(ORDER, debit_account_id=dollars.id)
        # Back and forth, so that the balance agrees.
        back = transfer(ADAS.id, dollars.id, 1_500)
        await place(shop, replace(bought(ORDER), transfers=(wrong, back)))

        facts = {"transfer_id": str(wrong.id), "order_id": str(ORDER.id)}
        found = await findings(shop)
        assert (4, "charge-of-another", facts) in found
        assert [rule for _, rule, _ in found] == [
            "transfer-without-account",
            "transfer-without-account",
            "charge-of-another",
        ]

    async def test_a_charge_in_another_currency(self, shop: Stores) -> None:
        wrong = charge(ORDER, amount=Money(amount=1_500, currency=USD))
        await place(shop, replace(bought(ORDER), transfers=()))
        await shop.commit(lambda uow: uow.transfers.add(wrong))

        assert [rule for _, rule, _ in await findings(shop)] == [
            "transfer-without-account",
            "ledger-off-balance",
            "balance-not-sum-of-transfers",
        ]

    async def test_a_charge_that_did_not_go_to_the_sales(self, shop: Stores) -> None:
        wrong = charge(ORDER, credit_account_id=BOBS.id)
        await place(shop, replace(bought(ORDER), transfers=(wrong,)))

        facts = {"transfer_id": str(wrong.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "charge-of-another", facts)]

    async def test_a_charge_for_no_order(self, shop: Stores) -> None:
        wrong = charge(ORDER, order_id=None)
        await shop.change(lambda uow: book(uow, (wrong,)))

        facts = {"transfer_id": str(wrong.id), "order_id": None}
        assert await findings(shop) == [(4, "charge-of-another", facts)]

    async def test_a_return_to_another_customer(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        wrong = replace(returned(ORDER), credit_account_id=BOBS.id)
        await follow(shop, replace(cancelled(ORDER), transfers=(wrong,)))

        facts = {"transfer_id": str(wrong.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "charge-of-another", facts)]


class TestReturns:
    @pytest.mark.parametrize("amount", [1, 1_500])
    @pytest.mark.parametrize(
        "status", [OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED]
    )
    async def test_a_charge_returned_of_an_order_that_keeps_its_goods(
        self, shop: Stores, status: OrderStatus, amount: int
    ) -> None:
        await bring(shop, status)
        await shop.change(lambda uow: book(uow, (returned(ORDER, amount),)))

        facts = _money_facts(status, charged=1_500, returned=amount)
        assert await findings(shop) == [(4, "order-keeps-other-money", facts)]

    async def test_a_refunded_order_of_which_nothing_was_returned(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await follow(shop, replace(refunded(ORDER), transfers=(), refunds=()))

        facts = _money_facts(OrderStatus.REFUNDED, charged=1_500, returned=0)
        assert await findings(shop) == [(4, "order-keeps-other-money", facts)]

    async def test_a_refunded_order_of_which_more_was_returned_than_it_cost(
        self, shop: Stores
    ) -> None:
        await place(shop, bought(ORDER))
        too_much = (returned(ORDER, 1_501),)
        await follow(shop, replace(refunded(ORDER), transfers=too_much, refunds=()))

        facts = _money_facts(OrderStatus.REFUNDED, charged=1_500, returned=1_501)
        assert await findings(shop) == [(4, "order-keeps-other-money", facts)]

    @pytest.mark.parametrize(
        ("charges", "returns"), [([1], []), ([1_500], []), ([], [1]), ([7], [7])]
    )
    async def test_a_pending_order_of_which_money_moved(
        self, shop: Stores, charges: list[int], returns: list[int]
    ) -> None:
        early = (*map(_card_charge, charges), *map(_card_return, returns))
        await place(shop, replace(pending(ORDER), transfers=early))

        facts = _money_facts(OrderStatus.PENDING, charged=sum(charges), returned=sum(returns))
        assert await findings(shop) == [(4, "order-keeps-other-money", facts)]


class TestTransfersOfNoOrder:
    @pytest.mark.parametrize("kind", [TransferKind.TRANSFER, TransferKind.CREDIT])
    async def test_a_transfer_for_an_order_that_there_is_not(
        self, shop: Stores, kind: TransferKind
    ) -> None:
        stray = replace(GIFT, kind=kind, order_id=ORDER.id)
        await shop.change(lambda uow: book(uow, (stray,)))

        facts = {"transfer_id": str(stray.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "transfer-of-no-order", facts)]

    async def test_a_charge_for_an_order_that_there_is_not(self, shop: Stores) -> None:
        stray = charge(ORDER)
        await shop.change(lambda uow: book(uow, (stray,)))

        facts = {"transfer_id": str(stray.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [
            (4, "charge-of-another", facts),
            (4, "transfer-of-no-order", facts),
        ]

    @pytest.mark.parametrize("kind", [TransferKind.TRANSFER, TransferKind.CREDIT])
    async def test_a_transfer_for_an_order_that_neither_charges_nor_returns(
        self, shop: Stores, kind: TransferKind
    ) -> None:
        await place(shop, bought(ORDER))
        stray = replace(GIFT, kind=kind, order_id=ORDER.id)
        await shop.change(lambda uow: book(uow, (stray,)))

        facts = {"transfer_id": str(stray.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "transfer-of-no-order", facts)]


class TestMoneyOfDeadOrders:
    @pytest.mark.parametrize("status", [OrderStatus.DECLINED, OrderStatus.EXPIRED])
    async def test_money_of_an_order_that_was_never_paid(
        self, shop: Stores, status: OrderStatus
    ) -> None:
        await bring(shop, status)
        await shop.change(lambda uow: book(uow, (_card_charge(1_500),)))

        facts = {"order_id": str(ORDER.id), "status": status.value, "kept": 1_500}
        assert await findings(shop) == [(5, "dead-order-keeps-money", facts)]

    async def test_money_that_was_not_returned(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await follow(shop, replace(cancelled(ORDER), transfers=()))

        facts = {"order_id": str(ORDER.id), "status": "cancelled", "kept": 1_500}
        assert await findings(shop) == [(5, "dead-order-keeps-money", facts)]

    async def test_money_that_was_returned_twice(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        twice = (returned(ORDER), replace(returned(ORDER), id=an_id("again")))
        await follow(shop, replace(cancelled(ORDER), transfers=twice))

        facts = {"order_id": str(ORDER.id), "status": "cancelled", "kept": -1_500}
        assert await findings(shop) == [(5, "dead-order-keeps-money", facts)]


def _card_charge(amount: int) -> Transfer:
    return charge(ORDER, amount=eur(amount), debit_account_id=CLEARING)


def _card_return(amount: int) -> Transfer:
    return replace(returned(ORDER, amount), credit_account_id=CLEARING)


def _money_facts(status: OrderStatus, *, charged: int, returned: int) -> Mapping[str, Fact]:
    return {
        "order_id": str(ORDER.id),
        "status": status.value,
        "total": 1_500,
        "charged": charged,
        "returned": returned,
        "refunded": 0,
    }
