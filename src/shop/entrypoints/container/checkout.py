"""Checkout: from the cart to a paid order."""

from dependency_injector import providers

from shop.application.checkout.address_checks import AddressChecks
from shop.application.checkout.cart import CartService
from shop.application.checkout.cart_changes import CartChanges
from shop.application.checkout.cart_details import CartDetails
from shop.application.checkout.checked_details import DetailsChecks
from shop.application.checkout.checkout import Checkout
from shop.application.checkout.complete_orders import CompletedOrder, CompleteOrder, CompleteOrders
from shop.application.checkout.customer_actions import CustomerActions
from shop.application.checkout.gateway_events import HandleGatewayEvents
from shop.application.checkout.limited_cart import LimitedCart
from shop.application.checkout.limited_codes import CodeGuesses, LimitedCodes, LimitedOrderCodes
from shop.application.checkout.order_prices import OrderPricer
from shop.application.checkout.payment_jobs import PaymentJobs
from shop.application.checkout.place_orders import PlaceOrders
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.checkout.priced_cart import CartPricer
from shop.application.idempotency.results import CommandResult
from shop.application.transactions.group_commit import GroupCommit
from shop.entrypoints.container.ledger import LedgerContainer as Base
from shop.entrypoints.container.notifications import notifying
from shop.entrypoints.container.pricing import PricingContainer
from shop.entrypoints.container.transactions import queue_of


class CheckoutContainer(Base, PricingContainer):
    """The use cases that place orders, and have them paid."""

    address_checks = providers.Singleton(AddressChecks, Base.postal_rules)
    cart_pricer = providers.Singleton(
        CartPricer,
        PricingContainer.rule_book,
        Base.clock,
        Base.policies.provided.pricing,
        address_checks,
    )
    cart_changes = providers.Singleton(
        CartChanges, Base.transaction_runner, Base.session_authenticator, cart_pricer
    )
    cart_details = providers.Singleton(
        CartDetails, Base.transaction_runner, cart_pricer, cart_changes, address_checks
    )
    code_guesses = providers.Singleton(
        CodeGuesses, Base.rate_limiter, Base.policies.provided.rate_limits
    )
    limited_codes = providers.Singleton(LimitedCodes, cart_details, code_guesses)
    limited_order_codes = providers.Singleton(
        LimitedOrderCodes,
        Base.transaction_runner,
        Base.session_authenticator,
        code_guesses,
        Base.command_queues,
    )
    cart_service = providers.Singleton(
        CartService,
        Base.transaction_runner,
        Base.session_authenticator,
        cart_pricer,
        cart_changes,
        Base.command_queues,
        Base.settings.provided.quantity_per_line,
    )
    limited_cart = providers.Singleton(LimitedCart, cart_service, Base.visitor_sessions)
    order_pricer = providers.Singleton(
        OrderPricer, PricingContainer.rule_book, address_checks, Base.metrics
    )
    place_orders = notifying(
        PlaceOrders,
        Base.policies.provided.payment,
        Base.card_payments,
        order_pricer,
    )
    placement_queue: providers.Provider[GroupCommit[PlaceOrder, CommandResult[PlacedOrder]]] = (
        queue_of(place_orders.provided.place)
    )
    complete_orders = notifying(CompleteOrders, Base.metrics)
    completion_queue: providers.Provider[GroupCommit[CompleteOrder, CompletedOrder]] = queue_of(
        complete_orders.provided.complete
    )
    customer_actions = providers.Singleton(
        CustomerActions, Base.transaction_runner, Base.clock, Base.policies.provided.payment
    )
    checkout = providers.Singleton(
        Checkout,
        placement_queue,
        completion_queue,
        Base.card_payments,
        customer_actions,
        providers.Singleton(DetailsChecks, address_checks),
        limited_order_codes,
        Base.metrics,
    )
    payment_jobs = providers.Singleton(
        PaymentJobs,
        Base.transaction_runner,
        Base.card_payments,
        completion_queue,
        Base.command_queues,
        Base.clock,
        Base.policies.provided.gateway_response_timeout,
        customer_actions,
    )
    handle_gateway_events = providers.Singleton(
        HandleGatewayEvents,
        Base.transaction_runner,
        Base.payment_gateway,
        completion_queue,
        Base.deposit_service,
        Base.clock,
        Base.id_generator,
        Base.policies.provided.gateway_response_timeout,
    )
