"""Audit rules of transfers, balances, charges and payments."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from shop.adapters.memory.audit.orders import CLOSED, FULFILLABLE, ever_paid_orders
from shop.adapters.memory.engine.database import State
from shop.application.ports.repositories.audit import ALLOWED_PAYMENT_STATUSES, Fact
from shop.domain.account import ShopAccount, Transfer, TransferKind
from shop.domain.deposit import Deposit
from shop.domain.orders.order import Order, OrderStatus
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.domain.shared.money import Currency

Facts = Iterator[Mapping[str, Fact]]

_ORDER_TRANSFER_KINDS = frozenset({TransferKind.CHARGE, TransferKind.REFUND})


def transfers_without_account(state: State) -> Facts:
    """Find transfers whose account does not exist in their currency."""
    for transfer in state.transfers.rows.values():
        currency = transfer.amount.currency
        known = {account.account_id(currency) for account in ShopAccount} | {
            account.id
            for account in state.accounts.get_many(_accounts_of(transfer)).values()
            if account.balance.currency == currency
        }
        if not known.issuperset(_accounts_of(transfer)):
            yield {"transfer_id": str(transfer.id)}


def empty_transfers(state: State) -> Facts:
    """Find transfers without a positive amount, or from an account to itself."""
    for transfer in state.transfers.rows.values():
        amount = transfer.amount.amount
        if amount <= 0 or transfer.debit_account_id == transfer.credit_account_id:
            yield {"transfer_id": str(transfer.id), "amount": amount}


def unbalanced_ledgers(state: State) -> Facts:
    """Find currencies in which the balances of all accounts do not sum to 0."""
    moved, surplus = _moved(state), Counter[Currency]()
    currencies = {transfer.amount.currency for transfer in state.transfers.rows.values()}
    for currency in currencies:
        surplus[currency] += sum(moved[each.account_id(currency)] for each in ShopAccount)
    for account in state.accounts.rows.values():
        surplus[account.balance.currency] += account.balance.amount
    for currency, amount in sorted(surplus.items()):
        if amount:
            yield {"currency": str(currency), "surplus": amount}


def balance_mismatches(state: State) -> Facts:
    """Find accounts whose balance differs from the sum of their transfers."""
    moved = _moved(state)
    for account in state.accounts.rows.values():
        facts = {"balance": account.balance.amount, "transferred": moved[account.id]}
        if facts["balance"] != facts["transferred"]:
            yield {"account_id": str(account.id), **facts}


def balances_below_minimum(state: State) -> Facts:
    """Find accounts below their minimum balance."""
    for account in state.accounts.rows.values():
        if account.balance < account.minimum_balance:
            yield {
                "account_id": str(account.id),
                "balance": account.balance.amount,
                "minimum_balance": account.minimum_balance.amount,
            }


def orders_not_charged_once(state: State) -> Facts:
    """Find orders that were ever paid, but not with one charge of their total."""
    charges = _transfers_by_order(state, TransferKind.CHARGE)
    for order in ever_paid_orders(state):
        amounts = [charge.amount.amount for charge in charges[order.id]]
        # An order of 0 is charged nothing.
        if amounts != ([order.total.amount] if order.total.amount else []):
            yield {
                "order_id": str(order.id),
                "total": order.total.amount,
                "charges": len(amounts),
                "charged": sum(amounts),
            }


def order_money_mismatches(state: State) -> Facts:
    """Find orders whose refunded money does not match their status and refunds."""
    charges = _transfers_by_order(state, TransferKind.CHARGE)
    returns = _transfers_by_order(state, TransferKind.REFUND)
    refunds = Counter[UUID]()
    for refund in state.refunds.rows.values():
        refunds[refund.order_id] += refund.amount.amount
    for order in state.orders.rows.values():
        charged, returned = _sum(charges[order.id]), _sum(returns[order.id])
        if not _is_expected_return(order, charged, returned, refunds[order.id]):
            yield {
                "order_id": str(order.id),
                "status": order.status.value,
                "total": order.total.amount,
                "charged": charged,
                "returned": returned,
                "refunded": refunds[order.id],
            }


def payment_mismatches(state: State) -> Facts:
    """Find orders without a payment that matches them."""
    for order in state.orders.rows.values():
        payment = state.payments.rows.get(order.id)
        if payment is None or not _payment_matches(payment, order):
            yield {
                "order_id": str(order.id),
                "status": order.status.value,
                "total": order.total.amount,
                "payment_status": None if payment is None else payment.status.value,
                "amount": None if payment is None else payment.amount.amount,
            }


def charges_to_wrong_account(state: State) -> Facts:
    """Find charges and refunds between other accounts than the payer's and sales."""
    for transfer in state.transfers.rows.values():
        if transfer.kind in _ORDER_TRANSFER_KINDS:
            order = state.orders.rows.get(transfer.order_id) if transfer.order_id else None
            if order is None or _accounts_of(transfer) != _expected_accounts(
                state, order, transfer
            ):
                order_id = None if transfer.order_id is None else str(transfer.order_id)
                yield {"transfer_id": str(transfer.id), "order_id": order_id}


