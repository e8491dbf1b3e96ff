"""Orders: cancellation, fulfilment and refunds after checkout."""

from dependency_injector import providers

from shop.application.orders.cancel import CancelOrders
from shop.application.orders.fulfil import FulfilOrders
from shop.application.orders.queries import OrderQueries
from shop.application.orders.refund import RefundOrders
from shop.application.orders.refund_jobs import RefundJobs
from shop.entrypoints.container.notifications import NotificationContainer as Base
from shop.entrypoints.container.notifications import notifying


class OrderContainer(Base):
    """The use cases that cancel, fulfil, refund and read orders."""

    cancel_orders = notifying(CancelOrders, Base.metrics)
    fulfil_orders = notifying(FulfilOrders)
    refund_orders = notifying(RefundOrders, Base.settings.provided.currency)
    refund_jobs = providers.Singleton(
        RefundJobs,
        Base.transaction_runner,
        Base.payment_gateway,
        Base.clock,
        Base.policies.provided.gateway_idempotency_window,
    )
    order_queries = providers.Singleton(
        OrderQueries, Base.transaction_runner, Base.session_service, Base.command_queues
    )
