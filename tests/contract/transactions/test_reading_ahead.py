"""What every adapter owes to reading ahead: a question has the answer that it has without."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from shop.application.ports.repositories.pricing.rule_documents import NO_VERSION, CurrentRules
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.cart import Cart
from shop.domain.customer_cart import CartContent, CustomerCart
from shop.domain.orders.order import Actor, OrderStatus
from shop.domain.orders.order_details import OrderDetails
from shop.domain.orders.refund import RefundLine, RefundStatus
from shop.domain.orders.shipment import ShipmentEventKind
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.domain.pricing.rule_document import RuleDocument
from shop.domain.user import Role
from tests.contract.storage import Storage
from tests.domain.pricing.examples import GERMANY, VAT_19
from tests.factories import (
    NOW,
    card_details,
    id_of,
    inventory,
    line,
    line_quantities,
    order,
    payment,
    product,
    refund,
    session,
    shipment_event,
    user,
)

pytestmark = pytest.mark.anyio

ADA = user("ada", roles=frozenset({Role.CUSTOMER, Role.ADMIN}))
BOB, CYN = user("bob", name="Bob 🙂 \\ \"B\" 'b'"), user("cyn")
OF_ADA = session(
    "of ada",
    user_id=ADA.id,
    roles=ADA.roles,
    signed_in_at=NOW - timedelta(microseconds=1),
    preferences={"theme": "dunkel 🙂", "lists": [1, None, {"a": True}], "n": 1.5},
    cart=Cart(lines=line_quantities(TEA=2, CUP=10_000)),
    last_order_id=id_of("order"),
)
OF_A_VISITOR, OF_CYN = session("of a visitor"), session("of cyn", user_id=CYN.id)

BY_CARD = order(BOB, "by card", payment_method=PaymentMethod.CARD, status=OrderStatus.PENDING)
FULFILLED = order(BOB, "fulfilled", line("TEA", 3), line("POT", 1), line("CUP", 2))
PLAIN, OTHER = order(ADA, "plain"), order(CYN, "that is not looked up")
PAYMENTS = (
    payment(BY_CARD, status=PaymentStatus.PENDING, card=card_details()),
    *map(payment, (FULFILLED, PLAIN, OTHER)),
)
ORDERS = (BY_CARD, FULFILLED, PLAIN, OTHER)
EVENTS = (
    shipment_event(FULFILLED, "1", *line_quantities(TEA=2), kind=ShipmentEventKind.SHIPPED),
    shipment_event(FULFILLED, "2", *line_quantities(TEA=1), kind=ShipmentEventKind.DELIVERED),
)
REFUNDS = (
    refund(
        FULFILLED,
        500,
        to=PaymentMethod.CARD,
        status=RefundStatus.PENDING,
        lines=(RefundLine(sku="TEA", quantity=1, cancelled_quantity=1),),
    ),
    refund(FULFILLED, 100, 2),
)

Tokens = Mapping[str, SessionToken]


@pytest.fixture(params=["memory", "sqlite", "postgresql", "cookie", "postgresql_cookie"])
def empty_storage(request: pytest.FixtureRequest) -> Storage:
    empty_storage: Storage = request.getfixturevalue(f"{request.param}_storage")
    return empty_storage


@pytest.fixture
async def storage(empty_storage: Storage) -> Storage:
    """Return a storage with users, orders, and what happened to one of these."""
    await empty_storage.commit(
        *(lambda uow, each=each: uow.users.add(each) for each in (ADA, BOB, CYN)),
        *(
            lambda uow, each=each: uow.orders.add(
                each, each.initial_status_change(actor=Actor.CUSTOMER)
            )
            for each in ORDERS
        ),
        *(lambda uow, each=each: uow.payments.add(each) for each in PAYMENTS),
    )

    async def fulfil(uow: UnitOfWork) -> None:
        await uow.orders.lock([FULFILLED.id])
        for event in EVENTS:
            uow.shipment_events.add(event)
        for each in REFUNDS:
            uow.refunds.add(each)

    await empty_storage.write(fulfil)
    return empty_storage


@pytest.fixture
async def tokens(storage: Storage) -> Tokens:
    async def begin(uow: UnitOfWork) -> Tokens:
        made = {"ada": OF_ADA, "visitor": OF_A_VISITOR, "cyn": OF_CYN}
        return {name: uow.sessions.create(each) for name, each in made.items()}

    return await storage.write(begin)


async def test_sessions_and_orders_are_found_with_what_belongs_to_them(
    storage: Storage, tokens: Tokens
) -> None:
    asked = [tokens["ada"], tokens["visitor"], "no token", "a" * 43]
    order_ids = {BY_CARD.id, FULFILLED.id, PLAIN.id, id_of("no order")}

    async def ask(uow: UnitOfWork) -> list[object]:
        found = await uow.orders.get_many(order_ids)
        fulfilled = [each.id for each in found.values() if each.has_fulfilment]
        return [
            await uow.sessions.find(asked),
            await uow.users.get_many({ADA.id, BOB.id}),
            found,
            await uow.payments.for_orders(list(found)),
            await uow.shipment_events.for_orders(fulfilled),
            await uow.refunds.for_orders(fulfilled),
        ]

    async def read_ahead(uow: UnitOfWork) -> list[object]:
        wanted = [RowsWanted(session=each) for each in asked]
        wanted += [RowsWanted(order_ids=[each], with_fulfilment=True) for each in order_ids]
        await uow.read_ahead(wanted)
        return await ask(uow)

    found_ahead = await storage.read(read_ahead)

    assert found_ahead == await storage.read(ask)
    sessions, users, orders, payments, events, refunds = found_ahead
    assert sessions == {tokens["ada"]: OF_ADA, tokens["visitor"]: OF_A_VISITOR}
    assert users == {ADA.id: ADA, BOB.id: BOB}
    assert isinstance(orders, dict)
    assert orders.keys() == {BY_CARD.id, FULFILLED.id, PLAIN.id}
    assert payments == {each.order_id: each for each in PAYMENTS if each.order_id != OTHER.id}
    assert events == {FULFILLED.id: EVENTS}
    assert refunds == {FULFILLED.id: REFUNDS}


async def test_sessions_are_found_without_orders(storage: Storage, tokens: Tokens) -> None:
    async def read_ahead(uow: UnitOfWork) -> list[object]:
        await uow.read_ahead([RowsWanted(session=tokens["cyn"])])
        return [await uow.sessions.find([tokens["cyn"]]), await uow.users.get_many([CYN.id])]

    assert await storage.read(read_ahead) == [{tokens["cyn"]: OF_CYN}, {CYN.id: CYN}]


async def test_cart_of_a_customer_is_found_with_the_products_in_it(
    storage: Storage, tokens: Tokens
) -> None:
    skus = ("TEA", "POT")
    await storage.commit(
        *(lambda uow, each=each: uow.products.add(each) for each in map(product, skus)),
        *(lambda uow, each=each: uow.inventories.add(each) for each in map(inventory, skus)),
    )
    content = CartContent(
        cart=Cart(lines=line_quantities(POT=2)), details=OrderDetails(email="ada@example.com")
    )
    cart = CustomerCart(user_id=ADA.id, content=content, version=0)
    await storage.commit(lambda uow: uow.customer_carts.add(cart))

    async def read_ahead(uow: UnitOfWork) -> list[object]:
        wanted = RowsWanted(session=tokens["ada"], takes_cart=True, product_skus=["TEA", "CUP"])
        await uow.read_ahead([wanted, RowsWanted(session=tokens["cyn"], has_cart=True)])
        return [
            await uow.customer_carts.get_many([ADA.id, CYN.id]),
            set(await uow.variants.get_many(["TEA", "CUP", "POT"])),
            set(await uow.inventories.get_many(["TEA", "CUP", "POT"])),
        ]

    assert await storage.read(read_ahead) == [{ADA.id: cart}, {"TEA", "POT"}, {"TEA", "POT"}]


async def test_a_session_with_an_old_key_is_noticed(storage: Storage, tokens: Tokens) -> None:
    async def read_ahead(uow: UnitOfWork) -> bool:
        await uow.read_ahead([RowsWanted(session=tokens["cyn"])])
        (found,) = (await uow.sessions.find([tokens["cyn"]])).values()
        return uow.sessions.needs_rotation(found)

    assert await storage.read(read_ahead) is False


async def test_rules_of_prices_are_found_with_their_version(empty_storage: Storage) -> None:
    documents = [
        RuleDocument(rule=each, version=1, created_at=NOW, updated_at=NOW)
        for each in (GERMANY, VAT_19, replace(VAT_19, slug="other", name="Übrige 🙂"))
    ]

    async def save(uow: UnitOfWork) -> None:
        await uow.rule_documents.lock()
        for each in documents:
            await uow.rule_documents.find(each.kind, [each.slug])
            uow.rule_documents.put(each)

    async def read_ahead(uow: UnitOfWork, known: int, asked: int) -> CurrentRules:
        await uow.read_ahead([RowsWanted(known_rules=known)])
        return await uow.rule_documents.current(asked)

    empty = await empty_storage.read(lambda uow: read_ahead(uow, 0, 0))
    assert empty == CurrentRules(version=0, rules=None)
    await empty_storage.write(save)
    for known in (NO_VERSION, 0, 2):
        found = await empty_storage.read(partial(read_ahead, known=known, asked=known))
        assert (found.version, set(found.rules or ())) == (1, {each.rule for each in documents})
    found = await empty_storage.read(lambda uow: read_ahead(uow, 1, 1))
    assert found == CurrentRules(version=1, rules=None)


async def test_rules_that_others_have_come_to_know_meanwhile_are_found(
    empty_storage: Storage,
) -> None:
    """Between reading ahead and the question, another unit of work may have read newer rules."""

    async def read_ahead(uow: UnitOfWork) -> CurrentRules:
        await uow.read_ahead([RowsWanted(known_rules=0), RowsWanted(known_rules=3)])
        return await uow.rule_documents.current(0)

    assert await empty_storage.read(read_ahead) == CurrentRules(version=0, rules=None)
