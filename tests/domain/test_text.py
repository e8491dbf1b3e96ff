import sys
import unicodedata

import pytest

from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.text import is_multiline_text, is_single_line, require_text


@pytest.mark.parametrize("text", ["", "Ada", "نمی‌دانم", "50\u00a0g", "👩‍🍳", "Öl, ½ kg"])
def test_any_script_and_symbol_is_text(text: str) -> None:
    assert is_single_line(text)
    assert is_multiline_text(text)


@pytest.mark.parametrize("text", [" ", "\u00a0 ", "a\nb", "a\tb", "a\r\nb"])
def test_single_line_has_no_breaks_and_is_not_blank(text: str) -> None:
    assert not is_single_line(text)
    assert is_multiline_text(text)


@pytest.mark.parametrize("text", ["a\0", "\x1b[31m", "a\u2028b", "a\u2029b", "\ud800", "\x85"])
def test_control_characters_are_no_text(text: str) -> None:
    assert not is_single_line(text)
    assert not is_multiline_text(text)


def test_control_characters_are_those_of_unicode() -> None:
    every = [chr(each) for each in range(sys.maxunicode + 1)]
    controls = {each for each in every if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"}}

    assert {each for each in every if not is_single_line(f"a{each}")} == controls
    assert {each for each in every if not is_multiline_text(each)} == controls - {"\t", "\n", "\r"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a\u200bb", "must not contain U+200B ZERO WIDTH SPACE"),
        ("a\u200db", "must not contain U+200D ZERO WIDTH JOINER"),
        ("Auf\u200clage", "must not contain U+200C ZERO WIDTH NON-JOINER"),
        ("1\ufe0f", "must not contain U+FE0F VARIATION SELECTOR-16"),
        ("👩\u200d", "must not contain U+200D ZERO WIDTH JOINER"),
        ("a\nb", "must not contain U+000A LINE FEED"),
        ("\ud800", "must not contain U+D800 (a lone surrogate)"),
        ("\ufffe", "must not contain U+FFFE (no character)"),
        ("\u0301 \u0301", "must have a visible character"),
        ("4242 4242 4242 4242", "must not contain a card number"),
    ],
)
def test_new_text_is_rejected_by_what_is_wrong_with_it(text: str, rule: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        require_text(text, "note")

    assert caught.value == InvalidValue(field="note", rule=rule)


def test_new_text_about_goods_may_have_barcodes_and_lines() -> None:
    require_text(
        "EAN 4222222222222\n\tGTIN 10614141543219",
        "description",
        is_multiline=True,
        is_about_goods=True,
    )
    with pytest.raises(InvalidValue):
        require_text("4242424242424242", "name", is_about_goods=True)
