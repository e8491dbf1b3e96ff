"""Rounding and sharing, alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.pricing.arithmetic import divide_half_up, share_of_pieces, share_out
from shop.domain.pricing.kept_line import KeptLine
from shop.domain.pricing.percentages import format_percentage, parse_percentage
from shop.domain.shared.errors import InvalidValue
from tests.domain.pricing.oracle import largest_remainder

weights = st.lists(st.integers(0, 60), min_size=1, max_size=12).filter(any)


@given(weights=weights, data=st.data())
def test_shares_agree_with_exact_fractions(weights: list[int], data: st.DataObject) -> None:
    whole = data.draw(st.integers(0, sum(weights)))

    shares = share_out(whole, weights)

    assert shares == largest_remainder(whole, weights)
    assert sum(shares) == whole
    assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))


@pytest.mark.parametrize(
    ("whole", "weights", "shares"),
    [
        (5, [49] * 10 + [1], [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]),
        (1, [10, 10, 10], [1, 0, 0]),
        (2, [10, 10, 10], [1, 1, 0]),
        (100, [1, 1, 1], [34, 33, 33]),
        (3, [0, 5, 0], [0, 3, 0]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
    ],
)
def test_shares_follow_the_largest_remainder_then_the_position(
    whole: int, weights: list[int], shares: list[int]
) -> None:
    assert share_out(whole, weights) == shares


def test_nothing_can_be_shared_among_no_weights() -> None:
    with pytest.raises(ValueError, match="cannot share 1"):
        share_out(1, [0, 0])


@pytest.mark.parametrize(
    ("whole", "quantity", "pieces"),
    [(4, 3, [1, 1, 2]), (5, 3, [1, 2, 2]), (2, 4, [0, 0, 1, 1]), (0, 2, [0, 0]), (6, 3, [2, 2, 2])],
)
def test_last_pieces_get_the_remainder(whole: int, quantity: int, pieces: list[int]) -> None:
    shares = [
        share_of_pieces(whole, quantity, before=before, count=1) for before in range(quantity)
    ]

    assert shares == pieces


@pytest.mark.parametrize(
    ("dividend", "divisor", "rounded"),
    [(1, 2, 1), (1, 3, 0), (2, 3, 1), (5, 2, 3), (0, 7, 0), (149, 100, 1), (150, 100, 2)],
)
def test_halves_are_rounded_up(dividend: int, divisor: int, rounded: int) -> None:
    assert divide_half_up(dividend, divisor) == rounded


class TestAKeptLine:
    def test_of_three_pieces_returns_its_parts_one_by_one(self) -> None:
        kept = KeptLine(quantity=3, unit_price=1000, discount=4, tax=569, prices_include_tax=False)

        values = [kept.value_of(before=before, count=1) for before in range(3)]

        assert values == [999 + 189, 999 + 190, 998 + 190]
        assert kept.paid == sum(values) == 2996 + 569

    @given(
        quantity=st.integers(1, 30),
        unit_price=st.integers(1, 40),
        is_included=st.booleans(),
        data=st.data(),
    )
    def test_is_worth_the_same_in_whatever_parts_it_comes_back(
        self, *, quantity: int, unit_price: int, is_included: bool, data: st.DataObject
    ) -> None:
        discount = data.draw(st.integers(0, quantity * unit_price))
        tax = data.draw(st.integers(0, quantity * unit_price - discount))
        kept = KeptLine(
            quantity=quantity,
            unit_price=unit_price,
            discount=discount,
            tax=tax,
            prices_include_tax=is_included,
        )
        values = []
        before = 0
        while before < quantity:
            count = data.draw(st.integers(1, quantity - before))
            values.append(kept.value_of(before=before, count=count))
            before += count

        assert min(values) >= 0
        assert sum(values) == quantity * unit_price - discount + (0 if is_included else tax)


class TestAPercentage:
    @pytest.mark.parametrize(
        ("text", "thousandths"),
        [("19", 19_000), ("19.000", 19_000), ("5.5", 5_500), ("0.001", 1), ("100", 100_000)],
    )
    def test_is_parsed(self, text: str, thousandths: int) -> None:
        assert parse_percentage(text, "rate") == thousandths

    @pytest.mark.parametrize(
        "text", ["-1", "100.001", "1e2", "", "19,0", "19.0000", "٣", " 19", "19\n", "1000"]
    )
    def test_is_rejected(self, text: str) -> None:
        with pytest.raises(InvalidValue):
            parse_percentage(text, "rate")

    def test_is_written_with_three_decimals(self) -> None:
        assert format_percentage(7_125) == "7.125"
