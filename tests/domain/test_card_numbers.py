from collections.abc import Callable

import pytest

from shop.domain.address import Address, InvalidAddress, normalise_texts
from shop.domain.catalogue.category import require_new_category_name
from shop.domain.catalogue.product import require_new_texts
from shop.domain.orders.refund import RefundRequest
from shop.domain.shared import text as text_rules
from shop.domain.shared.card_numbers import MAX_DIGITS, contains_card_number, joined_groups
from shop.domain.shared.errors import InvalidValue
from shop.domain.user import normalise_name

LONG_TEXT = "1 " * 30_000


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424242",
        "378282246310005",
        "4222222222222",
        "6304000000000000000",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242\u20134242\u20144242\u20114242",
        "4242\u22124242\u22124242\u22124242",
        "4242\u00a04242\u20094242\u30004242",
        "4242.4242.4242.4242",
        "4242_4242_4242_4242",
        "4242 - 4242 - 4242 - 4242",
        "\uff14\uff12" * 8,
        "\u0664\u0662" * 8,
        "\u096a\u0968" * 8,
        "42\u200b42" * 4,
        "Please use 4242 4242 4242 4242, valid until 12/28.",
        "4242 4242 4242 4242 12 28 123",
        "card4242424242424242!",
        "tok_4242424242424242",
    ],
)
def test_card_number_is_found(text: str) -> None:
    assert contains_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "For the tea",
        "4242424242424241",
        "424242424242",
        "42424242424242424242",
        "2026-11-28 12:00:00",
        "+49 30 901820",
        "DE89 3704 0044 0532 0130 00",
        "order 01932b7e-8f3c-7a13-8a9b-283942424242",
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
    ],
)
def test_other_digits_are_no_card_number(text: str) -> None:
    assert not contains_card_number(text)


def test_shorter_numbers_can_be_allowed() -> None:
    assert contains_card_number("4222222222222")
    assert not contains_card_number("4222222222222", min_digits=16)


def test_work_grows_with_the_groups_of_digits() -> None:
    groups = ["1"] * 1000

    # An iterator can be read once.
    joined = sum(1 for _ in joined_groups(iter(groups)))

    assert joined == len(groups) * MAX_DIGITS - sum(range(MAX_DIGITS))


class TestATextThatIsTooLong:
    @pytest.mark.parametrize(
        "require",
        [
            normalise_name,
            require_new_category_name,
            lambda text: require_new_texts(text, ""),
            lambda text: require_new_texts("Tea", text),
            lambda text: RefundRequest(
                lines=(), shipping=False, amount=None, to=None, reason=text, restock=False
            ),
            lambda text: normalise_texts(Address(name=text, line1="1 High Street", country="GB")),
        ],
    )
    def test_is_not_searched_for_card_numbers(
        self, monkeypatch: pytest.MonkeyPatch, require: Callable[[str], object]
    ) -> None:
        searched: list[str] = []
        monkeypatch.setattr(
            text_rules, "contains_card_number", lambda text, *_: searched.append(text)
        )

        with pytest.raises((InvalidValue, InvalidAddress)):
            require(LONG_TEXT)

        assert LONG_TEXT not in searched
        assert LONG_TEXT.strip() not in searched
