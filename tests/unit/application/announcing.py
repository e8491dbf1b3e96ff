"""A shop in memory that tells endpoints and customers what happens, and what they were told."""

import json
from typing import Any

from dependency_injector import providers

from shop.adapters.memory.courier import MemoryCourier
from shop.adapters.memory.mailer import MemoryMailer
from shop.application.announcements import Announcements, AnnouncementTerms, Endpoint
from shop.application.dispatches import CarryDispatches
from shop.domain.announcement import Dispatch, Topic
from tests.unit.application.memory_shop import MemoryShop

EVERYTHING = Endpoint(
    url="https://all.example.com/hook", secret="whsec_of-all", topics=frozenset(Topic)
)


class AnnouncingShop:
    """The shop, and those who listen to it."""

    def __init__(
        self,
        shop: MemoryShop,
        *endpoints: Endpoint,
        mails_customers: bool = False,
        stock_low: int = 0,
    ) -> None:
        self.shop = shop
        self.courier, self.mailer = MemoryCourier(), MemoryMailer()
        container = shop.container
        # Use cases that were made before would go on telling whom they told.
        container.reset_singletons()
        terms = AnnouncementTerms(
            endpoints=endpoints, mails_customers=mails_customers, stock_low=stock_low
        )
        container.courier.override(providers.Object(self.courier))
        container.mailer.override(providers.Object(self.mailer))
        container.announcements.override(
            providers.Object(Announcements(terms, container.clock(), container.ids()))
        )
        container.carry_dispatches.override(
            providers.Object(
                CarryDispatches(
                    container.transact(),
                    self.courier,
                    self.mailer,
                    endpoints,
                    container.lines(),
                    container.clock(),
                )
            )
        )

    async def work(self) -> int:
        """Bring what is due; return how many that were."""
        container = self.shop.container
        deliveries = await container.work_off_deliveries().work()
        return deliveries + await container.work_off_letters().work()

    @property
    def dispatches(self) -> list[Dispatch]:
        """Everything that was ever to be told, in order."""
        return list(self.shop.state.dispatches.rows.values())

    @property
    def topics(self) -> list[str]:
        """What endpoints and customers were to hear of, in order."""
        return [each.topic.value for each in self.dispatches]

    def told(self, topic: Topic) -> dict[str, Any]:
        """Return the one payload about a topic."""
        (payload,) = {each.payload for each in self.dispatches if each.topic is topic}
        document: dict[str, Any] = json.loads(payload)
        return document

    @property
    def brought(self) -> list[tuple[str, str]]:
        """What endpoints were brought, attempts included: where to, and about what."""
        return [(each.url, json.loads(each.payload)["type"]) for each in self.courier.parcels]
