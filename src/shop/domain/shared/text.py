"""Checks of text written by people: any script, but no control characters."""

import unicodedata

_CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, lone surrogates, line and paragraph separators (Unicode, table 4-4)."""


def is_single_line(text: str) -> bool:
    """Check for one line without control characters that is not just spaces."""
    return not text.isspace() and not any(
        unicodedata.category(each) in _CONTROL_CATEGORIES for each in text
    )


def is_multiline_text(text: str) -> bool:
    """Check that line breaks and tabs are the only control characters."""
    controls = {each for each in text if unicodedata.category(each) in _CONTROL_CATEGORIES}
    return controls <= {"\t", "\n", "\r"}
