"""Requests that repeat others with a change."""

from dataclasses import replace

from tests.property.actions import (
    Action,
    AdvanceClock,
    Cancel,
    Card,
    CardAction,
    Credit,
    DeliverGatewayEvent,
    Deposit,
    KeyedAction,
    Order,
    RunJobs,
    Transfer,
)
from tests.property.model.state import PENDING_PAYMENT_SECONDS
from tests.property.strategies import CardChoice


def with_concurrent_actions(action: CardAction, card: CardChoice, order: int) -> CardAction:
    """Return a request during which other actions happen; it creates the order of this number."""
    meanwhile: dict[str, tuple[Action, ...]] = {
        "nothing": (),
        "again": (action,),
        "cancel": (Cancel(order),),
        "event": (DeliverGatewayEvent(order, f"evt-of-{action.key}"), RunJobs()),
        "time": (AdvanceClock(PENDING_PAYMENT_SECONDS), RunJobs()),
    }
    return replace(action, card=Card(card.token, card.script, meanwhile[card.meanwhile]))


def with_changed_details(action: KeyedAction) -> KeyedAction:
    """Return a request that differs in one detail that is easily overlooked."""
    match action:
        case Deposit():
            return replace(action, amount=action.amount + 1)
        case Order():
            return replace(action, expected=(action.expected or 0) + 1)
        case Transfer():
            return replace(action, note="other")
        case Credit():
            return replace(action, reason="other")
