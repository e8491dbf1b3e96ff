"""Prevents lost updates: what a product or rule must be like for a request to change it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from shop.domain.catalogue.product import Product
from shop.domain.catalogue.variant import Variant
from shop.domain.shared.errors import ShopError
from shop.domain.shared.value import value

ANY = "*"
"""Stands for the version of everything that exists."""

_VERSION_CHARACTERS = 32


@value
class Precondition:
    """The versions that something must have or must not have; None demands nothing."""

    if_match: frozenset[str] | None = None
    if_none_match: frozenset[str] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether everything fulfils it, and what is missing too."""
        return self.if_match is None and self.if_none_match is None

    def require(self, product: Product | None, categories: Sequence[str]) -> None:
        """Raise `PreconditionFailed` unless the product, or its absence, fulfils it."""
        self.require_version(None if product is None else product_version(product, categories))

    def require_version(self, version: str | None) -> None:
        """Raise `PreconditionFailed` unless this version, or None for no thing, fulfils it."""
        if self.if_match is not None and not _includes(self.if_match, version):
            raise PreconditionFailed
        if self.if_none_match is not None and _includes(self.if_none_match, version):
            raise PreconditionFailed


def product_version(product: Product, categories: Sequence[str]) -> str:
    """Return a name for what a PUT replaces of a product; stock and images do not change it."""
    content = [
        product.name,
        product.description,
        product.active,
        product.image_url,
        product.archived_at is not None,
        [[each.name, *each.values] for each in product.options],
        [_variant_content(each) for each in product.current_variants],
        sorted(categories),
        product.safety and asdict(product.safety),
        product.seo and asdict(product.seo),
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:_VERSION_CHARACTERS]


def _variant_content(variant: Variant) -> list[object]:
    return [
        variant.sku,
        variant.price.amount,
        variant.price.currency,
        variant.compare_at_price and variant.compare_at_price.amount,
        [each.value for each in variant.options],
        variant.weight_grams,
        variant.tax_category,
        variant.barcode,
        variant.ships,
        variant.active,
    ]


def _includes(versions: frozenset[str], version: str | None) -> bool:
    return version is not None and (ANY in versions or version in versions)


class PreconditionFailed(ShopError):
    """What exists is not what `If-Match` or `If-None-Match` requires; nothing was changed."""

    code = "precondition-failed"
    message = (
        "What was to be changed does not fulfil If-Match or If-None-Match; read it again, then "
        "decide whether to repeat the change."
    )
