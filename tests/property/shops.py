"""A whole shop on some storage, which does deeds and tells in plain values what came of them."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import singledispatchmethod
from uuid import UUID

from shop.application.accounts import SignUp
from shop.application.carts import PutCartLine, RemoveCartLine
from shop.application.catalogue import PutProduct
from shop.application.inventory import AdjustStock
from shop.application.orders.cancel import CancelOrder
from shop.application.orders.place import PlaceOrder
from shop.application.ports.idempotency import Claim, KeyId
from shop.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from shop.application.sessions import SignIn
from shop.application.transfers import GiveCredit, MakeTransfer
from shop.domain.cart import Cart, CartLine
from shop.domain.errors import ShopError
from shop.domain.user import Role
from shop.entrypoints.container import Container
from tests.doubles import CountingIds
from tests.factories import EUR, NOW, eur
from tests.property import deeds
from tests.property.answers import NOBODYS, Answers, number, refusal, reply, seconds
from tests.property.books import Outcome
from tests.property.deeds import SKUS, Deed


class Shop:
    """The use cases behind a container."""

    def __init__(
        self,
        container: Container,
        ids: CountingIds,
        new_unit_of_work: UnitOfWorkFactory,
        empty: Callable[[], Awaitable[None]],
    ) -> None:
        self.container = container
        self.new_unit_of_work = new_unit_of_work
        self._ids = ids
        self._empty = empty
        self._answers = Answers()
        self._accounts: dict[str, UUID] = {}

    async def reset(self) -> None:
        """Begin anew, with nothing stored."""
        await self._empty()
        self._ids.restart()
        self._answers = Answers()
        self._accounts = {}

    async def do(self, token: int | None, deed: Deed) -> Outcome:
        """Do it; tell what came of it, or why it was refused."""
        try:
            return await self._do(deed, token)
        except ShopError as error:
            return refusal(error)

    async def order(self, group: Sequence[tuple[int | None, deeds.Order]]) -> list[Outcome]:
        """Place these orders in one unit of work."""
        commands = [
            PlaceOrder(
                session=self._answers.token(token),
                key=deed.key,
                cart=None if deed.lines is None else _cart(deed.lines),
                card=None,
                expected_total=None if deed.expected is None else eur(deed.expected),
            )
            for token, deed in group
        ]
        replies = await self.container.place_orders().place(commands)
        return [reply(each, self._answers.placed) for each in replies]

    async def transfer(self, group: Sequence[tuple[int | None, deeds.Pass]]) -> list[Outcome]:
        """Make these transfers in one unit of work."""
        commands = [
            MakeTransfer(
                session=self._answers.token(token),
                key=deed.key,
                to=deed.to,
                amount=eur(deed.amount),
                note=deed.note,
            )
            for token, deed in group
        ]
        replies = await self.container.transfers().make(commands)
        return [reply(each, self._answers.moved) for each in replies]

    async def findings(self) -> list[str]:
        """Tell what the audit finds."""
        findings = await self.container.audit_shop().run(lambda _: None)
        return [str(violation) for finding in findings for violation in finding.violations]

    async def stored(self) -> Outcome:
        """Tell everything that is stored now."""
        async with self.container.snapshot() as uow:
            return {
                **await self._stored_money(uow),
                **await self._stored_goods(uow),
                **await self._stored_visits(uow),
            }

    async def books(self, keys: Collection[str]) -> dict[str, object]:
        """Return all orders, payments and transfers, and what is known of these keys, as it is."""
        claims = [
            Claim(id=KeyId(user_id=user_id, key=key), fingerprint="", created_at=NOW)
            for user_id in self._answers.users
            for key in keys
        ]
        async with self.new_unit_of_work() as uow:
            return {
                "keys": await uow.keys.claim(claims),
                "orders": await uow.orders.get_many(self._ids.given),
                "histories": [await uow.orders.history(each) for each in self._answers.orders],
                "payments": await uow.payments.of_orders(self._ids.given),
                "transfers": await uow.transfers.get_many(self._ids.given),
            }

    async def _stored_money(self, uow: UnitOfWork) -> Outcome:
        accounts = await uow.accounts.of_users(self._answers.users, EUR)
        transfers = await uow.transfers.get_many(self._ids.given)
        owners = {each.id: self._answers.users[user_id] for user_id, each in accounts.items()}
        ledgers: dict[str, list[tuple[str, int]]] = {email: [] for email in owners.values()}
        for _, each in sorted(transfers.items()):
            amount, kind = each.amount.amount, each.kind.value
            if each.debit_account_id in owners:
                ledgers[owners[each.debit_account_id]].append((kind, -amount))
            if each.credit_account_id in owners:
                ledgers[owners[each.credit_account_id]].append((kind, amount))
        balances = {owners[each.id]: each.balance.amount for each in accounts.values()}
        return {"balances": balances, "ledgers": ledgers}

    async def _stored_goods(self, uow: UnitOfWork) -> Outcome:
        products = await uow.products.get_many(SKUS)
        inventories = await uow.inventories.get_many(SKUS)
        orders = await uow.orders.get_many(self._ids.given)
        statuses = {
            number(self._answers.orders, each.id): each.status.value for each in orders.values()
        }
        return {
            "wares": {
                sku: (product.price.amount, product.active, inventories[sku].on_hand)
                for sku, product in products.items()
            },
            "orders": [statuses[each] for each in sorted(statuses)],
        }

    async def _stored_visits(self, uow: UnitOfWork) -> Outcome:
        sessions = await uow.sessions.find(self._answers.tokens)
        return {
            "visits": {
                number(self._answers.tokens, token): {
                    **self._answers.session(session),
                    "created": seconds(session.created_at),
                    "seen": seconds(session.last_seen_at),
                }
                for token, session in sessions.items()
            }
        }

    @singledispatchmethod
    async def _do(self, deed: Deed, token: int | None) -> Outcome:
        raise NotImplementedError(deed, token)

    @_do.register
    async def _sign_up(self, deed: deeds.SignUp, token: int | None) -> Outcome:
        command = SignUp(
            session=self._answers.token(token),
            name="Somebody",
            email=deed.email,
            password=deed.password,
        )
        done = await self.container.accounts().sign_up(command)
        self._answers.users[done.user.id] = done.user.email
        self._accounts[done.user.email] = done.account.id
        return {"balance": done.account.balance.amount, **self._answers.visit(done.visit)}

    @_do.register
    async def _sign_in(self, deed: deeds.SignIn, token: int | None) -> Outcome:
        session = self._answers.token(token)
        command = SignIn(session=session, email=deed.email, password=deed.password)
        return self._answers.visit(await self.container.sessions().sign_in(command))

    @_do.register
    async def _sign_out(self, _: deeds.SignOut, token: int | None) -> Outcome:
        await self.container.sessions().sign_out(self._answers.token(token))
        return {}

    @_do.register
    async def _enter(self, _: deeds.Enter, token: int | None) -> Outcome:
        visit = await self.container.sessions().enter(self._answers.token(token))
        return {"visit": None} if visit is None else self._answers.visit(visit)

    @_do.register
    async def _put_into_cart(self, deed: deeds.PutIntoCart, token: int | None) -> Outcome:
        session = self._answers.token(token)
        command = PutCartLine(session=session, sku=deed.sku, quantity=deed.quantity)
        return self._answers.cart(await self.container.carts().put(command))

    @_do.register
    async def _take_out_of_cart(self, deed: deeds.TakeOutOfCart, token: int | None) -> Outcome:
        command = RemoveCartLine(session=self._answers.token(token), sku=deed.sku)
        return self._answers.cart(await self.container.carts().remove(command))

    @_do.register
    async def _clear_cart(self, _: deeds.ClearCart, token: int | None) -> Outcome:
        return self._answers.cart(await self.container.carts().clear(self._answers.token(token)))

    @_do.register
    async def _order(self, deed: deeds.Order, token: int | None) -> Outcome:
        return (await self.order([(token, deed)]))[0]

    @_do.register
    async def _pass(self, deed: deeds.Pass, token: int | None) -> Outcome:
        return (await self.transfer([(token, deed)]))[0]

    @_do.register
    async def _credit(self, deed: deeds.Credit, token: int | None) -> Outcome:
        command = GiveCredit(
            session=self._answers.token(token),
            key=deed.key,
            account_id=self._accounts.get(deed.email, NOBODYS),
            amount=eur(deed.amount),
            reason=deed.reason,
        )
        return reply(await self.container.transfers().give_credit(command), self._answers.moved)

    @_do.register
    async def _cancel(self, deed: deeds.Cancel, token: int | None) -> Outcome:
        order_id = self._answers.order_id(deed.order)
        command = CancelOrder(session=self._answers.token(token), order_id=order_id)
        return self._answers.cancelled(await self.container.cancel_orders().cancel(command))

    @_do.register
    async def _put_product(self, deed: deeds.PutProduct, token: int | None) -> Outcome:
        command = PutProduct(
            session=self._answers.token(token),
            sku=deed.sku,
            name=f"The {deed.sku}",
            description="",
            price=eur(deed.price),
            active=deed.active,
            image_url=None,
        )
        done = await self.container.catalogue().put(command)
        return {
            "price": done.offer.product.price.amount,
            "available": done.offer.available,
            "is_new": done.is_new,
        }

    @_do.register
    async def _count(self, deed: deeds.Count, token: int | None) -> Outcome:
        session = self._answers.token(token)
        command = AdjustStock(session=session, sku=deed.sku, delta=deed.delta, reason=deed.reason)
        after = await self.container.stock().adjust(command)
        return {"on_hand": after.on_hand, "reserved": after.reserved}

    @_do.register
    async def _promote(self, deed: deeds.Promote, _: int | None) -> Outcome:
        user = await self.container.users().promote(deed.email, Role.ADMIN)
        return {"user": user.email, "admin": Role.ADMIN in user.roles}

    @_do.register
    async def _sweep(self, _: deeds.Sweep, __: int | None) -> Outcome:
        return {"swept": await self.container.sessions().sweep()}

    @_do.register
    async def _sweep_keys(self, _: deeds.SweepKeys, __: int | None) -> Outcome:
        return {"swept": await self.container.sweep_keys().sweep()}


def _cart(lines: Sequence[deeds.Line]) -> Cart:
    return Cart.of(CartLine(sku=sku, quantity=quantity) for sku, quantity in lines)
