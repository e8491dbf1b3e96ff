"""Requests like others, but for something in them."""

from dataclasses import replace

from tests.property.books import HOLD_SECONDS
from tests.property.deeds import (
    ByCard,
    Cancel,
    Card,
    Credit,
    Deed,
    Deposit,
    Elapse,
    Keyed,
    Notify,
    Order,
    Pass,
    Work,
)
from tests.property.strategies import Wish


def with_events(deed: ByCard, card: Wish, order: int) -> ByCard:
    """Return a request during which something happens; it would make the order of that number."""
    meanwhile: dict[str, tuple[Deed, ...]] = {
        "nothing": (),
        "again": (deed,),
        "cancel": (Cancel(order),),
        "notice": (Notify(order, f"evt-of-{deed.key}"),),
        "time": (Elapse(HOLD_SECONDS), Work()),
    }
    return replace(deed, card=Card(card.token, card.fates, meanwhile[card.meanwhile]))


def with_other_small_print(deed: Keyed) -> Keyed:
    """Return a request of which one would say that it is the same."""
    match deed:
        case Deposit():
            return replace(deed, amount=deed.amount + 1)
        case Order():
            return replace(deed, expected=(deed.expected or 0) + 1)
        case Pass():
            return replace(deed, note="other")
        case Credit():
            return replace(deed, reason="other")
