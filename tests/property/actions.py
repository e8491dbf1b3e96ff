"""The actions of a history, as plain values that both the shop and its model execute."""

from dataclasses import dataclass

from shop.adapters.memory.payment_gateway import ScriptedResult

SKUS = ("COCOA", "COFFEE", "TEA")
"""All products."""

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
class ResolveSession:
    pass


@dataclass(frozen=True, slots=True)
class PutIntoCart:
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class RemoveFromCart:
    sku: str


@dataclass(frozen=True, slots=True)
class ClearCart:
    pass


@dataclass(frozen=True, slots=True)
class Card:
    """A card, what becomes of the calls about what it pays, and what goes on during the first."""

    token: str
    script: tuple[ScriptedResult, ...]
    meanwhile: tuple["Action", ...]


@dataclass(frozen=True, slots=True)
class Order:
    """Order these lines, or the cart; `expected` is the total that the customer was shown.

    Without a card, the account pays.
    """

    key: str
    lines: tuple[Line, ...] | None
    expected: int | None
    card: Card | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transfer:
    """Transfer money to another customer."""

    key: str
    to: str
    amount: int
    note: str


@dataclass(frozen=True, slots=True)
class Credit:
    """Grant a customer credit."""

    key: str
    email: str
    amount: int
    reason: str


@dataclass(frozen=True, slots=True)
class Deposit:
    """Deposit money from a card into the account."""

    key: str
    amount: int
    card: Card


@dataclass(frozen=True, slots=True)
class CompleteOrder:
    """Complete a pending card order as "approved", "declined" or "late"."""

    order: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Complete the challenge of a card payment; payments count from 1."""

    payment: int
    approved: bool


@dataclass(frozen=True, slots=True)
class DeliverGatewayEvent:
    """Deliver a gateway event about the payment of an order."""

    order: int
    event_id: str


@dataclass(frozen=True, slots=True)
class GatewayOutage:
    """Begin or end an outage of the gateway."""

    begins: bool


@dataclass(frozen=True, slots=True)
class RunJobs:
    """Run due jobs; `meanwhile` happens during the first call of the gateway."""

    meanwhile: tuple["Action", ...] = ()


@dataclass(frozen=True, slots=True)
class WorkerStalls:
    """Lease the due jobs and run none of them, as a killed worker."""


@dataclass(frozen=True, slots=True)
class WorkerResumes:
    """Run the jobs of the stalled worker, whatever has happened since."""


@dataclass(frozen=True, slots=True)
class AdvanceClock:
    seconds: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel an order; the first order is number 0."""

    order: int


@dataclass(frozen=True, slots=True)
class PutProduct:
    sku: str
    price: int
    active: bool


@dataclass(frozen=True, slots=True)
class AdjustStock:
    """Adjust the stock of a product."""

    sku: str
    delta: int
    reason: str


@dataclass(frozen=True, slots=True)
class PutPromotion:
    """Save a promotion that takes thousandths of a per cent off; without a code, off any order.

    It ends so many seconds from now.
    """

    slug: str
    thousandths: int
    code: str | None = None
    limit: int | None = None
    limit_per_customer: int | None = None
    first_order: bool = False
    combinable: bool = True
    active: bool = True
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class EndPromotion:
    slug: str


@dataclass(frozen=True, slots=True)
class GrantRole:
    """Make a user an admin."""

    email: str


@dataclass(frozen=True, slots=True)
class PurgeSessions:
    """Remove the sessions that have expired."""


@dataclass(frozen=True, slots=True)
class PurgeKeys:
    """Purge old rejections."""


CardAction = Order | Deposit
KeyedAction = CardAction | Transfer | Credit
Action = (
    KeyedAction
    | SignUp
    | SignIn
    | SignOut
    | ResolveSession
    | PutIntoCart
    | RemoveFromCart
    | ClearCart
    | Cancel
    | Authenticate
    | DeliverGatewayEvent
    | GatewayOutage
    | RunJobs
    | WorkerStalls
    | WorkerResumes
    | AdvanceClock
    | PutProduct
    | AdjustStock
    | PutPromotion
    | EndPromotion
    | GrantRole
    | PurgeSessions
    | PurgeKeys
)
