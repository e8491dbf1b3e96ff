"""Tax categories: what goods and shipping are, as far as their rate depends on it."""

import re

from shop.domain.shared.errors import InvalidValue

MAX_TAX_CATEGORY_CHARACTERS = 40
TAX_CATEGORY_PATTERN = r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$"
STANDARD_TAX_CATEGORY = "standard"

SHARED, HIGHEST = "shared", "highest"
"""What shipping methods name in the place of a category: the rates of the goods."""

_TAX_CATEGORY = re.compile(TAX_CATEGORY_PATTERN.removesuffix("$"))
_USUAL = re.compile(r"standard|reduced(-[2-9])?|super-reduced|zero|exempt")
"""What `shop seed --tax eu` loads, and imports make of goods that are not taxed."""


def require_tax_category(text: str, field: str = "tax_category") -> None:
    """Check the form of a category; raise `InvalidValue`."""
    if len(text) > MAX_TAX_CATEGORY_CHARACTERS or not _TAX_CATEGORY.fullmatch(text):
        rule = (
            f"must be 1 to {MAX_TAX_CATEGORY_CHARACTERS} lower-case letters and digits, with"
            " hyphens between them"
        )
        raise InvalidValue(field=field, rule=rule)
    require_no_shipping_tax(text, field)


def require_no_shipping_tax(text: str, field: str) -> None:
    """Raise `InvalidValue` for a word that only shipping methods have."""
    if text in {SHARED, HIGHEST}:
        raise InvalidValue(
            field=field, rule=f"must not be {text}, which says how shipping is taxed"
        )


def is_usual_tax_category(text: str) -> bool:
    """Check for a category that may have no rate yet: its name is no slip of the keyboard."""
    return _USUAL.fullmatch(text) is not None
