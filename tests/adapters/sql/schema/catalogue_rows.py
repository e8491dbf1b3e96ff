"""Two rows of each table of catalogue and checkout, for a shop with two of everything else."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table, insert, select

from shop.adapters.sql.schema.tables import (
    addresses,
    categories,
    customer_carts,
    ended_categories,
    imports,
    order_shares,
    orders,
    price_changes,
    pricing_rules,
    product_categories,
    product_images,
    product_texts,
    products,
    promotion_counters,
    promotion_uses,
    user_groups,
    users,
)
from tests.factories import NOW, id_of


def add_catalogue_rows(connection: Connection) -> None:
    """Add them to the products, users and orders that exist."""
    handles = connection.scalars(select(products.c.sku).order_by(products.c.sku)).all()
    people = connection.scalars(select(users.c.id).order_by(users.c.name)).all()
    placed = connection.scalars(select(orders.c.id).order_by(orders.c.number)).all()
    numbered = enumerate(zip(handles, people, placed, strict=True), start=1)
    for number, (handle, user_id, order_id) in numbered:
        everything = {
            "id": id_of(f"row-{number}"),
            "number": number,
            "handle": handle,
            "user_id": user_id,
            "order_id": order_id,
        }
        for table, row in _rows(everything):
            times = {name: NOW for name in ("created_at", "updated_at") if name in table.c}
            connection.execute(insert(table).values({**row, **times}))


def _rows(each: Mapping[str, object]) -> Sequence[tuple[Table, Mapping[str, object]]]:
    number, handle, user_id = each["number"], each["handle"], {"user_id": each["user_id"]}
    id_, slug = {"id": each["id"]}, f"rule-{number}"
    of_product = {"product_handle": handle}
    image = {"position": 0, "alt": "", "key": "k", "width": 1, "height": 1, "sizes": []}
    share = {"number": number, "position": 0, "kind": "discount", "name": "Spring"}
    amounts = {"amount": 10, "line_amount": 10, "base": 10}
    running = {"status": "importing", "running": True if number == 1 else None, "dry_run": False}
    return [
        (categories, {"slug": slug, "name": "Teas", "position": number}),
        (ended_categories, {"slug": f"ended-{number}", **id_}),
        (product_categories, {"category_slug": slug, **of_product}),
        (price_changes, {"sku": handle, "price": 100, **id_}),
        (product_images, {**id_, **of_product, **image}),
        (product_texts, {"search_id": number, "tokens": "tea", **of_product}),
        (imports, {**id_, **user_id, **running}),
        (pricing_rules, {"kind": "promotion", "slug": slug, "document": {}, "version": 1}),
        (
            promotion_counters,
            {"key": slug, "promotion": "spring", "uses_left": 1, "rules_version": 1},
        ),
        (
            promotion_uses,
            {"promotion": slug, "order_id": each["order_id"], "customer_key": "user:1", "n": 1},
        ),
        (order_shares, {"order_id": each["order_id"], **share, **amounts}),
        (user_groups, {"name": "wholesale", **user_id}),
        (customer_carts, {"lines": {}, "version": 1, **user_id}),
        (addresses, {"document": {}, **id_, **user_id}),
    ]
