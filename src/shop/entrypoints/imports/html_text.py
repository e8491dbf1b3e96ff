"""Turns the HTML of other shops into plain text with paragraphs, and names into clean lines."""

import html
import re

from shop.domain.shared.hidden_characters import hidden_characters

_BLOCK_ENDS = re.compile(
    r"</(?:p|div|h[1-6]|ul|ol|table|section|article|blockquote|pre|figure|dl)\s*>", re.IGNORECASE
)
_LINE_ENDS = re.compile(r"<br\s*/?>|</(?:li|tr|dt|dd)\s*>", re.IGNORECASE)
_ITEMS = re.compile(r"<li\b[^<>]*>", re.IGNORECASE)
"""Stops at the next tag, so that each part of a text without a `>` is looked at once."""

_SOURCE_SPACE = re.compile(r"[ \t\r\n\f\u00a0]+")
_MANY_LINES = re.compile(r"\n{3,}")
_SPACES_AT_ENDS = re.compile(r"(?<! ) *\n *")
"""Begins where spaces begin, so that a long run of them is looked at once."""

_MARKUP = re.compile(r"<[a-zA-Z!/]|&[#a-zA-Z]")
_SEPARATORS = re.compile("[\u2028\u2029]")


def html_to_text(markup: str) -> str:
    """Return the text of HTML: scripts and styles are dropped, blocks become paragraphs.

    Text without markup keeps its line ends. Invisible characters are dropped.
    """
    if _MARKUP.search(markup):
        # Only a file with markup waits for the parser's import.
        import nh3  # noqa: PLC0415

        # Line ends of the source mean nothing in HTML; those of the text stand in its tags.
        text = _SOURCE_SPACE.sub(" ", markup)
        text = _BLOCK_ENDS.sub("\n\n", _LINE_ENDS.sub("\n", _ITEMS.sub("- ", text)))
        text = html.unescape(nh3.clean(text, tags=set()))
    else:
        text = markup.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u00a0", " ")
    text = without_hidden_characters(_SEPARATORS.sub("\n", text), is_multiline=True)
    return _MANY_LINES.sub("\n\n", _SPACES_AT_ENDS.sub("\n", text)).strip()


def clean_line(text: str) -> str:
    """Return a text on one line, without invisible characters."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return without_hidden_characters(" ".join(text.split()), is_multiline=False)


def without_hidden_characters(text: str, *, is_multiline: bool) -> str:
    """Drop the characters that no one sees."""
    # Without some, others may no longer stand between letters or in an emoji.
    while hidden := set(hidden_characters(text, is_multiline=is_multiline)):
        text = text.translate(dict.fromkeys(map(ord, hidden)))
    return text
