"""Customers who buy, cancel and look until they are stopped, and repeat what was not answered."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

from tests.concurrency.customers import Admin, Customer
from tests.histories.check import CANCEL, PLACE, READ, stock_of, uses_of
from tests.histories.objects import Give, Quantity, Read, Request, Take
from tests.histories.recorder import Call, Recorder
from tests.unique_names import unique_name

CUSTOMERS = 12
PRICE = 2
PLENTY, FEW = 1_000_000, 40
RETRY_SECONDS = 0.02
CARD_SHARE, CODE_SHARE, CANCEL_SHARE, READ_SHARE, REPLAY_SHARE = 0.05, 0.1, 0.15, 0.1, 0.05


@dataclass(kw_only=True)
class Crowd:
    """Customers of a plentiful and a scarce product, with a code that few may use."""

    admin: Admin
    customers: list[Customer]
    seed: str
    recorder: Recorder = field(default_factory=Recorder)
    plenty: str = field(default_factory=lambda: unique_name("plenty"))
    few: str = field(default_factory=lambda: unique_name("few"))
    slug: str = field(default_factory=lambda: unique_name("half")[:20])
    is_over: bool = False

    @property
    def code(self) -> str:
        return self.slug.upper()

    @property
    def objects(self) -> Mapping[str, Quantity]:
        """What the customers change together, as it is before them."""
        return {
            stock_of(self.plenty): Quantity(PLENTY),
            stock_of(self.few): Quantity(FEW),
            uses_of(self.code): Quantity(FEW),
        }

    @property
    def decisions(self) -> Counter[str]:
        """How often each operation was accepted or rejected; "unknown" where no answer said."""
        return Counter(
            f"{each.operation}: {each.problem or 'done'}" if each.is_decided else "unknown"
            for each in self.recorder.calls
        )

    async def prepare(self) -> None:
        """Offer the products and the code, and sign everyone up."""
        await self.admin.stock(self.plenty, PLENTY, PRICE)
        await self.admin.stock(self.few, FEW, PRICE)
        await self.admin.promote(self.slug, code=self.code, limit=FEW)
        await asyncio.gather(*(each.sign_up() for each in self.customers))

    async def act(self) -> None:
        """Let all customers act until it is over."""
        await asyncio.gather(*(self._act(each) for each in self.customers))

    async def _act(self, customer: Customer) -> None:
        chance = random.Random(f"{self.seed} {self.customers.index(customer)}")
        bought: list[Call] = []
        while not self.is_over:
            draw = chance.random()
            if draw < CANCEL_SHARE and bought:
                await self._cancel(customer, bought.pop(chance.randrange(len(bought))), chance)
            elif draw < CANCEL_SHARE + READ_SHARE:
                await self._look(customer, chance.choice([self.plenty, self.few]))
            else:
                placed = await self._order(customer, chance)
                if placed.is_accepted and placed.body["payment"]["method"] == "account":
                    bought.append(placed)

    async def _order(self, customer: Customer, chance: random.Random) -> Call:
        sku, number = chance.choice([self.plenty, self.few]), chance.randint(1, 2)
        draw = chance.random()
        asks: dict[str, Request] = {stock_of(sku): Take(number)}
        body: dict[str, Any] = {
            "lines": [{"sku": sku, "quantity": number}],
            "payment": {"method": "account"},
        }
        if draw < CODE_SHARE:
            asks[uses_of(self.code)] = Take()
            body["codes"] = [self.code]
        elif draw < CODE_SHARE + CARD_SHARE:
            body["payment"] = {"method": "card", "token": "tok_visa"}
        return await self._repeat(customer, chance, PLACE, "/orders", asks, body)

    async def _cancel(self, customer: Customer, bought: Call, chance: random.Random) -> None:
        returned: dict[str, Request] = {
            name: Give(request.number)
            for name, request in bought.asks.items()
            if isinstance(request, Take)
        }
        path = f"/orders/{bought.body['id']}/cancel"
        await self._repeat(customer, chance, CANCEL, path, returned, None)

    async def _look(self, customer: Customer, sku: str) -> None:
        response = customer.request("GET", f"/products/{sku}")
        await self.recorder.record(
            response, client=customer.email, operation=READ, asks={stock_of(sku): Read()}
        )

    async def _repeat(
        self,
        customer: Customer,
        chance: random.Random,
        operation: str,
        path: str,
        asks: Mapping[str, Request],
        body: Mapping[str, Any] | None,
    ) -> Call:
        """Send a request under one key until it is decided, and sometimes once more."""
        key = f"fire-{uuid4().hex}"

        def send() -> Awaitable[httpx2.Response]:
            return customer.request("POST", path, body, idempotency_key=key)

        is_decided = False
        while True:
            call = await self.recorder.record(
                send(), client=customer.email, operation=operation, asks=asks, key=key
            )
            if not call.is_open and (is_decided or chance.random() >= REPLAY_SHARE):
                return call
            is_decided = not call.is_open
            await asyncio.sleep(RETRY_SECONDS)
