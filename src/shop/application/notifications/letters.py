"""Writes letters about orders: to whom, and what only the order says."""

import asyncio
import json
from collections.abc import Sequence
from uuid import UUID

from shop.application.identity.rate_limit_policy import RateLimitPolicy
from shop.application.notifications.order_links import OrderLinks
from shop.application.ports.mailer import Email
from shop.application.ports.postal_rules import PostalRules
from shop.application.ports.rate_limiter import RateLimiter
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.ports.webhook_sender import NotificationFailed
from shop.application.transactions.group_commit import CommandQueues
from shop.application.transactions.runner import TransactionRunner
from shop.domain.address import Address
from shop.domain.guest import guest_name
from shop.domain.notification import NotificationDelivery
from shop.domain.orders.order import Order
from shop.domain.rate_limit import TooManyRequests
from shop.domain.shared.value import value
from shop.domain.user import User


@value
class EmailSubject:
    """The order that an e-mail is about, and the customer who gets it."""

    customer_id: UUID
    order_id: UUID


class OrderLetters:
    """Writes the e-mails of deliveries, with what is personal as it is now."""

    def __init__(
        self,
        transactions: TransactionRunner,
        queues: CommandQueues,
        postal_rules: PostalRules,
        order_links: OrderLinks,
        limiter: RateLimiter,
        policy: RateLimitPolicy,
    ) -> None:
        self._transactions = transactions
        self._recipient_queue = queues.queue_for(self._find_recipients)
        self._postal_rules = postal_rules
        self._order_links = order_links
        self._limiter = limiter
        self._policy = policy

    async def write(self, delivery: NotificationDelivery) -> Email:
        """Return the e-mail of a delivery; raise `NotificationFailed` without a customer.

        That of a guest has a link to the order, made now and stored nowhere.
        """
        payload = json.loads(delivery.payload)["data"]
        user, order = await self._recipient_queue.submit(
            EmailSubject(customer_id=UUID(delivery.recipient), order_id=UUID(payload["id"]))
        )
        if user is None or order is None:
            raise NotificationFailed("unknown customer", status_code=None, is_permanent=True)
        shipping = None if order.pricing is None else order.pricing.shipping
        return Email(
            id=delivery.id,
            # The orders of one guest can be for several people.
            recipient_name=guest_name(order.details) if user.is_guest else user.name,
            recipient_email=await self._recipient(user, order),
            event_type=delivery.event_type,
            payload=payload,
            created_at=delivery.created_at,
            shipping_name=None if shipping is None else shipping.name,
            shipping_address=await self._written(order.details.shipping_address),
            billing_address=await self._written(order.details.billing_address),
            order_link=self._order_links.url(order.id) if user.is_guest else None,
        )

    async def _recipient(self, user: User, order: Order) -> str:
        """Return the order's address, or else the customer's as it is now.

        A customer can name any address, so orders could flood one that belongs to another.
        Above the limit, a customer's letters go to the customer.
        """
        address = order.details.email
        if address is None or address == user.email or user.is_guest:
            return address or user.email
        try:
            await self._limiter.hit(self._policy.letters_to_others, f"user {user.id}")
        except TooManyRequests:
            return user.email
        return address

    async def _written(self, address: Address | None) -> Sequence[str]:
        if address is None:
            return ()
        # The first address loads the data of all countries.
        return await asyncio.to_thread(self._postal_rules.format, address)

    async def _find_recipients(
        self, subjects: Sequence[EmailSubject]
    ) -> Sequence[tuple[User | None, Order | None]]:
        async def find(uow: UnitOfWork) -> Sequence[tuple[User | None, Order | None]]:
            users = await uow.users.get_many({each.customer_id for each in subjects})
            orders = await uow.orders.get_many({each.order_id for each in subjects})
            return [(users.get(each.customer_id), orders.get(each.order_id)) for each in subjects]

        return await self._transactions.read(find)
