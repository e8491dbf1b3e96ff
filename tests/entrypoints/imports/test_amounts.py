"""Amounts as other shops and people write them."""

import pytest

from shop.domain.shared.money import Currency
from shop.entrypoints.imports.amounts import InvalidCell, read_amount, read_grams


class TestAnAmount:
    """It is read if it can mean one amount alone."""

    @pytest.mark.parametrize(
        ("cell", "currency", "minor_units"),
        [
            ("19.90", "EUR", 1990),
            ("19,90", "EUR", 1990),
            ("19.9", "EUR", 1990),
            ("19", "EUR", 1900),
            ("19.00000", "EUR", 1900),
            ("0.990", "EUR", 99),
            ("1.234,56", "EUR", 123_456),
            ("1,234.56", "EUR", 123_456),
            ("1 234,56", "EUR", 123_456),
            ("1\u00a0234\u00a0567,8", "EUR", 123_456_780),
            ("1.234.567", "EUR", 123_456_700),
            ("1\u2019234.50", "EUR", 123_450),
            ("1234.56", "EUR", 123_456),
            ("-5.00", "EUR", -500),
            ("1200", "JPY", 1200),
            ("1200.00", "JPY", 1200),
            ("1.234", "KWD", 1234),
            ("12,5", "KWD", 12_500),
        ],
    )
    def test_is_read_in_the_currency(self, cell: str, currency: str, minor_units: int) -> None:
        assert read_amount(cell, Currency(currency)) == minor_units

    @pytest.mark.parametrize(
        ("cell", "currency", "rule"),
        [
            (
                "1.234",
                "EUR",
                (
                    "must be an amount, not '1.234'; it is ambiguous, because '.' can mark "
                    "thousands or decimals: write 1234 for thousands, else at most 2 decimals"
                ),
            ),
            (
                "1,234",
                "JPY",
                (
                    "must be an amount, not '1,234'; it is ambiguous, because ',' can mark "
                    "thousands or decimals: write 1234 for thousands, else at most 0 decimals"
                ),
            ),
            (
                "1 234",
                "EUR",
                (
                    "must be an amount, not '1 234'; it is ambiguous, because the separator can "
                    "mark thousands or decimals: write it without"
                ),
            ),
            ("1.2345", "EUR", "must have at most 2 decimals in EUR, not '1.2345'"),
            ("19.5", "JPY", "must have at most 0 decimals in JPY, not '19.5'"),
            ("1,23,456", "EUR", "must be an amount such as 19.90, not '1,23,456'"),
            ("1.234.56", "EUR", "must be an amount such as 19.90, not '1.234.56'"),
            ("€ 5", "EUR", "must be an amount such as 19.90, not '€ 5'"),
            ("1e3", "EUR", "must be an amount such as 19.90, not '1e3'"),
            ("", "JPY", "must be an amount such as 1990, not ''"),
            ("\u0665", "EUR", "must be an amount such as 19.90, not '\u0665'"),
        ],
    )
    def test_is_rejected_if_it_could_mean_two_or_none(
        self, cell: str, currency: str, rule: str
    ) -> None:
        with pytest.raises(InvalidCell) as caught:
            read_amount(cell, Currency(currency))

        assert caught.value.rule == rule


def test_weight_is_rounded_half_up_to_grams() -> None:
    assert [read_grams(each, "kg") for each in ("0.0005", "0.0004", "1,5")] == [1, 0, 1500]


@pytest.mark.parametrize("cell", ["-1", "heavy", "1e3", "1.2.3"])
def test_weight_is_a_number(cell: str) -> None:
    with pytest.raises(InvalidCell) as caught:
        read_grams(cell, "kg")

    assert caught.value.rule.startswith("must be a weight in kg, such as 0.25, not ")
