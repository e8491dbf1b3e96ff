from collections.abc import Callable

import iso4217
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import ACTIVE_CODES, MAX_AMOUNT, Currency, Money
from tests.factories import EUR, USD, eur

# Three of them still add up to an amount that can be.
THIRD = MAX_AMOUNT // 3

NO_MONEY = frozenset("BOV CHE CHW CLF COU MXV USN UYI UYW XAD".split())
"""Codes of funds and of a unit of account, in which no customer pays."""

MINOR_UNITS = {
    each.code: each.exponent
    for each in iso4217.Currency
    if each.exponent is not None and each.code not in NO_MONEY
}
"""The number of decimal digits of each currency, as ISO 4217 publishes it."""

amounts = st.integers(-THIRD, THIRD)
moneys = amounts.map(eur)


class TestCurrency:
    @pytest.mark.parametrize("code", ["EUR", "USD", "JPY", "ZWG"])
    def test_active_code_is_accepted(self, code: str) -> None:
        assert Currency(code) == code

    @pytest.mark.parametrize("code", ["", "eur", "EURO", "XXX", "XAU", "DEM", "BGN", "E R"])
    def test_any_other_word_is_rejected(self, code: str) -> None:
        with pytest.raises(InvalidValue) as caught:
            Currency(code)

        rule = f"must be an active ISO 4217 code, not {code!r}"
        assert caught.value == InvalidValue(field="currency", rule=rule)

    def test_active_codes_are_those_that_iso_publishes(self) -> None:
        assert set(MINOR_UNITS) == ACTIVE_CODES

    @pytest.mark.parametrize(("code", "decimals"), MINOR_UNITS.items())
    def test_minor_unit_is_the_one_that_iso_publishes(self, code: str, decimals: int) -> None:
        assert Currency(code).decimals == decimals


class TestArithmetic:
    @given(moneys, moneys, moneys)
    def test_addition_is_commutative(self, a: Money, b: Money, c: Money) -> None:
        assert a + b == b + a
        assert (a + b) + c == a + (b + c)

    @given(moneys, moneys)
    def test_subtraction_inverts_addition(self, a: Money, b: Money) -> None:
        assert a + b - b == a
        assert a - b == a + -b
        assert a - a == Money.zero(EUR)

    @given(st.integers(-(10**6), 10**6), st.integers(0, 1_000))
    def test_multiplication_is_repeated_addition(self, amount: int, factor: int) -> None:
        assert eur(amount) * factor == Money.total([eur(amount)] * factor, EUR)

    @given(st.lists(st.integers(-(10**9), 10**9), max_size=20))
    def test_total_is_the_sum_of_its_parts(self, parts: list[int]) -> None:
        assert Money.total((eur(part) for part in parts), EUR) == eur(sum(parts))

    @given(amounts, amounts)
    def test_amounts_are_ordered_like_integers(self, a: int, b: int) -> None:
        assert (eur(a) < eur(b)) is (a < b)

    @given(moneys)
    def test_results_are_integers(self, money: Money) -> None:
        for result in (money + money, money - money, money * 2, -money):
            assert type(result.amount) is int

    def test_empty_sum_is_zero(self) -> None:
        assert Money.total([], USD) == Money(amount=0, currency=USD)

    @pytest.mark.parametrize(
        "mix",
        [
            lambda a, b: a + b,
            lambda a, b: a - b,
            lambda a, b: a < b,
            lambda a, b: a.require_currency(b.currency),
            lambda a, b: Money.total([b], a.currency),
        ],
    )
    def test_currencies_cannot_be_mixed(self, mix: Callable[[Money, Money], object]) -> None:
        with pytest.raises(InvalidValue) as caught:
            mix(eur(1), Money(amount=1, currency=USD))

        assert caught.value.field == "currency"

    def test_equal_amounts_in_different_currencies_differ(self) -> None:
        assert eur(1) != Money(amount=1, currency=USD)


class TestBounds:
    @pytest.mark.parametrize("amount", [MAX_AMOUNT, -MAX_AMOUNT])
    def test_largest_amounts_are_accepted(self, amount: int) -> None:
        assert eur(amount).amount == amount

    @pytest.mark.parametrize(
        "exceed",
        [
            lambda: eur(MAX_AMOUNT + 1),
            lambda: eur(-MAX_AMOUNT - 1),
            lambda: eur(MAX_AMOUNT) + eur(1),
            lambda: eur(-MAX_AMOUNT) - eur(1),
            lambda: eur(MAX_AMOUNT) * 2,
            lambda: Money.total([eur(MAX_AMOUNT), eur(1)], EUR),
        ],
    )
    def test_larger_amounts_are_rejected(self, exceed: Callable[[], Money]) -> None:
        with pytest.raises(InvalidValue) as caught:
            exceed()

        assert caught.value.field == "amount"

    def test_every_amount_survives_conversion_to_float(self) -> None:
        assert int(float(MAX_AMOUNT)) == MAX_AMOUNT
        assert MAX_AMOUNT < 2**53

    def test_positive_amount_is_required_for_movements(self) -> None:
        eur(1).require_positive()
        for amount in (0, -1):
            with pytest.raises(InvalidValue, match="amount: must be positive"):
                eur(amount).require_positive()


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (-1999, "EUR", "-19.99 EUR"),
        (5, "EUR", "0.05 EUR"),
        (10**15, "USD", "10000000000000.00 USD"),
        (1999, "JPY", "1999 JPY"),
        (1999, "KWD", "1.999 KWD"),
    ],
)
def test_money_is_formatted_for_people(amount: int, currency: str, text: str) -> None:
    assert str(Money(amount=amount, currency=Currency(currency))) == text
