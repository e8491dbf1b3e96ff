"""The in-memory database: the committed state, and the lock for writing it."""

import asyncio
from datetime import datetime
from uuid import UUID

from shop.adapters.memory.engine.table import Table
from shop.application.ports.database import Database
from shop.application.ports.payment_gateway import GatewayEvent
from shop.application.ports.repositories.idempotency_keys import KeyRecord
from shop.application.ports.repositories.jobs import Job, JobId
from shop.application.ports.repositories.rate_limits import HitCount
from shop.domain.account import Account, Transfer
from shop.domain.address import SavedAddress
from shop.domain.catalogue.category import Category, EndedCategory
from shop.domain.catalogue.price_history import PriceChange
from shop.domain.catalogue.product import Product
from shop.domain.catalogue.product_image import ProductImage
from shop.domain.catalogue.product_import import ProductImport
from shop.domain.catalogue.variant import SoldVariant
from shop.domain.customer_cart import CustomerCart
from shop.domain.deposit import Deposit
from shop.domain.endpoint import EndpointStatus
from shop.domain.inventory import Inventory, StockMovement
from shop.domain.notification import NotificationDelivery
from shop.domain.orders.order import Order, StatusChange
from shop.domain.orders.refund import Refund
from shop.domain.orders.shipment import ShipmentEvent
from shop.domain.payment import Payment
from shop.domain.pricing.promotions.promotion_uses import PromotionCounter, PromotionUse
from shop.domain.pricing.rule_document import RuleDocument, RuleKind
from shop.domain.session import Session
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.value import value
from shop.domain.user import User


@value
class KeyRow:
    """A claimed idempotency key."""

    id: IdempotencyKey
    record: KeyRecord
    created_at: datetime


@value
class SessionRow:
    """A session and the hash of its token."""

    session: Session
    token_hash: str


@value
class GatewayEventRow:
    """A gateway event and when it first arrived."""

    event: GatewayEvent
    job_subject_id: UUID
    received_at: datetime


@value
class ProductCategory:
    """A category that a product is directly in."""

    handle: str
    slug: str


@value
class ProductText:
    """What is searched of a product; the later it was added, the higher is its number."""

    handle: str
    search_id: int
    tokens: frozenset[str]


@value
class RuleVersion:
    """The version of all rules, which has one row once a rule was changed."""

    version: int


@value
class GroupMember:
    """A group that a customer is in."""

    user_id: UUID
    name: str


@value
class PriceChangeRow:
    """A price of a variant, under an id of its own."""

    id: UUID
    change: PriceChange


@value
class RateLimitRow:
    """The hits of a rate limit's key."""

    key: str
    count: HitCount


