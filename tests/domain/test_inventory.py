from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.inventory import (
    MAX_ON_HAND,
    Inventory,
    OutOfStock,
    Shortage,
    StockBelowReserved,
    StockMovement,
    StockMovementKind,
)
from shop.domain.shared.errors import InvalidValue
from tests.factories import NOW, id_of, inventory

STOCK = inventory("TEA", on_hand=10, reserved=4)


@st.composite
def stocks(draw: st.DrawFn) -> Inventory:
    on_hand = draw(st.integers(0, 1_000))
    return inventory("TEA", on_hand, draw(st.integers(0, on_hand)))


class TestBounds:
    @pytest.mark.parametrize(("on_hand", "reserved"), [(0, 1), (5, -1), (-1, 0), (-1, -1)])
    def test_reserved_quantity_cannot_exceed_stock(self, on_hand: int, reserved: int) -> None:
        with pytest.raises(InvalidValue) as caught:
            inventory("TEA", on_hand, reserved)

        assert caught.value.field == "reserved"

    @pytest.mark.parametrize("quantity", [0, -1])
    def test_quantity_must_be_positive(self, quantity: int) -> None:
        moves = (STOCK.sell, STOCK.restock, STOCK.reserve, STOCK.release, STOCK.sell_reserved)
        for move in moves:
            with pytest.raises(InvalidValue) as caught:
                move(quantity)

            assert caught.value.field == "quantity"

    def test_stock_is_limited(self) -> None:
        assert inventory("TEA", MAX_ON_HAND, MAX_ON_HAND).available == 0
        with pytest.raises(InvalidValue) as caught:
            inventory("TEA", MAX_ON_HAND).adjust(1)

        assert caught.value.field == "delta"

    def test_unreserved_stock_is_available(self) -> None:
        assert STOCK.available == 6


class TestChanges:
    @pytest.mark.parametrize(
        ("change", "on_hand", "reserved"),
        [
            (lambda stock: stock.adjust(5), 15, 4),
            (lambda stock: stock.adjust(-6), 4, 4),
            (lambda stock: stock.sell(6), 4, 4),
            (lambda stock: stock.restock(2), 12, 4),
            (lambda stock: stock.reserve(6), 10, 10),
            (lambda stock: stock.release(4), 10, 0),
            (lambda stock: stock.sell_reserved(4), 6, 0),
        ],
    )
    def test_each_operation_changes_what_its_name_says(
        self, change: Callable[[Inventory], Inventory], on_hand: int, reserved: int
    ) -> None:
        assert change(STOCK) == inventory("TEA", on_hand, reserved)
        assert inventory("TEA", 10, 4) == STOCK

    @pytest.mark.parametrize("change", [Inventory.sell, Inventory.reserve])
    def test_reserved_stock_cannot_be_sold(
        self, change: Callable[[Inventory, int], Inventory]
    ) -> None:
        with pytest.raises(OutOfStock) as caught:
            change(STOCK, 7)

        assert caught.value.lines == (Shortage(sku="TEA", requested=7, available=6),)

    def test_adjustment_cannot_remove_reserved_stock(self) -> None:
        with pytest.raises(StockBelowReserved) as caught:
            STOCK.adjust(-7)

        assert caught.value == StockBelowReserved(sku="TEA", on_hand=10, reserved=4)

    @pytest.mark.parametrize("change", [Inventory.release, Inventory.sell_reserved])
    def test_release_cannot_exceed_the_reservation(
        self, change: Callable[[Inventory, int], Inventory]
    ) -> None:
        with pytest.raises(InvalidValue):
            change(STOCK, 5)

    @given(stocks(), st.integers(1, 1_000))
    def test_stock_is_sold_completely_or_not_at_all(self, stock: Inventory, quantity: int) -> None:
        if quantity <= stock.available:
            assert stock.shortage(quantity) is None
            assert stock.sell(quantity).restock(quantity) == stock
            assert stock.reserve(quantity).release(quantity) == stock
            assert stock.reserve(quantity).sell_reserved(quantity) == stock.sell(quantity)
        else:
            shortage = Shortage(sku="TEA", requested=quantity, available=stock.available)
            assert stock.shortage(quantity) == shortage
            with pytest.raises(OutOfStock):
                stock.sell(quantity)


class TestStockMovement:
    @given(stocks(), stocks())
    def test_movement_leads_from_one_state_to_the_next(
        self, before: Inventory, after: Inventory
    ) -> None:
        moved = StockMovement.between(
            before,
            after,
            id=id_of("movement"),
            kind=StockMovementKind.SALE,
            order_id=id_of("order"),
            reason="",
            created_at=NOW,
        )

        assert before.on_hand + moved.on_hand_delta == after.on_hand
        assert before.reserved + moved.reserved_delta == after.reserved
        assert (moved.sku, moved.kind, moved.order_id) == ("TEA", "sale", id_of("order"))


def test_shortage_names_every_short_line() -> None:
    error = OutOfStock(
        lines=(
            Shortage(sku="TEA", requested=3, available=1),
            Shortage(sku="POT", requested=2, available=0),
        )
    )

    assert str(error) == "TEA: 3 requested, 1 available; POT: 2 requested, 0 available."
