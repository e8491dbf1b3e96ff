"""What people do in a shop, in plain values: the words that the shop and its model share."""

from dataclasses import dataclass

SKUS = ("COCOA", "COFFEE", "TEA")
"""All that is ever sold."""

Line = tuple[str, int]
"""A SKU and a quantity."""


@dataclass(frozen=True, slots=True)
class SignUp:
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class SignIn:
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class SignOut:
    pass


@dataclass(frozen=True, slots=True)
class Enter:
    pass


@dataclass(frozen=True, slots=True)
class PutIntoCart:
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class TakeOutOfCart:
    sku: str


@dataclass(frozen=True, slots=True)
class ClearCart:
    pass


@dataclass(frozen=True, slots=True)
class Order:
    """Buy these lines, or the cart; `expected` is the total that the customer was shown."""

    key: str
    lines: tuple[Line, ...] | None
    expected: int | None


@dataclass(frozen=True, slots=True)
class Pass:
    """Pass money to somebody else."""

    key: str
    to: str
    amount: int
    note: str


@dataclass(frozen=True, slots=True)
class Credit:
    """Give somebody the shop's money."""

    key: str
    email: str
    amount: int
    reason: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel an order: the first one that was ever placed is number 0."""

    order: int


@dataclass(frozen=True, slots=True)
class PutProduct:
    sku: str
    price: int
    active: bool


@dataclass(frozen=True, slots=True)
class Count:
    """Count goods in, or out."""

    sku: str
    delta: int
    reason: str


@dataclass(frozen=True, slots=True)
class Promote:
    """Make somebody an admin."""

    email: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """Remove the sessions that have expired."""


@dataclass(frozen=True, slots=True)
class SweepKeys:
    """Forget the refusals of long ago."""


Keyed = Order | Pass | Credit
Deed = (
    Keyed
    | SignUp
    | SignIn
    | SignOut
    | Enter
    | PutIntoCart
    | TakeOutOfCart
    | ClearCart
    | Cancel
    | PutProduct
    | Count
    | Promote
    | Sweep
    | SweepKeys
)
