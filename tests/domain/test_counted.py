"""Numbers agree with their nouns."""

import pytest

from shop.domain.orders.order import TooManyPendingOrders
from shop.domain.rate_limit import TooManyRequests
from shop.domain.shared.counted import counted


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 rows"),
        (1, "1 row"),
        (2, "2 rows"),
        (1.0, "1 row"),
        (0.5, "0.5 rows"),
        (1_000_000, "1000000 rows"),
    ],
)
def test_number_agrees_with_its_noun(number: float, text: str) -> None:
    assert counted(number, "row") == text


def test_error_of_one_second_or_order_is_in_the_singular() -> None:
    seconds = [TooManyRequests(retry_after_seconds=each).detail for each in (1, 2)]
    orders = [TooManyPendingOrders(limit=each).detail for each in (1, 2)]

    assert seconds == [
        "Too many requests of this kind; try again in 1 second.",
        "Too many requests of this kind; try again in 2 seconds.",
    ]
    assert orders == [
        "At most 1 order can wait for its payment; pay or cancel it first.",
        "At most 2 orders can wait for their payment; pay or cancel one of them first.",
    ]
