"""Checks barcodes."""

_LENGTHS = frozenset({8, 12, 13, 14})


def is_gtin(text: str) -> bool:
    """Check the length and the check digit of a GTIN (GS1 General Specifications, 7.9)."""
    if not (text.isascii() and text.isdecimal()) or len(text) not in _LENGTHS:
        return False
    weighted = sum(
        int(digit) * (3 if position % 2 else 1) for position, digit in enumerate(reversed(text))
    )
    return weighted % 10 == 0
