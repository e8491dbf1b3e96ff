"""HTML of other shops becomes plain text."""

import pytest

from shop.entrypoints.imports.html_text import clean_line, html_to_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Plain & simple < nothing", "Plain & simple < nothing"),
        ("Two\r\nlines", "Two\nlines"),
        ("<p>One.</p><p>Two.</p>", "One.\n\nTwo."),
        ("<p>One.<br/>Still one.</p>", "One.\nStill one."),
        ("<div><ul>\n  <li>a</li>\n  <li>b</li>\n</ul></div>", "- a\n- b"),
        ("<h2>Care</h2>\n<p>Wash\n   cold.</p>", "Care\n\nWash cold."),
        ("&lt;b&gt; &amp;amp; &euro;&nbsp;5", "<b> &amp; € 5"),
        ("a<script>alert('x')</script><style>p {}</style>b", "ab"),
        ("<a href='javascript:x()' onclick='y()'>link</a>", "link"),
        ("<!-- comment -->text<img src=x onerror=z>", "text"),
        ("<p>un<b>closed", "unclosed"),
        ("soft\u00adhyphen\u200b and\u2028line", "softhyphen and\nline"),
        ("<p>a</p><li class='x'>b", "a\n\n- b"),
        ("a   \n   b \n c", "a\nb\nc"),
        ("a\u200b\u200d\ufe0f\u00adb", "ab"),
        ("👩\u200d\u200b🌾", "👩🌾"),
        ("🏴\U000e0061\U000e0062\U000e0063\U000e007f \U000e0061x", "🏴 x"),
        ("", ""),
    ],
)
def test_markup_becomes_text_with_paragraphs(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (" Tea ", "Tea"),
        ("Earl\nGrey", "Earl Grey"),
        ("Zero\u200bwidth", "Zerowidth"),
        ("A\u00a0B", "A B"),
        ("👩\u200d🌾", "👩\u200d🌾"),
    ],
)
def test_name_has_one_clean_line(written: str, name: str) -> None:
    assert clean_line(written) == name
