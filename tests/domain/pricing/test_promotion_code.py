import pytest

from shop.domain.pricing.promotions.promotion_code import normalise_code
from shop.domain.shared.errors import InvalidValue


class TestACodeOfAPromotion:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("SAVE10", "SAVE10"),
            (" save-10\n", "SAVE-10"),
            ("ｓａｖｅ１０", "SAVE10"),  # noqa: RUF001  Full width, as on a Japanese keyboard.
            ("a_b", "A_B"),
            ("x" * 40, "X" * 40),
        ],
    )
    def test_is_compared_in_one_form(self, text: str, code: str) -> None:
        assert normalise_code(text) == code
        assert normalise_code(code) == code

    @pytest.mark.parametrize(
        "text",
        ["", "AB", "x" * 41, "SAVE 10", "SÄVE", "SAVE10%", "ＳＡＶＥ！", "SAVE\x0010"],  # noqa: RUF001
    )
    def test_of_other_characters_or_lengths_is_rejected(self, text: str) -> None:
        with pytest.raises(InvalidValue) as rejected:
            normalise_code(text)

        assert rejected.value.field == "code"
