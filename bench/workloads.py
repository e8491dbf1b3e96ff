"""The workloads, and the files from which load generators make their requests."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

PRODUCTS = 1000

COOKIE = "__Host-shop_session"

CREATED, OK, UNAVAILABLE = 201, 200, 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One kind of load, and the script that makes its requests.

    The script reads `file` and chooses from `products` products. `statuses` are the responses to
    one unit of the load, in any order. With `may_be_rejected`, 503 is counted beside them. A
    measurement takes `length` times as long as others, where it begins with a burst.
    """

    name: str
    script: str
    file: str
    products: int
    statuses: tuple[int, ...]
    may_be_rejected: bool = False
    length: int = 1


MANY_PRODUCTS = Workload(
    name="orders", script="orders", file="customers", products=PRODUCTS, statuses=(CREATED,)
)
SINGLE_PRODUCT = Workload(
    name="single product", script="orders", file="customers", products=1, statuses=(CREATED,)
)
CART_AND_ORDER = Workload(
    name="cart and order",
    script="cart_and_order",
    file="customers",
    products=PRODUCTS,
    statuses=(OK, OK, CREATED),
)
CARD = Workload(
    name="card orders",
    script="card_orders",
    file="customers",
    products=PRODUCTS,
    statuses=(CREATED,),
)
READ_ORDER = Workload(name="GET order", script="reads", file="orders", products=0, statuses=(OK,))
READ_PRODUCTS = Workload(
    name="GET products", script="reads", file="products", products=0, statuses=(OK,)
)
TWO_LINES = Workload(
    name="two lines", script="two_lines", file="customers", products=300, statuses=(CREATED,)
)
TWO_HOT_LINES = replace(TWO_LINES, name="two hot lines", products=2)
OVERLOAD = replace(TWO_LINES, name="overload", may_be_rejected=True, length=4)
TRANSFERS = Workload(
    name="transfers", script="transfers", file="customers", products=0, statuses=(CREATED,)
)
HOT_CODE = replace(MANY_PRODUCTS, name="hot code", script="hot_code")
COMPLETE_ORDERS = replace(MANY_PRODUCTS, name="complete orders", script="complete_orders")
QUOTES = Workload(name="quotes", script="", file="", products=0, statuses=())
"""Without requests: one process asks for prices again and again."""

READ_PAGES = replace(READ_PRODUCTS, name="GET products, other pages", file="pages")

WORKLOADS = {
    each.name: each
    for each in (
        MANY_PRODUCTS,
        SINGLE_PRODUCT,
        CART_AND_ORDER,
        CARD,
        READ_ORDER,
        READ_PRODUCTS,
        TWO_LINES,
        TWO_HOT_LINES,
        OVERLOAD,
        TRANSFERS,
        READ_PAGES,
        QUOTES,
        HOT_CODE,
        COMPLETE_ORDERS,
    )
}


def sku(number: int) -> str:
    """Return the SKU of a product; products are numbered from 1."""
    return f"BENCH-{number:07}"


def write_files(
    folder: Path,
    *,
    customers: Iterable[str],
    orders: Iterable[tuple[str, str]],
    cursors: Iterable[str] = (),
) -> None:
    """Write the files that the scripts read: cookies, and paths with their cookies.

    `customers` are session cookies; `orders` are ids, each with its owner's cookie. `cursors` are
    those of pages of products.
    """
    _write(folder / "customers", customers)
    _write(folder / "orders", (f"/api/v1/orders/{order} {cookie}" for order, cookie in orders))
    _write(folder / "products", ["/api/v1/products"])
    _write(folder / "pages", (f"/api/v1/products?cursor={each}" for each in cursors))


def _write(file: Path, lines: Iterable[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines))
