import pytest

from shop.domain.catalogue.product_details import (
    ProductSafety,
    Seo,
    beginning,
    require_new_safety,
    require_new_seo,
    shown_seo,
)
from shop.domain.shared.errors import InvalidValue

MAKER = {"manufacturer": "Teekontor", "address": "Kai 1\nHamburg", "contact": "a@example.com"}


class TestTextsForSearchEngines:
    @pytest.mark.parametrize(
        ("texts", "field"),
        [
            ({}, "title"),
            ({"title": ""}, "title"),
            ({"title": "a" * 71}, "title"),
            ({"title": "two\nlines"}, "title"),
            ({"title": "Tea", "description": "a" * 321}, "description"),
        ],
    )
    def test_have_lengths_and_one_line(self, texts: dict[str, str], field: str) -> None:
        with pytest.raises(InvalidValue) as rejection:
            Seo(**texts)
        assert rejection.value.field == field

    def test_have_no_hidden_characters(self) -> None:
        with pytest.raises(InvalidValue) as rejection:
            require_new_seo(Seo(title="Tea", description="a\u202eb"))
        assert rejection.value.field == "seo/description"

    def test_are_made_from_name_and_description_where_they_are_missing(self) -> None:
        assert shown_seo(None, "Tea", "Black\n\ntea.") == ("Tea", "Black tea.")
        assert shown_seo(Seo(title="T"), "Tea", "Black.") == ("T", "Black.")
        assert shown_seo(Seo(description="D"), "Tea", "Black.") == ("Tea", "D")

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("one two three", "one two"),
            ("one two", "one two"),
            ("one twos", "one"),
            ("onetwothree", "onetwot"),
            ("one\n \n two x", "one"),
            ("", ""),
        ],
    )
    def test_end_at_the_end_of_a_word(self, text: str, shown: str) -> None:
        assert beginning(text, 7) == shown


class TestTextsAboutSafety:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"manufacturer": ""}, "manufacturer"),
            ({"contact": "two\nlines"}, "contact"),
            ({"address": "a" * 501}, "address"),
            ({"responsible_person": ""}, "responsible_person"),
            ({"warnings": "\x00"}, "warnings"),
        ],
    )
    def test_have_lengths_and_lines(self, changes: dict[str, str], field: str) -> None:
        assert ProductSafety(**MAKER).address == "Kai 1\nHamburg"
        with pytest.raises(InvalidValue) as rejection:
            ProductSafety(**{**MAKER, **changes})
        assert rejection.value.field == field

    def test_have_no_hidden_characters(self) -> None:
        safety = ProductSafety(**MAKER, warnings="Not for\u202e children.")
        with pytest.raises(InvalidValue) as rejection:
            require_new_safety(safety)
        assert rejection.value.field == "safety/warnings"
