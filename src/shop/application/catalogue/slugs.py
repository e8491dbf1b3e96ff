"""Makes handles, category slugs and SKUs from texts in any script."""

import hashlib
import re
import unicodedata

from shop.domain.shared.line_quantity import MAX_SKU_CHARACTERS

_LETTERS = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "\u0131": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ß": "ss",
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
    }
)
"""Letters that do not decompose into a base letter and a mark, and the German umlauts."""

_OTHERS = re.compile(r"[^a-z0-9]+")
_NOT_IN_SKUS = re.compile(r"[^A-Za-z0-9._-]+")
_DIGEST_CHARACTERS = 8


def slug_of(text: str, *, prefix: str, longest: int = MAX_SKU_CHARACTERS) -> str:
    """Return a text as lower-case ASCII with hyphens.

    A text without a letter or digit of ASCII becomes the prefix with a digest of the text.
    """
    slug = _OTHERS.sub("-", _ascii(text.casefold())).strip("-")
    if not slug:
        return f"{prefix}-{digest_of(text)}"
    return slug[:longest].strip("-")


def handle_of(text: str) -> str:
    """Return a text as a handle, if it is none already."""
    return sku_of(text) if text.isascii() else slug_of(text, prefix="product")


def sku_of(text: str) -> str:
    """Return a text as a SKU or handle: what these cannot have becomes a hyphen."""
    folded = text if text.isascii() else _ascii(text)
    sku = _NOT_IN_SKUS.sub("-", folded).strip("._-")[:MAX_SKU_CHARACTERS].strip("._-")
    return sku or f"item-{digest_of(text)}"


def digest_of(text: str) -> str:
    """Return a short digest, the same for the same text."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:_DIGEST_CHARACTERS]


def with_digest(slug: str, text: str) -> str:
    """Return a slug that differs from that of another text."""
    end = f"-{digest_of(text)}"
    return slug[: MAX_SKU_CHARACTERS - len(end)].strip("._-") + end


def _ascii(text: str) -> str:
    composed = unicodedata.normalize("NFKC", text).translate(_LETTERS)
    decomposed = unicodedata.normalize("NFKD", composed)
    return "".join(each for each in decomposed if not unicodedata.combining(each))
