"""Places orders: all or nothing, and exactly once.

A unit of work checks the session, creates the order, sells or reserves the stock, charges the
account and stores the order's id in the session. It decides a group of commands in order of
arrival, with the same results as one by one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from functools import partial

from shop.application.checkout.address_checks import UncheckedAddresses
from shop.application.checkout.buyers import Buyers
from shop.application.checkout.order_prices import OrderPricer, OrderToPrice
from shop.application.checkout.placed_order import (
    PlacedOrder,
    is_pending,
    load_placed_orders,
)
from shop.application.checkout.placement_batch import (
    PlacementBatch,
    PlacementRows,
    PlaceOrder,
    addresses_of_cart,
    requested_cart,
    requested_details,
)
from shop.application.idempotency.batch import IdempotentBatch, IdempotentRequest
from shop.application.idempotency.fingerprint import fingerprint
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import (
    CurrentSession,
    SessionAuthenticator,
)
from shop.application.identity.session_carts import SessionCarts
from shop.application.inventory.order_stock import OrderStock
from shop.application.notifications.events import Notifications
from shop.application.payments.card_attempts import CardAttempts
from shop.application.payments.card_payments import CardPayments
from shop.application.payments.methods import payments_by_method
from shop.application.payments.payment_policy import PaymentPolicy
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import result_or_error
from shop.application.transactions.runner import TransactionRunner
from shop.domain.address import Address
from shop.domain.customer_cart import CartContent
from shop.domain.orders.order import Order
from shop.domain.orders.order_details import OrderDetails
from shop.domain.shared.errors import ShopError
from shop.domain.shared.idempotency_key import IdempotencyKey


class PlaceOrders:
    """Places orders, and charges those that are paid from the account."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        clock: Clock,
        ids: IdGenerator,
        notifications: Notifications,
        policy: PaymentPolicy,
        card_payments: CardPayments,
        pricer: OrderPricer,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._clock = clock
        self._ids = ids
        self._notifications = notifications
        self._policy = policy
        self._card_payments = card_payments
        self._pricer = pricer

    async def place(self, commands: Sequence[PlaceOrder]) -> Sequence[CommandResult[PlacedOrder]]:
        """Place these orders in one unit of work; a rejected one affects no other.

        Errors: `NotSignedIn`, `SessionExpired`, `InvalidValue`, `EmptyCart`, `ProductNotFound`,
        `NotForSale`, `CodeNotFound`, `CodeUsedUp`, `CodeNotApplicable`, `AddressRequired`,
        `ShippingUnavailable`, `InvalidAddress`, `PriceChanged`, `OutOfStock`, `InsufficientFunds`,
        `IdempotencyKeyReused`, `RequestInProgress`, `SessionTooLarge`, `SessionConflict`.
        """
        while True:
            try:
                return await self._place_all(commands)
            except UncheckedAddresses as error:
                # No unit of work waits for the rules of a country.
                await self._pricer.addresses.find_faults(error.addresses)

    async def _place_all(
        self, commands: Sequence[PlaceOrder]
    ) -> Sequence[CommandResult[PlacedOrder]]:
        placed: list[Order] = []
        results = await self._transactions.write(
            partial(self._place, commands, placed),
            retryable=True,
            splittable=len(commands) > 1,
            # No guard compares the exact stock.
            guarded=not self._notifications.reports_low_stock,
        )
        self._pricer.count(placed)
        return results

    async def _place(
        self, commands: Sequence[PlaceOrder], placed: list[Order], uow: UnitOfWork
    ) -> Sequence[CommandResult[PlacedOrder]]:
        """Place orders in a unit of work; `placed` gets those of this attempt."""
        placed.clear()
        attempted_at = self._clock.now()
        rows = partial(
            PlaceOrder.rows,
            now=attempted_at,
            known_rules=self._pricer.known_rules,
            promotions=self._pricer.known_promotions(attempted_at),
        )
        await uow.read_ahead([rows(each) for each in commands])
        resolved_sessions = await self._authenticator.resolve_for_update(
            uow, [each.session for each in commands]
        )
        buyers = Buyers(resolved_sessions, self._ids, allows_guests=self._policy.allows_guests)
        requests = [
            result_or_error(command, partial(self._build_request, buyers)) for command in commands
        ]
        batch = await IdempotentBatch.claim(
            uow, requests, at=self._clock.now(), new_users=buyers.new_guests
        )
        placement_batch = await self._load_batch(uow, buyers, batch.requests, attempted_at)

        def decide(request: IdempotentRequest[PlaceOrder]) -> PlacedOrder:
            # Not before: under a key of an earlier release, an unknown token has an outcome.
            if request.command.card is not None:
                self._card_payments.require_token(request.command.card)
            try:
                result = placement_batch.place(request)
            except ShopError as error:
                if error.is_final:
                    placement_batch.keep_guest(request)
                raise
            placed.append(result.order)
            return result

        results = await batch.execute(
            decide,
            partial(load_placed_orders, uow),
            find_pending=uow.orders.with_keys,
            is_pending=is_pending,
        )
        new_tokens = [placement_batch.new_token(command) for command in commands]
        return [
            result if new_token is None else replace(result, new_token=new_token)
            for result, new_token in zip(results, new_tokens, strict=True)
        ]

    def _build_request(self, buyers: Buyers, command: PlaceOrder) -> IdempotentRequest[PlaceOrder]:
        user_id = buyers.require(command.session, command.payment_method)
        if command.expected_total is not None:
            command.expected_total.require_currency(self._policy.currency)
        return IdempotentRequest(
            key=IdempotencyKey(user_id=user_id, value=command.key),
            fingerprint=fingerprint(
                "order",
                cart=command.cart,
                method=command.payment_method,
                card=command.card,
                expected_total=command.expected_total,
                **_details_members(command.details),
            ),
            command=command,
        )

    async def _load_batch(
        self,
        uow: UnitOfWork,
        buyers: Buyers,
        requests: Sequence[IdempotentRequest[PlaceOrder]],
        attempted_at: datetime,
    ) -> PlacementBatch:
        commands = [request.command for request in requests]
        current_sessions = {each.session: buyers.session(each.session) for each in commands}
        # Guests have no account, and their carts are those of their sessions.
        user_ids = {each.user.id for each in current_sessions.values() if each.user}
        carts = await SessionCarts.for_orders(
            uow,
            taken=user_ids
            & {
                each.key.user_id
                for each in requests
                if each.command.cart is None
                or current_sessions[each.command.session].session.details.codes
            },
            read=user_ids,
        )
        contents = {token: carts.content(each.session) for token, each in current_sessions.items()}
        skus = {
            line.sku
            for command in commands
            for line in requested_cart(command, contents[command.session]).lines
        }
        orders = list(_orders_to_price(commands, current_sessions, contents))
        address_faults = self._pricer.addresses.known_faults(
            {
                address
                for command, each in orders
                for _, address in addresses_of_cart(command, each.details)
            }
        )
        now = self._clock.now()
        accounts = await uow.accounts.lock_for_users(user_ids, self._policy.currency)
        card_attempts = await CardAttempts.load(
            uow,
            {each.key.user_id for each in requests if not each.command.payment_method.is_immediate}
            - buyers.new_guests,
            self._policy.limits,
            now=attempted_at,
        )
        inventories = await uow.inventories.lock(skus)
        # Not before: while they wait for stock, prices can change.
        variants = await uow.variants.get_many(skus)
        prices = await self._pricer.load(uow, now, [each for _, each in orders], variants)
        return PlacementBatch(
            uow=uow,
            authenticator=self._authenticator,
            ids=self._ids,
            notifications=self._notifications,
            policy=self._policy,
            now=now,
            rows=PlacementRows(
                current_sessions=current_sessions,
                buyers=buyers,
                carts=carts,
                variants=variants,
                payments=payments_by_method(uow, self._ids, now, accounts),
                card_attempts=card_attempts,
                stock=OrderStock(uow, self._ids, self._notifications, now, inventories),
                prices=prices,
                address_faults=address_faults,
            ),
        )


def _details_members(details: OrderDetails) -> Mapping[str, object]:
    """Return what a fingerprint has of details; requests without any have one of before."""
    if details.is_empty:
        return {}
    given = {
        "email": details.email,
        "shipping_address": _address_members(details.shipping_address),
        "billing_address": _address_members(details.billing_address),
        "shipping_method": details.shipping_method,
        "codes": details.codes,
    }
    return {"details": {name: each for name, each in given.items() if each is not None}}


def _address_members(address: Address | None) -> Mapping[str, str] | None:
    if address is None:
        return None
    members = {each.name: getattr(address, each.name) for each in fields(address)}
    return {name: each for name, each in members.items() if each is not None}


def _orders_to_price(
    commands: Iterable[PlaceOrder],
    current_sessions: Mapping[SessionToken | None, CurrentSession],
    contents: Mapping[SessionToken | None, CartContent],
) -> Iterator[tuple[PlaceOrder, OrderToPrice]]:
    for command in commands:
        if not isinstance(command.checked_details, ShopError):
            content = contents[command.session]
            yield (
                command,
                OrderToPrice(
                    cart=requested_cart(command, content),
                    details=requested_details(command, content),
                    user_id=current_sessions[command.session].session.user_id,
                ),
            )