@value
class State:
    """An immutable snapshot of everything stored."""

    users: Table[UUID, User]
    addresses: Table[UUID, SavedAddress]
    customer_carts: Table[UUID, CustomerCart]
    accounts: Table[UUID, Account]
    transfers: Table[UUID, Transfer]
    categories: Table[str, Category]
    ended_categories: Table[str, EndedCategory]
    imports: Table[UUID, ProductImport]
    products: Table[str, Product]
    variants: Table[str, SoldVariant]
    price_changes: Table[UUID, PriceChangeRow]
    product_categories: Table[ProductCategory, ProductCategory]
    product_texts: Table[str, ProductText]
    product_images: Table[UUID, ProductImage]
    inventories: Table[str, Inventory]
    pricing_rules: Table[tuple[RuleKind, str], RuleDocument]
    rule_versions: Table[int, RuleVersion]
    promotion_counters: Table[str, PromotionCounter]
    promotion_uses: Table[tuple[str, UUID], PromotionUse]
    user_groups: Table[GroupMember, GroupMember]
    stock_movements: Table[UUID, StockMovement]
    orders: Table[UUID, Order]
    status_changes: Table[tuple[UUID, int], StatusChange]
    payments: Table[UUID, Payment]
    deposits: Table[UUID, Deposit]
    shipment_events: Table[UUID, ShipmentEvent]
    refunds: Table[UUID, Refund]
    idempotency_keys: Table[IdempotencyKey, KeyRow]
    jobs: Table[JobId, Job]
    gateway_events: Table[str, GatewayEventRow]
    notification_deliveries: Table[UUID, NotificationDelivery]
    webhook_endpoints: Table[str, EndpointStatus]
    sessions: Table[UUID, SessionRow]
    rate_limits: Table[str, RateLimitRow]

    @classmethod
    def empty(cls) -> "State":
        """Create the state of a new shop."""
        return cls(
            users=Table(
                name="users",
                key=lambda user: user.id,
                unique={"uq_users_email": lambda user: user.email},
            ),
            addresses=Table(name="addresses", key=lambda address: address.id),
            customer_carts=Table(name="customer_carts", key=lambda cart: cart.user_id),
            accounts=Table(
                name="accounts",
                key=lambda account: account.id,
                unique={
                    "uq_accounts_user_id_currency": lambda account: (
                        account.user_id,
                        account.balance.currency,
                    )
                },
            ),
            transfers=Table(name="transfers", key=lambda transfer: transfer.id),
            categories=Table(name="categories", key=lambda category: category.slug),
            ended_categories=Table(name="ended_categories", key=lambda ended: ended.slug),
            imports=Table(name="imports", key=lambda each: each.id),
            products=Table(name="products", key=lambda product: product.handle),
            variants=Table(name="variants", key=lambda variant: variant.sku),
            price_changes=Table(name="price_changes", key=lambda row: row.id),
            product_categories=Table(name="product_categories", key=lambda row: row),
            product_texts=Table(name="product_texts", key=lambda text: text.handle),
            product_images=Table(name="product_images", key=lambda image: image.id),
            inventories=Table(name="inventories", key=lambda inventory: inventory.sku),
            pricing_rules=Table(name="pricing_rules", key=lambda each: (each.kind, each.slug)),
            rule_versions=Table(name="rule_versions", key=lambda _: 1),
            promotion_counters=Table(name="promotion_counters", key=lambda counter: counter.key),
            promotion_uses=Table(
                name="promotion_uses",
                key=lambda use: (use.promotion, use.order_id),
                unique={
                    "uq_promotion_uses_promotion_customer_key_n": lambda use: (
                        use.promotion,
                        use.customer_key,
                        # Null differs from null.
                        use.order_id if use.n is None else use.n,
                    )
                },
            ),
            user_groups=Table(name="user_groups", key=lambda row: row),
            stock_movements=Table(name="stock_movements", key=lambda movement: movement.id),
            orders=Table(
                name="orders",
                key=lambda order: order.id,
                unique={
                    "uq_orders_number": lambda order: order.number,
                    "uq_orders_user_id_idempotency_key": lambda order: order.idempotency_key,
                },
            ),
            status_changes=Table(
                name="order_events", key=lambda event: (event.order_id, event.sequence)
            ),
            payments=Table(name="payments", key=lambda payment: payment.order_id),
            deposits=Table(
                name="deposits",
                key=lambda deposit: deposit.id,
                unique={
                    "uq_deposits_user_id_idempotency_key": lambda deposit: deposit.idempotency_key
                },
            ),
            shipment_events=Table(name="shipment_events", key=lambda event: event.id),
            refunds=Table(
                name="refunds",
                key=lambda refund: refund.id,
                unique={
                    "uq_refunds_order_id_number": lambda refund: (refund.order_id, refund.number)
                },
            ),
            idempotency_keys=Table(name="idempotency_keys", key=lambda row: row.id),
            jobs=Table(name="jobs", key=lambda job: job.id),
            gateway_events=Table(
                name="gateway_events",
                key=lambda row: row.event.id,
                unique={"ix_gateway_events_job_subject_id": lambda row: row.job_subject_id},
            ),
            notification_deliveries=Table(
                name="notification_deliveries", key=lambda delivery: delivery.id
            ),
            webhook_endpoints=Table(name="webhook_endpoints", key=lambda status: status.url),
            sessions=Table(
                name="sessions",
                key=lambda row: row.session.id,
                unique={"uq_sessions_token_hash": lambda row: row.token_hash},
            ),
            rate_limits=Table(name="rate_limits", key=lambda row: row.key),
        )


class MemoryDatabase(Database):
    """A database in memory (`memory://`): its data is lost with this object.

    Every unit of work on it sees the same state. A commit copies the tables that it changes, so
    it is meant for demonstrations and tests, not for many orders.
    """

    def __init__(self) -> None:
        self.state = State.empty()
        self.writer = asyncio.Lock()
        """Held by the only unit of work that may commit; the others wait for it in order."""

    async def check(self) -> None:
        """Do nothing; memory is always available."""

    async def check_writing(self) -> None:
        """Do nothing; memory can always be written."""

    async def migrate(self) -> str | None:
        """Do nothing; there is no schema."""
        return None

    async def analyse(self) -> None:
        """Do nothing; there is no query planner."""

    async def close(self) -> None:
        """Do nothing; there are no connections."""
