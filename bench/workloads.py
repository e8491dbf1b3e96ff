"""The workloads: what is asked of a shop, and what a load generator reads to ask it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PRODUCTS = 1000

COOKIE = "__Host-shop_session"

CREATED, OK = 201, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One kind of load, and the script that makes its requests.

    The script reads a file, and chooses from so many products. `statuses` are the answers that
    each unit of the load takes, in any order.
    """

    name: str
    script: str
    file: str
    products: int
    statuses: tuple[int, ...]


SPREAD = Workload(
    name="spread", script="orders", file="customers", products=PRODUCTS, statuses=(CREATED,)
)
SINGLE_PRODUCT = Workload(
    name="hot", script="orders", file="customers", products=1, statuses=(CREATED,)
)
CART_AND_ORDER = Workload(
    name="tour",
    script="tour",
    file="customers",
    products=PRODUCTS,
    statuses=(OK, OK, CREATED),
)
CARD = Workload(
    name="card", script="cards", file="customers", products=PRODUCTS, statuses=(CREATED,)
)
READ_ORDER = Workload(name="GET order", script="reads", file="orders", products=0, statuses=(OK,))
READ_PRODUCTS = Workload(
    name="GET products", script="reads", file="products", products=0, statuses=(OK,)
)

WORKLOADS = {
    each.name: each
    for each in (SPREAD, SINGLE_PRODUCT, CART_AND_ORDER, CARD, READ_ORDER, READ_PRODUCTS)
}


def sku(number: int) -> str:
    """Return the SKU of a product of the benchmark; they are numbered from 1."""
    return f"BENCH-{number:07}"


def write_files(
    folder: Path, *, customers: Iterable[str], orders: Iterable[tuple[str, str]]
) -> None:
    """Write the files that the scripts read: cookies, and paths with the cookie for each.

    `customers` are the cookies of their sessions; `orders` are ids, each with its owner's cookie.
    """
    _write(folder / "customers", customers)
    _write(folder / "orders", (f"/api/v1/orders/{order} {cookie}" for order, cookie in orders))
    _write(folder / "products", ["/api/v1/products"])


def _write(file: Path, lines: Iterable[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines))
