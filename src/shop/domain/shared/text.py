"""Text that people wrote: any script, any sign, but nothing that only machines obey."""

import unicodedata

_CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, lone surrogates, line and paragraph separators (Unicode, table 4-4)."""


def is_single_line(text: str) -> bool:
    """Tell whether the text stays in one line, and has something in it that can be seen."""
    return not text.isspace() and not any(
        unicodedata.category(each) in _CONTROL_CATEGORIES for each in text
    )


def is_multiline_text(text: str) -> bool:
    """Tell whether the text is empty, or lines and tabs of what `is_single_line` allows."""
    controls = {each for each in text if unicodedata.category(each) in _CONTROL_CATEGORIES}
    return controls <= {"\t", "\n", "\r"}
