"""A shop in memory that notifies endpoints and customers, and its deliveries."""

import json
from typing import Any

from dependency_injector import providers

from shop.adapters.memory.mailer import MemoryMailer
from shop.adapters.memory.webhook_sender import MemoryWebhookSender
from shop.application.notifications.deliveries import SendNotifications
from shop.application.notifications.events import NotificationPolicy, Notifications, WebhookEndpoint
from shop.domain.notification import EventType, NotificationDelivery
from tests.application.memory_shop import MemoryShop

ALL_EVENTS = WebhookEndpoint(
    url="https://all.example.com/hook", secret="whsec_of-all", event_types=frozenset(EventType)
)


class NotifyingShop:
    """The shop, and those who listen to it."""

    def __init__(
        self,
        shop: MemoryShop,
        *endpoints: WebhookEndpoint,
        emails_customers: bool = False,
        low_stock_threshold: int = 0,
    ) -> None:
        self.shop = shop
        self.webhook_sender, self.mailer = MemoryWebhookSender(), MemoryMailer()
        container = shop.container
        # Existing use cases would keep the recipients that they were created with.
        container.reset_singletons()
        policy = NotificationPolicy(
            endpoints=endpoints,
            emails_customers=emails_customers,
            low_stock_threshold=low_stock_threshold,
        )
        container.webhook_sender.override(providers.Object(self.webhook_sender))
        container.mailer.override(providers.Object(self.mailer))
        container.notifications.override(
            providers.Object(Notifications(policy, container.clock(), container.id_generator()))
        )
        container.send_notifications.override(
            providers.Object(
                SendNotifications(
                    container.transaction_runner(),
                    self.webhook_sender,
                    self.mailer,
                    endpoints,
                    container.command_queues(),
                    container.clock(),
                    container.order_letters(),
                )
            )
        )

    async def send_due(self) -> int:
        """Bring what is due; return how many that were."""
        container = self.shop.container
        webhooks = await container.webhook_job_runner().run_due()
        return webhooks + await container.email_job_runner().run_due()

    @property
    def deliveries(self) -> list[NotificationDelivery]:
        """All notification deliveries, in order."""
        return list(self.shop.state.notification_deliveries.rows.values())

    @property
    def event_types(self) -> list[str]:
        """The event types of all deliveries, in order."""
        return [each.event_type.value for each in self.deliveries]

    def payload_of(self, event_type: EventType) -> dict[str, Any]:
        """Return the one payload about a topic."""
        (payload,) = {each.payload for each in self.deliveries if each.event_type is event_type}
        document: dict[str, Any] = json.loads(payload)
        return document

    @property
    def sent(self) -> list[tuple[str, str]]:
        """What endpoints were brought, attempts included: where to, and about what."""
        return [
            (each.url, json.loads(each.payload)["type"]) for each in self.webhook_sender.requests
        ]
