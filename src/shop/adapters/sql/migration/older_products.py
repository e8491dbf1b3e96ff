"""Brings the variants of products to what servers of an older release wrote to `products`.

Such a server knows one price of a product, and neither variants nor the history of prices.
"""

from collections.abc import Sequence

from sqlalchemy import (
    Connection,
    Uuid,
    and_,
    case,
    exists,
    func,
    insert,
    literal,
    literal_column,
    null,
    or_,
    select,
    update,
)

from shop.adapters.sql.schema.tables import price_changes, products, variants
from shop.domain.catalogue.image_files import MEDIA_PATH

_NEW_ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}

_OTHERS = variants.alias("others")
_IS_ALONE = ~exists().where(
    _OTHERS.c.product_handle == variants.c.product_handle, _OTHERS.c.sku != variants.c.sku
)
_HAS_VARIANTS = exists().where(variants.c.product_handle == products.c.sku)

_ADD_VARIANTS = insert(variants).from_select(
    [
        "sku",
        "product_handle",
        "position",
        "price",
        "currency",
        "product_name",
        "image_url",
        "for_sale",
        "created_at",
        "updated_at",
    ],
    select(
        products.c.sku,
        products.c.sku,
        literal(0),
        products.c.price,
        products.c.currency,
        products.c.name,
        products.c.image_url,
        products.c.active,
        products.c.created_at,
        products.c.updated_at,
    ).where(~_HAS_VARIANTS),
)

_COPY_PRICES = (
    update(variants)
    .where(
        variants.c.product_handle == products.c.sku, variants.c.price != products.c.price, _IS_ALONE
    )
    .values(
        price=products.c.price,
        compare_at_price=case(
            (variants.c.compare_at_price > products.c.price, variants.c.compare_at_price),
            else_=null(),
        ),
        updated_at=products.c.updated_at,
    )
)

_IS_FOR_SALE = and_(
    products.c.active,
    products.c.archived_at.is_(None),
    variants.c.active,
    variants.c.archived_at.is_(None),
)
_SHOWN_IMAGE = case(
    # An image of the shop, which an older server does not know, goes before the URL.
    (variants.c.image_url.startswith(f"{MEDIA_PATH}/"), variants.c.image_url),
    else_=products.c.image_url,
)
_COPY_PRODUCTS = (
    update(variants)
    .where(
        variants.c.product_handle == products.c.sku,
        or_(
            variants.c.product_name != products.c.name,
            variants.c.image_url.is_distinct_from(_SHOWN_IMAGE),
            variants.c.for_sale != _IS_FOR_SALE,
        ),
    )
    .values(product_name=products.c.name, image_url=_SHOWN_IMAGE, for_sale=_IS_FOR_SALE)
    .returning(variants.c.product_handle)
)

_LAST_CHANGE = (
    select(price_changes.c.price)
    .where(price_changes.c.sku == variants.c.sku)
    .order_by(price_changes.c.created_at.desc(), price_changes.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_UNRECORDED = variants.c.price.is_distinct_from(_LAST_CHANGE)

_LOWEST = (
    select(func.min(variants.c.price))
    .where(
        variants.c.product_handle == products.c.sku,
        variants.c.active,
        variants.c.archived_at.is_(None),
    )
    .scalar_subquery()
)
_FILL_LOWEST_PRICES = (
    update(products).where(products.c.min_price.is_distinct_from(_LOWEST)).values(min_price=_LOWEST)
)

_NUMBERED = (
    select(
        products.c.sku,
        (
            func.row_number().over(order_by=(products.c.created_at, products.c.sku))
            + select(func.coalesce(func.max(products.c.search_id), 0)).scalar_subquery()
        ).label("number"),
    )
    .where(products.c.search_id.is_(None))
    .subquery("numbered")
)
_NUMBER = (
    update(products).where(products.c.sku == _NUMBERED.c.sku).values(search_id=_NUMBERED.c.number)
)


_UNNUMBERED = exists(select(products.c.sku).where(products.c.search_id.is_(None)))


def fill_variants(connection: Connection) -> Sequence[str]:
    """Add missing variants, copy what they have of their product, and record changed prices.

    Return the handles of the products whose name, image or state of sale was copied.
    """
    if connection.dialect.name == "sqlite" and not connection.scalar(select(_UNNUMBERED)):
        # A file's servers are stopped before an upgrade, and each start would read all products.
        return ()
    connection.execute(_ADD_VARIANTS)
    connection.execute(_COPY_PRICES)
    changed = dict.fromkeys(connection.scalars(_COPY_PRODUCTS))
    new_id = literal_column(_NEW_ID[connection.dialect.name], Uuid)
    connection.execute(
        insert(price_changes).from_select(
            ["id", "sku", "price", "created_at"],
            select(new_id, variants.c.sku, variants.c.price, variants.c.updated_at).where(
                _UNRECORDED
            ),
        )
    )
    connection.execute(_FILL_LOWEST_PRICES)
    connection.execute(_NUMBER)
    return tuple(changed)
