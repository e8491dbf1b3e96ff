"""Completes products that an older schema, or a server of an older release, has left.

Such a server knows one price of a product, and neither variants, the history of prices nor search.
Products are completed in pages, each of which can be repeated.
"""

from collections.abc import Sequence

from sqlalchemy import (
    BindParameter,
    Connection,
    Uuid,
    and_,
    bindparam,
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

from shop.adapters.sql.migration.older_texts import write_product_texts
from shop.adapters.sql.schema.tables import price_changes, product_texts, products, variants
from shop.adapters.sql.search.texts import LOCK_NUMBERS
from shop.domain.catalogue.image_files import MEDIA_PATH

PAGE = 500
"""How many products are locked at a time, which is a few dozen milliseconds."""

LISTED = 100_000
"""How many handles are in memory at a time."""

_NEW_ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}

_HANDLES: BindParameter[Sequence[str]] = bindparam("handles", expanding=True)
_IN_PAGE = products.c.sku.in_(_HANDLES)
_OF_PAGE = variants.c.product_handle.in_(_HANDLES)
_OF_PRODUCT = variants.c.product_handle == products.c.sku

_LOCK = select(products.c.sku).where(_IN_PAGE).order_by(products.c.sku).with_for_update()

_UNNUMBERED = (
    select(products.c.sku)
    .where(products.c.search_id.is_(None))
    .order_by(products.c.created_at, products.c.sku)
    .limit(LISTED)
)

_OTHERS = variants.alias("others")
_IS_ALONE = ~exists().where(
    _OTHERS.c.product_handle == variants.c.product_handle, _OTHERS.c.sku != variants.c.sku
)

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
    ).where(_IN_PAGE, ~exists().where(_OF_PRODUCT)),
)

_HAS_OTHER_PRICE = and_(variants.c.price != products.c.price, _IS_ALONE)
_COPY_PRICES = (
    update(variants)
    .where(_OF_PAGE, _OF_PRODUCT, _HAS_OTHER_PRICE)
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
_HAS_OTHER_PRODUCT = or_(
    variants.c.product_name != products.c.name,
    variants.c.image_url.is_distinct_from(_SHOWN_IMAGE),
    variants.c.for_sale != _IS_FOR_SALE,
)
_COPY_PRODUCTS = (
    update(variants)
    .where(_OF_PAGE, _OF_PRODUCT, _HAS_OTHER_PRODUCT)
    .values(product_name=products.c.name, image_url=_SHOWN_IMAGE, for_sale=_IS_FOR_SALE)
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
    .where(_OF_PRODUCT, variants.c.active, variants.c.archived_at.is_(None))
    .correlate(products)
    .scalar_subquery()
)
_FILL_LOWEST_PRICES = (
    update(products)
    .where(_IN_PAGE, products.c.min_price.is_distinct_from(_LOWEST))
    .values(min_price=_LOWEST)
)

_NUMBERED = (
    select(
        products.c.sku,
        (
            func.row_number().over(order_by=(products.c.created_at, products.c.sku))
            + select(func.coalesce(func.max(products.c.search_id), 0)).scalar_subquery()
        ).label("number"),
    )
    .where(_IN_PAGE, products.c.search_id.is_(None))
    .subquery("numbered")
)
_NUMBER = (
    update(products).where(products.c.sku == _NUMBERED.c.sku).values(search_id=_NUMBERED.c.number)
)

_CHANGED = (
    select(products.c.sku)
    .where(
        products.c.sku > bindparam("after"),
        or_(
            exists().where(_OF_PRODUCT, or_(_HAS_OTHER_PRICE, _HAS_OTHER_PRODUCT, _UNRECORDED)),
            products.c.min_price.is_distinct_from(_LOWEST),
            ~exists().where(product_texts.c.product_handle == products.c.sku),
        ),
    )
    .order_by(products.c.sku)
    .limit(PAGE)
)


def find_unnumbered(connection: Connection) -> Sequence[str]:
    """Return products that nothing was made of yet, in the order in which they were added."""
    return connection.scalars(_UNNUMBERED).all()


def complete_changed(after: str, connection: Connection) -> str | None:
    """Complete the next page of products that an older server has changed, by handle.

    Return the last handle if there may be more.
    """
    handles = connection.scalars(_CHANGED, {"after": after}).all()
    if handles:
        complete_products(handles, connection)
    return handles[-1] if len(handles) == PAGE else None


def complete_products(handles: Sequence[str], connection: Connection) -> None:
    """Make the variants, price changes, numbers and search rows of a page as they should be."""
    page = {"handles": handles}
    connection.execute(_LOCK, page)
    connection.execute(_ADD_VARIANTS, page)
    connection.execute(_COPY_PRICES, page)
    connection.execute(_COPY_PRODUCTS, page)
    new_id = literal_column(_NEW_ID[connection.dialect.name], Uuid)
    record = insert(price_changes).from_select(
        ["id", "sku", "price", "created_at"],
        select(new_id, variants.c.sku, variants.c.price, variants.c.updated_at).where(
            _OF_PAGE, _UNRECORDED
        ),
    )
    connection.execute(record, page)
    connection.execute(_FILL_LOWEST_PRICES, page)
    if connection.dialect.name == "postgresql":
        # A new server gives numbers, too.
        connection.execute(LOCK_NUMBERS)
    connection.execute(_NUMBER, page)
    write_product_texts(handles, connection)
