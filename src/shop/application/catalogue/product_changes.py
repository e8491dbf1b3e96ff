"""What a product becomes when staff replace or archive it."""

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime

from shop.application.catalogue.preconditions import Precondition
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.catalogue.category import require_new_categories
from shop.domain.catalogue.image_files import is_image_path
from shop.domain.catalogue.options import ProductOption, require_new_options
from shop.domain.catalogue.product import (
    Product,
    require_handle,
    require_new_handle,
    require_new_texts,
    require_new_variants,
)
from shop.domain.catalogue.product_details import (
    ProductSafety,
    Seo,
    require_new_safety,
    require_new_seo,
)
from shop.domain.catalogue.variant import Variant, require_new_variant
from shop.domain.shared.errors import InvalidValue, within
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value


@value
class PutProduct:
    """Add or replace a product (admin): with its variants, or with the price of its only one.

    With a price, an existing variant and its options stay as they are otherwise; a new one has the
    handle as its SKU. `keeps_image` leaves an existing image as it is, `keeps_safety` and
    `keeps_seo` those texts; categories stay if they are None.
    """

    session: SessionToken | None
    handle: str
    name: str
    description: str
    price: Money | None
    active: bool
    image_url: str | None
    keeps_image: bool = False
    categories: tuple[str, ...] | None = None
    safety: ProductSafety | None = None
    keeps_safety: bool = False
    seo: Seo | None = None
    keeps_seo: bool = False
    options: tuple[ProductOption, ...] | None = None
    variants: tuple[Variant, ...] | None = None
    precondition: Precondition = field(default_factory=Precondition)

    def require_valid(self, currency: Currency) -> None:
        """Raise `InvalidValue` for what is wrong whatever the product was before."""
        require_handle(self.handle)
        require_new_texts(self.name, self.description)
        require_new_options(self.options or ())
        require_new_categories(self.categories or ())
        if self.safety is not None:
            require_new_safety(self.safety)
        if self.seo is not None:
            require_new_seo(self.seo)
        if self.price is not None:
            if self.variants is not None:
                raise InvalidValue(field="price", rule="must not be given beside variants")
            self.price.require_currency(currency)
        for position, each in enumerate(self.variants or ()):
            with within(f"variants/{position}"):
                require_new_variant(each)
                with within("price"):
                    each.price.require_currency(currency)
                if each.compare_at_price is not None:
                    with within("compare_at_price"):
                        each.compare_at_price.require_currency(currency)
        if self.variants is not None:
            require_new_variants(self.options or (), self.variants)

    def apply_to(self, existing: Product | None, now: datetime) -> Product:
        """Return the new product, or the next state of an existing one, which is not archived."""
        if existing is None:
            require_new_handle(self.handle)
        options, variants = self._variants_after(existing)
        product = Product(
            handle=self.handle,
            name=self.name,
            description=self.description,
            active=self.active,
            image_url=self._image_after(existing),
            variants=existing.variants if existing else (),
            options=options,
            safety=existing.safety if existing and self.keeps_safety else self.safety,
            seo=existing.seo if existing and self.keeps_seo else self.seo,
            own_image=existing.own_image if existing else None,
            created_at=existing.created_at if existing else now,
            updated_at=now,
        )
        return product.with_variants(variants, now)

    def _image_after(self, existing: Product | None) -> str | None:
        before = existing.image_url if existing else None
        if self.keeps_image:
            return before
        if not is_image_path(self.image_url):
            return self.image_url
        # Sent back as the product shows it, it is nothing that the client wants to change.
        if existing is None or self.image_url != existing.own_image:
            rule = "must be an http or https URL, or the first image of the product"
            raise InvalidValue(field="image_url", rule=rule)
        return before

    def _variants_after(
        self, existing: Product | None
    ) -> tuple[tuple[ProductOption, ...], Sequence[Variant]]:
        if self.variants is not None:
            return self.options or (), self.variants
        if self.price is None:
            raise InvalidValue(field="price", rule="is required without variants")
        if existing is None:
            options, variant = self.options or (), Variant(sku=self.handle, price=self.price)
        else:
            options = existing.options if self.options is None else self.options
            variant = _only_variant(existing).at_price(self.price)
        require_new_variants(options, [variant])
        return options, [variant]


@value
class ArchiveProduct:
    """Take a product off sale for ever, unless it is put again (admin)."""

    session: SessionToken | None
    handle: str
    precondition: Precondition = field(default_factory=Precondition)


def _only_variant(product: Product) -> Variant:
    variant = product.only_variant
    if variant is None or variant.sku != product.handle:
        rule = "does not say which variant it is for; send variants, each with its price"
        raise InvalidValue(field="price", rule=rule)
    return variant
