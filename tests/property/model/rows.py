"""The things that the model remembers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.property.model.promotions import ModelDiscount

Outcome = dict[str, object]


@dataclass
class ModelUser:
    password: str
    balance: int = 0
    admin: bool = False
    cart: dict[str, int] = field(default_factory=dict)
    """Of all sessions."""
    ledger: list[tuple[str, int]] = field(default_factory=list)
    """The kinds and amounts of what came (positive) and went."""


@dataclass
class ModelProduct:
    price: int
    active: bool
    on_hand: int = 0
    reserved: int = 0

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


@dataclass
class ModelSession:
    created: int
    last_seen: int
    user: str | None = None
    admin: bool = False
    cart: dict[str, int] = field(default_factory=dict)
    last_order: int | None = None


@dataclass
class ModelCharge:
    """What is asked of a card under a key, and until when; an account has paid at once."""

    user: str
    key: str
    amount: int
    payment: str
    expires: int


@dataclass
class ModelOrder(ModelCharge):
    lines: dict[str, int]
    status: str
    session: ModelSession
    """In which it was ordered."""
    clears_cart: bool
    by_card: bool
    discounts: Sequence[ModelDiscount] = ()
    version: int = 1

    @property
    def promotions(self) -> Sequence[str]:
        """Those that it has a use of."""
        is_sold = self.status in {"pending", "paid"}
        return [each.promotion for each in self.discounts] if is_sold else []


@dataclass(frozen=True)
class ModelKey:
    """What was asked under a key, when, and what came of it."""

    request: object
    at: int
    outcome: Outcome
