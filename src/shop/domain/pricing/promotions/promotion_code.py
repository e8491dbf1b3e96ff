"""Codes of promotions, in the one form in which they are compared."""

import re
import unicodedata

from shop.domain.shared.errors import InvalidValue

CODE_PATTERN = r"^[A-Z0-9_-]{3,40}$"

_CODE = re.compile(CODE_PATTERN.removesuffix("$"))


def normalise_code(text: str, field: str = "code") -> str:
    """Fold width and case, and strip; raise `InvalidValue` for other characters."""
    code = unicodedata.normalize("NFKC", text).strip().upper()
    if not _CODE.fullmatch(code):
        raise InvalidValue(field=field, rule="must be 3 to 40 letters A to Z, digits, '-' or '_'")
    return code
