"""Products: what customers see, with the variants that they buy."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from shop.domain.catalogue.options import ProductOption, require_matching_options
from shop.domain.catalogue.product_details import ProductSafety, Seo
from shop.domain.catalogue.variant import SoldVariant, Variant
from shop.domain.shared.errors import Conflict, InvalidValue, NotFound
from shop.domain.shared.line_quantity import (
    MAX_SKU_CHARACTERS,
    SKU_PATTERN,
    is_sku,
)
from shop.domain.shared.money import Money
from shop.domain.shared.text import is_multiline_text, is_single_line, require_text
from shop.domain.shared.value import value

MAX_PRODUCT_NAME_CHARACTERS = 200
MAX_DESCRIPTION_CHARACTERS = 4000
MAX_IMAGE_URL_CHARACTERS = 2000
MAX_VARIANTS = 250

MAX_HANDLE_CHARACTERS = MAX_SKU_CHARACTERS
HANDLE_PATTERN = SKU_PATTERN
"""Handles are what the SKUs of products were before there were variants."""

RESERVED_HANDLES = frozenset({"export"})
"""`GET /products/export` is the file of all products."""

IMAGE_URL_PATTERN = r"^https?://[!-~]+$"

_NAME_RULE = f"must be 1 to {MAX_PRODUCT_NAME_CHARACTERS} characters on one line"
_DESCRIPTION_RULE = f"must be at most {MAX_DESCRIPTION_CHARACTERS} characters of text"
_IMAGE_URL = re.compile(IMAGE_URL_PATTERN.removesuffix("$"))


@value
class Product:
    """A product under its handle; inactive and archived products are not sold.

    `variants` has those that can be bought in their order, and behind them the archived ones.
    `image_url` is an image outside the shop, `own_image` the URL of its first uploaded one.
    """

    handle: str
    name: str
    description: str
    active: bool
    image_url: str | None
    variants: tuple[Variant, ...]
    options: tuple[ProductOption, ...] = ()
    safety: ProductSafety | None = None
    seo: Seo | None = None
    own_image: str | None = None
    archived_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        require_handle(self.handle)
        require_description(self.name, self.description, self.image_url)

    @property
    def current_variants(self) -> Sequence[Variant]:
        """The variants that are not archived."""
        return [each for each in self.variants if each.archived_at is None]

    @property
    def only_variant(self) -> Variant | None:
        """The variant of a product that has one alone."""
        current = self.current_variants
        return current[0] if len(current) == 1 else None

    @property
    def price(self) -> Money:
        """The lowest price of the variants that are sold; of all, if none is."""
        sold = [each.price for each in self.variants if each.is_sold]
        return min(sold or [each.price for each in self.current_variants or self.variants])

    @property
    def shown_image(self) -> str | None:
        """The URL of the image that customers see first."""
        return self.own_image or self.image_url

    @property
    def is_for_sale(self) -> bool:
        """Whether customers see it."""
        return self.active and self.archived_at is None

    def sells(self, variant: Variant) -> bool:
        """Check whether customers can buy one of its variants."""
        return self.is_for_sale and variant.is_sold

    def sold(self, variant: Variant) -> SoldVariant:
        """Return one of its variants as carts and orders read it."""
        return SoldVariant(
            sku=variant.sku,
            product=self.handle,
            name=self.name,
            options=variant.options,
            image_url=self.shown_image,
            price=variant.price,
            weight_grams=variant.weight_grams,
            tax_category=variant.tax_category,
            ships=variant.ships,
            is_for_sale=self.sells(variant),
        )

    def with_variants(self, variants: Iterable[Variant], at: datetime) -> "Product":
        """Replace the variants; those that are missing are archived, and may come back."""
        current = tuple(variants)
        skus = {each.sku for each in current}
        removed = tuple(
            replace(each, archived_at=each.archived_at or at)
            for each in self.variants
            if each.sku not in skus
        )
        return replace(self, variants=current + removed)


def require_handle(handle: str) -> None:
    """Check a handle: it has to fit in a path."""
    if not is_sku(handle):
        rule = f"must be 1 to {MAX_HANDLE_CHARACTERS} letters, digits, '.', '-' or '_'"
        raise InvalidValue(field="handle", rule=rule)


def require_new_handle(handle: str) -> None:
    """Check the handle of a new product; older ones may be what the API needs for itself."""
    if handle in RESERVED_HANDLES:
        raise InvalidValue(field="handle", rule=f"must not be {handle}, which the API uses itself")


@lru_cache(maxsize=1024)
def require_description(name: str, description: str, image_url: str | None) -> None:
    """Check the texts that describe a product.

    They are checked whenever a product is read, and the same products are read again and again.
    """
    if not _has_name_length(name) or not is_single_line(name):
        raise InvalidValue(field="name", rule=_NAME_RULE)
    if len(description) > MAX_DESCRIPTION_CHARACTERS or not is_multiline_text(description):
        raise InvalidValue(field="description", rule=_DESCRIPTION_RULE)
    if image_url is not None and not (
        len(image_url) <= MAX_IMAGE_URL_CHARACTERS and _IMAGE_URL.fullmatch(image_url)
    ):
        rule = f"must be an http or https URL of at most {MAX_IMAGE_URL_CHARACTERS} characters"
        raise InvalidValue(field="image_url", rule=rule)


def require_new_texts(name: str, description: str) -> None:
    """Check the length and characters of a new name and description; raise `InvalidValue`."""
    if not _has_name_length(name):
        raise InvalidValue(field="name", rule=_NAME_RULE)
    if len(description) > MAX_DESCRIPTION_CHARACTERS:
        raise InvalidValue(field="description", rule=_DESCRIPTION_RULE)
    require_text(name, "name", is_about_goods=True)
    require_text(description, "description", is_multiline=True, is_about_goods=True)


def _has_name_length(name: str) -> bool:
    return 1 <= len(name) <= MAX_PRODUCT_NAME_CHARACTERS


def require_new_variants(options: Sequence[ProductOption], variants: Sequence[Variant]) -> None:
    """Check the variants of a product and their options; raise `InvalidValue`."""
    if not 1 <= len(variants) <= MAX_VARIANTS:
        raise InvalidValue(field="variants", rule=f"must be 1 to {MAX_VARIANTS}")
    skus: set[str] = set()
    for position, each in enumerate(variants):
        if each.sku in skus:
            field = f"variants/{position}/sku"
            raise InvalidValue(field=field, rule="must differ from those of the other variants")
        skus.add(each.sku)
    require_matching_options(options, variants)


@dataclass(kw_only=True, unsafe_hash=True)
class ProductNotFound(NotFound):
    """The product does not exist, or is off sale and only staff can see it."""

    sku: str

    code = "product-not-found"
    message = "There is no product {sku}."


@dataclass(kw_only=True, unsafe_hash=True)
class SkuTaken(Conflict):
    """Another product has a variant with this SKU, or had one: SKUs never change hands."""

    sku: str

    code = "sku-taken"
    message = "The SKU {sku} belongs to another product; choose another one."


@dataclass(kw_only=True, unsafe_hash=True)
class SeveralVariants(Conflict):
    """The product has several variants, and the request does not say which one it means."""

    handle: str

    code = "several-variants"
    message = "The product {handle} has several variants; name the SKU of one."
