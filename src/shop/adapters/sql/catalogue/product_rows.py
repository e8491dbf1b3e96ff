"""The rows of a product and its variants."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, select

from shop.adapters.sql.schema.tables import products, variants
from shop.adapters.sql.statements.writes import Fields
from shop.domain.catalogue.image_files import is_image_path
from shop.domain.catalogue.options import ProductOption
from shop.domain.catalogue.product import Product
from shop.domain.catalogue.product_details import ProductSafety, Seo
from shop.domain.catalogue.variant import ChosenOption, Variant
from shop.domain.shared.money import Currency, Money

PRODUCTS = select(products).order_by(products.c.sku)
VARIANTS_OF_PRODUCTS = select(variants).order_by(variants.c.product_handle, variants.c.position)


def product_of(
    row: Row[Any], its_variants: Iterable[Variant], copied_image: str | None = None
) -> Product:
    """Return a product of its row and its variants, which have a copy of the image it shows."""
    return Product(
        handle=row.sku,
        name=row.name,
        description=row.description,
        active=row.active,
        image_url=row.image_url,
        variants=tuple(its_variants),
        options=tuple(
            ProductOption(name=each["name"], values=tuple(each["values"])) for each in row.options
        ),
        safety=None if row.safety is None else ProductSafety(**row.safety),
        seo=None if row.seo is None else Seo(**row.seo),
        own_image=copied_image if is_image_path(copied_image) else None,
        archived_at=row.archived_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def variant_of(row: Row[Any]) -> Variant:
    """Return a variant of its row."""
    currency = Currency(row.currency)
    before = row.compare_at_price
    return Variant(
        sku=row.sku,
        price=Money(amount=row.price, currency=currency),
        compare_at_price=None if before is None else Money(amount=before, currency=currency),
        options=chosen_options(row.options),
        weight_grams=row.weight_grams,
        tax_category=row.tax_category,
        barcode=row.barcode,
        ships=row.ships,
        active=row.active,
        archived_at=row.archived_at,
    )


def own_variant(row: Row[Any]) -> Variant:
    """Return the only variant of a product that an older server has added without one."""
    return Variant(sku=row.sku, price=Money(amount=row.price, currency=Currency(row.currency)))


def chosen_options(document: Mapping[str, str] | None) -> tuple[ChosenOption, ...]:
    """Return the options of a variant as they are stored, by name."""
    # Most variants have none.
    if not document:
        return ()
    return tuple(ChosenOption(name=name, value=value) for name, value in document.items())


def options_document(options: Sequence[ChosenOption]) -> Mapping[str, str]:
    """Return the options of a variant as they are stored."""
    return {each.name: each.value for each in options}


def product_fields(product: Product) -> Fields:
    """Return the row of a product."""
    price = product.price
    current = [each.price.amount for each in product.variants if each.is_sold]
    return {
        "sku": product.handle,
        "name": product.name,
        "description": product.description,
        "price": price.amount,
        "currency": price.currency,
        "active": product.active,
        "image_url": product.image_url,
        "search_text": f"{product.handle}\n{product.name}".casefold(),
        "created_at": product.created_at,
        "updated_at": product.updated_at,
        "options": [{"name": each.name, "values": list(each.values)} for each in product.options],
        "safety": None if product.safety is None else asdict(product.safety),
        "seo": None if product.seo is None else asdict(product.seo),
        "archived_at": product.archived_at,
        "min_price": min(current, default=None),
    }


def variant_fields(product: Product) -> Iterator[tuple[str, Fields]]:
    """Yield the rows of a product's variants by SKU, without the times of their changes."""
    for position, each in enumerate(product.variants):
        before = each.compare_at_price
        yield (
            each.sku,
            {
                "sku": each.sku,
                "product_handle": product.handle,
                "position": position,
                "price": each.price.amount,
                "currency": each.price.currency,
                "compare_at_price": None if before is None else before.amount,
                "options": options_document(each.options),
                "weight_grams": each.weight_grams,
                "tax_category": each.tax_category,
                "barcode": each.barcode,
                "ships": each.ships,
                "active": each.active,
                "archived_at": each.archived_at,
                "product_name": product.name,
                "image_url": product.shown_image,
                "for_sale": product.sells(each),
            },
        )
