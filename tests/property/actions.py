"""What people do in a shop, in plain values: the words that the shop and its model share."""

from dataclasses import dataclass

from shop.adapters.memory.payment_gateway import ScriptedResult

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
    """Buy these lines, or the cart; `expected` is the total that the customer was shown.

    Without a card, the account pays.
    """

    key: str
    lines: tuple[Line, ...] | None
    expected: int | None
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
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
class Deposit:
    """Put money from a card into the account."""

    key: str
    amount: int
    card: Card


@dataclass(frozen=True, slots=True)
class CompleteOrder:
    """End an order that waits for its card, as "approved", "declined" or "late"."""

    order: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Take the step that a card has asked its holder for; payments count from 1."""

    payment: int
    approved: bool


@dataclass(frozen=True, slots=True)
class DeliverGatewayEvent:
    """Have the gateway send an event about the payment of an order."""

    order: int
    event_id: str


@dataclass(frozen=True, slots=True)
class GatewayOutage:
    """Have the gateway fall silent, or speak again."""

    begins: bool


@dataclass(frozen=True, slots=True)
class RunJobs:
    """Have a worker do what is due, while other things happen, as it first wants money."""

    meanwhile: tuple["Action", ...] = ()


@dataclass(frozen=True, slots=True)
class WorkerStalls:
    """Have a worker take what is due and do nothing, as one does that has died."""


@dataclass(frozen=True, slots=True)
class WorkerResumes:
    """Have the worker that fell asleep do what it has taken, whatever has happened since."""


@dataclass(frozen=True, slots=True)
class AdvanceClock:
    seconds: int


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
class AdjustStock:
    """Count goods in, or out."""

    sku: str
    delta: int
    reason: str


@dataclass(frozen=True, slots=True)
class GrantRole:
    """Make somebody an admin."""

    email: str


@dataclass(frozen=True, slots=True)
class PurgeSessions:
    """Remove the sessions that have expired."""


@dataclass(frozen=True, slots=True)
class PurgeKeys:
    """Forget the refusals of long ago."""


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
    | GrantRole
    | PurgeSessions
    | PurgeKeys
)
