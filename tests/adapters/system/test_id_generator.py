"""Ids and order numbers come from the machine's randomness."""

from collections.abc import Callable

import pytest

from shop.adapters.system.id_generator import SystemIdGenerator
from shop.domain.orders.order_number import to_order_number


@pytest.mark.parametrize("written", [str.lower, lambda number: number.replace("-", "")])
def test_generated_number_is_recognised_without_case_and_hyphens(
    written: Callable[[str], str],
) -> None:
    number = SystemIdGenerator(7).order_number()

    assert to_order_number(written(number)) == number
