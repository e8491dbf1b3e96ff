"""Notifications: webhooks to endpoints and e-mails to customers."""

from collections.abc import Callable
from typing import Any, TypeVar

from dependency_injector import providers

from shop.application.notifications.deliveries import SendNotifications
from shop.application.notifications.delivery_records import NotificationDeliveryService
from shop.application.notifications.endpoints import EndpointService
from shop.application.notifications.events import Notifications
from shop.application.notifications.letters import OrderLetters
from shop.application.notifications.order_links import OrderLinks
from shop.entrypoints.container.identity import IdentityContainer as Base

T = TypeVar("T")


class NotificationContainer(Base):
    """The use cases that stage, send and list notifications."""

    notifications = providers.Singleton(
        Notifications, Base.policies.provided.notification, Base.clock, Base.id_generator
    )
    order_links = providers.Singleton(
        OrderLinks, Base.order_link_keys.provider, Base.clock, Base.policies.provided.order_links
    )
    order_letters = providers.Singleton(
        OrderLetters,
        Base.transaction_runner,
        Base.command_queues,
        Base.postal_rules,
        order_links,
        Base.rate_limiter,
        Base.policies.provided.rate_limits,
    )
    send_notifications = providers.Singleton(
        SendNotifications,
        Base.transaction_runner,
        Base.webhook_sender,
        Base.mailer,
        Base.policies.provided.notification.endpoints,
        Base.command_queues,
        Base.clock,
        order_letters,
        Base.metrics,
    )
    notification_delivery_service = providers.Singleton(
        NotificationDeliveryService, Base.transaction_runner, Base.clock
    )
    endpoint_service = providers.Singleton(EndpointService, Base.transaction_runner)


def notifying(use_case: Callable[..., T], *more: providers.Provider[Any]) -> providers.Singleton[T]:
    """Return the provider of a use case whose changes are notified.

    `more` are the dependencies of this use case only; they follow the common ones.
    """
    return providers.Singleton(
        use_case,
        NotificationContainer.transaction_runner,
        NotificationContainer.session_authenticator,
        NotificationContainer.clock,
        NotificationContainer.id_generator,
        NotificationContainer.notifications,
        *more,
    )
