"""Names that no other test has."""

from random import choices
from string import ascii_lowercase

LETTERS = 24


def unique_name(prefix: str) -> str:
    """Return a name with random letters; digits could be taken for a card number."""
    return f"{prefix}-{''.join(choices(ascii_lowercase, k=LETTERS))}"
