"""Numbers with their noun, in messages."""


def counted(number: float, noun: str) -> str:
    """Return "1 order" or "2 orders"; the plural of the noun ends with "s"."""
    return f"{number:.15g} {noun}" if number == 1 else f"{number:.15g} {noun}s"
