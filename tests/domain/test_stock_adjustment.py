"""Adjustments of stock: the id says what stock was left."""

import pytest

from shop.domain.inventory import MAX_ON_HAND, Inventory
from shop.domain.stock_adjustment import StockAdjustment
from tests.factories import id_of


@pytest.mark.parametrize(
    ("on_hand", "reserved"),
    [(0, 0), (1, 0), (4095, 4095), (4096, 1), (MAX_ON_HAND, 0), (MAX_ON_HAND, MAX_ON_HAND)],
)
def test_inventory_is_read_from_the_id(on_hand: int, reserved: int) -> None:
    inventory = Inventory(sku="TEA", on_hand=on_hand, reserved=reserved)

    adjustment = StockAdjustment.of(inventory, random_id=id_of("random"))

    assert StockAdjustment.with_id(adjustment.id, "TEA") == adjustment
    assert (adjustment.id.variant, adjustment.id.version) == ("specified in RFC 4122", 8)


def test_ids_of_the_same_stock_differ() -> None:
    inventory = Inventory(sku="TEA", on_hand=3, reserved=1)

    ids = {StockAdjustment.of(inventory, random_id=id_of(name)).id for name in "abc"}

    assert len(ids) == 3


def test_id_of_anything_else_is_a_bug() -> None:
    with pytest.raises(ValueError, match="is not the id of an adjustment"):
        StockAdjustment.with_id(id_of("order"), "TEA")
