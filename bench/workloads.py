"""The workloads: what is asked of a shop, and what a load generator reads to ask it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.premises import PRODUCTS, Premises

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
HOT = Workload(name="hot", script="orders", file="customers", products=1, statuses=(CREATED,))
TOUR = Workload(
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

WORKLOADS = {each.name: each for each in (SPREAD, HOT, TOUR, CARD, READ_ORDER, READ_PRODUCTS)}


def write_files(premises: Premises, folder: Path) -> None:
    """Write what the scripts read: cookies, and paths with the cookie that they are asked with."""
    _write(folder / "customers", (_cookie(token) for token in premises.tokens))
    _write(
        folder / "orders",
        (f"/api/v1/orders/{each.id} {_cookie(each.token)}" for each in premises.orders),
    )
    _write(folder / "products", ["/api/v1/products"])


def _cookie(token: str) -> str:
    return f"{COOKIE}={token}"


def _write(file: Path, lines: Iterable[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines))