def deposit_mismatches(state: State) -> Facts:
    """Find deposits without their transfer, and transfers without their deposit."""
    for deposit in state.deposits.rows.values():
        transfer = state.transfers.rows.get(deposit.id)
        is_due = deposit.status in {PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED}
        is_credited = transfer is not None and _credits_deposit(transfer, deposit)
        if not is_credited if is_due else transfer is not None:
            yield {
                "deposit_id": str(deposit.id),
                "status": deposit.status.value,
                "amount": deposit.amount.amount,
                "transferred": None if transfer is None else transfer.amount.amount,
            }
    for transfer in state.transfers.rows.values():
        if transfer.kind is TransferKind.DEPOSIT and transfer.id not in state.deposits.rows:
            yield {
                "deposit_id": str(transfer.id),
                "status": None,
                "amount": None,
                "transferred": transfer.amount.amount,
            }


def _credits_deposit(transfer: Transfer, deposit: Deposit) -> bool:
    """Check that a transfer credits a deposit to its account."""
    return (
        transfer.kind is TransferKind.DEPOSIT
        and transfer.amount == deposit.amount
        and transfer.credit_account_id == deposit.account_id
        and transfer.debit_account_id
        == ShopAccount.CARD_CLEARING.account_id(deposit.amount.currency)
    )


def transfers_without_order(state: State) -> Facts:
    """Find transfers whose order is missing, or that are neither charge nor refund."""
    for transfer in state.transfers.rows.values():
        is_known = transfer.order_id in state.orders.rows and transfer.kind in _ORDER_TRANSFER_KINDS
        if transfer.order_id is not None and not is_known:
            yield {"transfer_id": str(transfer.id), "order_id": str(transfer.order_id)}


def closed_orders_with_money(state: State) -> Facts:
    """Find closed orders whose charge was not refunded exactly."""
    charges = _transfers_by_order(state, TransferKind.CHARGE)
    returns = _transfers_by_order(state, TransferKind.REFUND)
    for order in state.orders.rows.values():
        kept = _sum(charges[order.id]) - _sum(returns[order.id])
        if order.status in CLOSED and kept:
            yield {"order_id": str(order.id), "status": order.status.value, "kept": kept}


def _moved(state: State) -> Counter[UUID]:
    """Sum the transfers of each account."""
    moved: Counter[UUID] = Counter()
    for transfer in state.transfers.rows.values():
        moved[transfer.credit_account_id] += transfer.amount.amount
        moved[transfer.debit_account_id] -= transfer.amount.amount
    return moved


def _transfers_by_order(
    state: State, kind: TransferKind
) -> defaultdict[UUID | None, list[Transfer]]:
    by_order: defaultdict[UUID | None, list[Transfer]] = defaultdict(list)
    for transfer in state.transfers.rows.values():
        if transfer.kind is kind:
            by_order[transfer.order_id].append(transfer)
    return by_order


def _sum(transfers: Iterable[Transfer]) -> int:
    return sum(transfer.amount.amount for transfer in transfers)


def _is_expected_return(order: Order, charged: int, returned: int, refunded: int) -> bool:
    """Check an order's refunded money; other rules check charges and closed orders."""
    if order.status in FULFILLABLE:
        return returned == refunded and (refunded < order.total.amount or not order.total.amount)
    if order.status is OrderStatus.REFUNDED:
        return returned == refunded == order.total.amount
    return order.status is not OrderStatus.PENDING or charged == returned == 0


def _payment_matches(payment: Payment, order: Order) -> bool:
    if (payment.amount, payment.method) != (order.total, order.payment_method):
        return False
    return payment.status in ALLOWED_PAYMENT_STATUSES[order.status]


def _expected_accounts(
    state: State, order: Order, transfer: Transfer
) -> tuple[UUID | None, UUID | None]:
    """Return the debit and credit account that a charge or refund must have.

    A card payment may be refunded to the account if the refund says so.
    """
    currency = order.total.currency
    sales = ShopAccount.SALES.account_id(currency)
    refund = state.refunds.rows.get(transfer.id)
    if transfer.kind is TransferKind.CHARGE:
        return _paying_account(state, order, order.payment_method), sales
    return sales, _paying_account(
        state, order, order.payment_method if refund is None else refund.to
    )


def _paying_account(state: State, order: Order, method: PaymentMethod) -> UUID | None:
    currency = order.total.currency
    if method is PaymentMethod.ACCOUNT:
        key = (order.user_id, currency)
        account = state.accounts.find("uq_accounts_user_id_currency", key)
        return None if account is None else account.id
    is_card_order = order.payment_method is PaymentMethod.CARD
    return ShopAccount.CARD_CLEARING.account_id(currency) if is_card_order else None


def _accounts_of(transfer: Transfer) -> tuple[UUID, UUID]:
    return transfer.debit_account_id, transfer.credit_account_id
