"""The audit finds what is wrong with the money, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from shop.application.ports.repositories.audit import Fact
from shop.domain.account import ShopAccount, Transfer, TransferKind
from shop.domain.orders.order import OrderStatus
from shop.domain.shared.money import Money
from tests.contract.audit.consistent_orders import (
    ADA,
    ADA_ACCOUNT,
    BOB_ACCOUNT,
    GIFT,
    ORDER,
    cancelled,
    charge,
    findings,
    paid,
    pending,
    refund_transfer,
    refunded,
    steps_to,
    store_next_step,
    store_order,
    store_order_with_status,
    store_transfers,
)
from tests.contract.storage import Storage
from tests.factories import EUR, USD, account, eur, id_of, transfer, user

pytestmark = pytest.mark.anyio

CLEARING = ShopAccount.CARD_CLEARING.account_id(EUR)


class TestLedger:
    async def test_transfer_to_a_missing_account_is_reported(self, shop: Storage) -> None:
        stray = transfer(ADA_ACCOUNT.id, id_of("nothing"), 100)
        await shop.write(lambda uow: store_transfers(uow, (stray,)))

        assert await findings(shop) == [
            (1, "transfer-without-account", {"transfer_id": str(stray.id)}),
            (1, "ledger-off-balance", {"currency": "EUR", "surplus": -100}),
        ]

    async def test_transfer_in_a_currency_unlike_the_account_is_reported(
        self, shop: Storage
    ) -> None:
        dollars = account(
            ADA,
            id=id_of("dollars"),
            balance=Money.zero(USD),
            minimum_balance=Money.zero(USD),
        )
        # There and back, so that the sums agree.
        there, back = (
            transfer(ADA_ACCOUNT.id, dollars.id, 7),
            transfer(dollars.id, ADA_ACCOUNT.id, 7),
        )
        await shop.commit(lambda uow: uow.accounts.add(dollars))
        await shop.write(lambda uow: store_transfers(uow, (there, back)))

        assert sorted(await findings(shop), key=str) == sorted(
            (
                (1, "transfer-without-account", {"transfer_id": str(each.id)})
                for each in (there, back)
            ),
            key=str,
        )

    async def test_balance_without_matching_transfers_is_reported(self, shop: Storage) -> None:
        cat = user("cat")
        cats = account(cat, 70)
        await shop.commit(lambda uow: uow.users.add(cat), lambda uow: uow.accounts.add(cats))

        assert await findings(shop) == [
            (1, "ledger-off-balance", {"currency": "EUR", "surplus": 70}),
            (
                2,
                "balance-differs-from-transfers",
                {"account_id": str(cats.id), "balance": 70, "transferred": 0},
            ),
        ]

    async def test_transfer_without_balance_change_is_reported(self, shop: Storage) -> None:
        await shop.commit(lambda uow: uow.transfers.add(GIFT))

        found = await findings(shop)

        assert [(number, rule) for number, rule, _ in found] == [
            (2, "balance-differs-from-transfers")
        ] * 2
        assert {each["account_id"]: each["transferred"] for _, _, each in found} == {
            str(ADA_ACCOUNT.id): 9_700,
            str(BOB_ACCOUNT.id): 5_300,
        }


class TestCharges:
    @pytest.mark.parametrize("total", [1_499, 1_501])
    async def test_total_unlike_the_lines_is_reported(self, shop: Storage, total: int) -> None:
        await store_order(shop, paid(replace(ORDER, total=eur(total))))

        facts = {"order_id": str(ORDER.id), "total": total, "quoted": 1_500}
        assert await findings(shop) == [(16, "total-differs-from-quote", facts)]

    async def test_total_without_lines_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(replace(ORDER, lines=())))

        facts = {"order_id": str(ORDER.id), "total": 1_500, "quoted": 0}
        assert await findings(shop) == [(16, "total-differs-from-quote", facts)]

    @pytest.mark.parametrize(
        "status",
        [OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.REFUNDED],
    )
    async def test_paid_order_without_a_charge_is_reported(
        self, shop: Storage, status: OrderStatus
    ) -> None:
        first, *later = steps_to(status)
        await store_order(shop, replace(first, transfers=()))
        for step in later:
            await store_next_step(shop, step)

        facts = {"order_id": str(ORDER.id), "total": 1_500, "charges": 0, "charged": 0}
        assert await findings(shop) == [(4, "order-not-charged-once", facts)]

    async def test_paid_order_with_two_charges_is_reported(self, shop: Storage) -> None:
        twice = (charge(ORDER, amount=eur(1_000)), charge(ORDER, id=id_of(""), amount=eur(500)))
        await store_order(shop, replace(paid(ORDER), transfers=twice))

        facts = {"order_id": str(ORDER.id), "total": 1_500, "charges": 2, "charged": 1_500}
        assert await findings(shop) == [(4, "order-not-charged-once", facts)]

    @pytest.mark.parametrize("amount", [1, 1_501])
    async def test_charge_with_another_amount_is_reported(self, shop: Storage, amount: int) -> None:
        await store_order(
            shop, replace(paid(ORDER), transfers=(charge(ORDER, amount=eur(amount)),))
        )

        facts = {"order_id": str(ORDER.id), "total": 1_500, "charges": 1, "charged": amount}
        assert await findings(shop) == [(4, "order-not-charged-once", facts)]

    async def test_cancelled_order_without_a_charge_is_reported(self, shop: Storage) -> None:
        await store_order(shop, replace(paid(ORDER), transfers=()))
        await store_next_step(shop, replace(cancelled(ORDER), transfers=()))

        facts = {"order_id": str(ORDER.id), "total": 1_500, "charges": 0, "charged": 0}
        assert await findings(shop) == [(4, "order-not-charged-once", facts)]

    async def test_charge_to_another_customer_is_reported(self, shop: Storage) -> None:
        wrong = charge(ORDER, debit_account_id=BOB_ACCOUNT.id)
        await store_order(shop, replace(paid(ORDER), transfers=(wrong,)))

        facts = {"transfer_id": str(wrong.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "charge-on-wrong-account", facts)]

    async def test_charge_to_another_account_of_the_customer_is_reported(
        self, shop: Storage
    ) -> None:
        dollars = account(
            ADA, id=id_of("dollars"), balance=Money.zero(USD), minimum_balance=Money.zero(USD)
        )
        await shop.commit(lambda uow: uow.accounts.add(dollars))
        wrong = charge(ORDER, debit_account_id=dollars.id)
        # Back and forth, so that the balance agrees.
        back = transfer(ADA_ACCOUNT.id, dollars.id, 1_500)
        await store_order(shop, replace(paid(ORDER), transfers=(wrong, back)))

        facts = {"transfer_id": str(wrong.id), "order_id": str(ORDER.id)}
        found = await findings(shop)
        assert (4, "charge-on-wrong-account", facts) in found
        assert [rule for _, rule, _ in found] == [
            "transfer-without-account",
            "transfer-without-account",
            "charge-on-wrong-account",
        ]

    async def test_charge_in_another_currency_is_reported(self, shop: Storage) -> None:
        wrong = charge(ORDER, amount=Money(amount=1_500, currency=USD))
        await store_order(shop, replace(paid(ORDER), transfers=()))
        await shop.commit(lambda uow: uow.transfers.add(wrong))

        assert [rule for _, rule, _ in await findings(shop)] == [
            "transfer-without-account",
            "ledger-off-balance",
            "balance-differs-from-transfers",
        ]

    async def test_charge_not_credited_to_sales_is_reported(self, shop: Storage) -> None:
        wrong = charge(ORDER, credit_account_id=BOB_ACCOUNT.id)
        await store_order(shop, replace(paid(ORDER), transfers=(wrong,)))

        facts = {"transfer_id": str(wrong.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "charge-on-wrong-account", facts)]

    async def test_charge_without_an_order_is_reported(self, shop: Storage) -> None:
        wrong = charge(ORDER, order_id=None)
        await shop.write(lambda uow: store_transfers(uow, (wrong,)))

        facts = {"transfer_id": str(wrong.id), "order_id": None}
        assert await findings(shop) == [(4, "charge-on-wrong-account", facts)]

    async def test_refund_to_another_customer_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        wrong = replace(refund_transfer(ORDER), credit_account_id=BOB_ACCOUNT.id)
        await store_next_step(shop, replace(cancelled(ORDER), transfers=(wrong,)))

        facts = {"transfer_id": str(wrong.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "charge-on-wrong-account", facts)]


class TestRefunds:
    @pytest.mark.parametrize("amount", [1, 1_500])
    @pytest.mark.parametrize(
        "status", [OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED]
    )
    async def test_refunded_charge_of_a_paid_order_is_reported(
        self, shop: Storage, status: OrderStatus, amount: int
    ) -> None:
        await store_order_with_status(shop, status)
        await shop.write(lambda uow: store_transfers(uow, (refund_transfer(ORDER, amount),)))

        facts = _money_facts(status, charged=1_500, returned=amount)
        assert await findings(shop) == [(4, "order-money-differs-from-refunds", facts)]

    async def test_refunded_order_without_a_refund_transfer_is_reported(
        self, shop: Storage
    ) -> None:
        await store_order(shop, paid(ORDER))
        await store_next_step(shop, replace(refunded(ORDER), transfers=(), refunds=()))

        facts = _money_facts(OrderStatus.REFUNDED, charged=1_500, returned=0)
        assert await findings(shop) == [(4, "order-money-differs-from-refunds", facts)]

    async def test_refunded_order_with_excess_refund_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        too_much = (refund_transfer(ORDER, 1_501),)
        await store_next_step(shop, replace(refunded(ORDER), transfers=too_much, refunds=()))

        facts = _money_facts(OrderStatus.REFUNDED, charged=1_500, returned=1_501)
        assert await findings(shop) == [(4, "order-money-differs-from-refunds", facts)]

    @pytest.mark.parametrize(
        ("charges", "returns"), [([1], []), ([1_500], []), ([], [1]), ([7], [7])]
    )
    async def test_pending_order_with_money_moved_is_reported(
        self, shop: Storage, charges: list[int], returns: list[int]
    ) -> None:
        early = (*map(_card_charge, charges), *map(_card_return, returns))
        await store_order(shop, replace(pending(ORDER), transfers=early))

        facts = _money_facts(OrderStatus.PENDING, charged=sum(charges), returned=sum(returns))
        assert await findings(shop) == [(4, "order-money-differs-from-refunds", facts)]


class TestTransfersWithoutOrder:
    @pytest.mark.parametrize("kind", [TransferKind.TRANSFER, TransferKind.CREDIT])
    async def test_transfer_for_a_missing_order_is_reported(
        self, shop: Storage, kind: TransferKind
    ) -> None:
        stray = replace(GIFT, kind=kind, order_id=ORDER.id)
        await shop.write(lambda uow: store_transfers(uow, (stray,)))

        facts = {"transfer_id": str(stray.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "transfer-without-order", facts)]

    async def test_charge_for_a_missing_order_is_reported(self, shop: Storage) -> None:
        stray = charge(ORDER)
        await shop.write(lambda uow: store_transfers(uow, (stray,)))

        facts = {"transfer_id": str(stray.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [
            (4, "charge-on-wrong-account", facts),
            (4, "transfer-without-order", facts),
        ]

    @pytest.mark.parametrize("kind", [TransferKind.TRANSFER, TransferKind.CREDIT])
    async def test_order_transfer_of_another_kind_is_reported(
        self, shop: Storage, kind: TransferKind
    ) -> None:
        await store_order(shop, paid(ORDER))
        stray = replace(GIFT, kind=kind, order_id=ORDER.id)
        await shop.write(lambda uow: store_transfers(uow, (stray,)))

        facts = {"transfer_id": str(stray.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "transfer-without-order", facts)]


class TestMoneyOfClosedOrders:
    @pytest.mark.parametrize("status", [OrderStatus.DECLINED, OrderStatus.EXPIRED])
    async def test_money_of_a_never_paid_order_is_reported(
        self, shop: Storage, status: OrderStatus
    ) -> None:
        await store_order_with_status(shop, status)
        await shop.write(lambda uow: store_transfers(uow, (_card_charge(1_500),)))

        facts = {"order_id": str(ORDER.id), "status": status.value, "kept": 1_500}
        assert await findings(shop) == [(5, "closed-order-holds-money", facts)]

    async def test_unrefunded_money_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await store_next_step(shop, replace(cancelled(ORDER), transfers=()))

        facts = {"order_id": str(ORDER.id), "status": "cancelled", "kept": 1_500}
        assert await findings(shop) == [(5, "closed-order-holds-money", facts)]

    async def test_money_refunded_twice_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        twice = (refund_transfer(ORDER), replace(refund_transfer(ORDER), id=id_of("again")))
        await store_next_step(shop, replace(cancelled(ORDER), transfers=twice))

        facts = {"order_id": str(ORDER.id), "status": "cancelled", "kept": -1_500}
        assert await findings(shop) == [(5, "closed-order-holds-money", facts)]


def _card_charge(amount: int) -> Transfer:
    return charge(ORDER, amount=eur(amount), debit_account_id=CLEARING)


def _card_return(amount: int) -> Transfer:
    return replace(refund_transfer(ORDER, amount), credit_account_id=CLEARING)


def _money_facts(status: OrderStatus, *, charged: int, returned: int) -> Mapping[str, Fact]:
    return {
        "order_id": str(ORDER.id),
        "status": status.value,
        "total": 1_500,
        "charged": charged,
        "returned": returned,
        "refunded": 0,
    }
