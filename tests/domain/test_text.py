import pytest

from shop.domain.shared.text import is_multiline_text, is_single_line


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
