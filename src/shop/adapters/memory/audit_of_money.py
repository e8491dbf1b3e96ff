"""What the audit asks of transfers, balances, charges and payments."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from uuid import UUID

from shop.adapters.memory.audit_of_orders import UNDONE, paid_orders
from shop.adapters.memory.database import State
from shop.application.ports.audit import Fact
from shop.domain.account import ShopAccount, Transfer, TransferKind
from shop.domain.money import Currency
from shop.domain.order import Order
from shop.domain.payment import PaymentMethod

Facts = Iterator[Mapping[str, Fact]]


def transfers_without_an_account(state: State) -> Facts:
    """Find transfers from or to an account that there is not."""
    for transfer in state.transfers.rows.values():
        known = _shop_accounts(transfer.amount.currency) | state.accounts.rows.keys()
        for account_id in _accounts(transfer):
            if account_id not in known:
                yield {"transfer": str(transfer.id), "account": str(account_id)}


def transfers_within_one_account(state: State) -> Facts:
    """Find transfers from an account to itself."""
    for transfer in state.transfers.rows.values():
        if transfer.debit_account_id == transfer.credit_account_id:
            yield {"transfer": str(transfer.id), "account": str(transfer.debit_account_id)}


def transfers_that_are_not_positive(state: State) -> Facts:
    """Find transfers of nothing or less."""
    for transfer in state.transfers.rows.values():
        if transfer.amount.amount <= 0:
            yield {"transfer": str(transfer.id), "amount": transfer.amount.amount}


def transfers_in_another_currency(state: State) -> Facts:
    """Find transfers in another currency than a customer's account has."""
    for transfer in state.transfers.rows.values():
        for account in state.accounts.get_many(_accounts(transfer)).values():
            if account.balance.currency != transfer.amount.currency:
                yield {"transfer": str(transfer.id), "account": str(account.id)}


def ledgers_that_are_not_zero(state: State) -> Facts:
    """Find currencies in which what customers have is not what the shop's accounts lack."""
    sums: Counter[Currency] = Counter()
    for account in state.accounts.rows.values():
        sums[account.balance.currency] += account.balance.amount
    for transfer in state.transfers.rows.values():
        currency = transfer.amount.currency
        shops = _shop_accounts(currency)
        sums[currency] += transfer.amount.amount * (transfer.credit_account_id in shops)
        sums[currency] -= transfer.amount.amount * (transfer.debit_account_id in shops)
    for currency, total in sorted(sums.items()):
        if total:
            yield {"currency": str(currency), "sum": total}


def balances_that_differ(state: State) -> Facts:
    """Find accounts whose balance is not the sum of their transfers."""
    sums: Counter[UUID] = Counter()
    for transfer in state.transfers.rows.values():
        sums[transfer.credit_account_id] += transfer.amount.amount
        sums[transfer.debit_account_id] -= transfer.amount.amount
    for account in state.accounts.rows.values():
        balance = account.balance.amount
        if balance != sums[account.id]:
            yield {"account": str(account.id), "balance": balance, "transfers": sums[account.id]}


def balances_below_their_limit(state: State) -> Facts:
    """Find accounts with less than they may have."""
    for account in state.accounts.rows.values():
        if account.balance < account.limit:
            yield {
                "account": str(account.id),
                "balance": account.balance.amount,
                "limit": account.limit.amount,
            }


def paid_orders_not_charged_once(state: State) -> Facts:
    """Find orders that were paid with no charge, or more than one."""
    charges = _of_orders(state, TransferKind.CHARGE)
    for order_id in sorted(paid_orders(state)):
        if len(charges[order_id]) != 1:
            yield {"order": str(order_id), "charges": len(charges[order_id])}


def charges_that_differ(state: State) -> Facts:
    """Find charges of another amount than their order's, from or to another account."""
    for order_id, charges in _of_orders(state, TransferKind.CHARGE).items():
        for order in state.orders.get_many([order_id]).values():
            for charge in charges:
                way = (_payer(state, order), ShopAccount.SALES.id_in(order.total.currency))
                if charge.amount != order.total or _accounts(charge) != way:
                    yield {"order": str(order_id), "transfer": str(charge.id)}


def charges_of_no_paid_order(state: State) -> Facts:
    """Find charges that no order asked for, or one that was never paid."""
    paid = paid_orders(state)
    for transfer in state.transfers.rows.values():
        if transfer.kind is TransferKind.CHARGE and transfer.order_id not in paid:
            yield {"transfer": str(transfer.id)}


def totals_other_than_their_lines(state: State) -> Facts:
    """Find orders whose total is not the sum of their lines."""
    for order in state.orders.rows.values():
        lines = sum(line.quantity * line.unit_price.amount for line in order.lines)
        if lines != order.total.amount:
            yield {"order": str(order.id), "total": order.total.amount, "lines": lines}


def payments_that_differ(state: State) -> Facts:
    """Find orders without a payment, or with one of another amount or method."""
    for order in state.orders.rows.values():
        payment = state.payments.rows.get(order.id)
        asked = (order.total, order.method)
        if payment is None or (payment.amount, payment.method) != asked:
            yield {
                "order": str(order.id),
                "total": order.total.amount,
                "payment": None if payment is None else payment.amount.amount,
            }


def charges_not_returned(state: State) -> Facts:
    """Find undone orders whose payer did not get back exactly what was charged."""
    charges = _of_orders(state, TransferKind.CHARGE)
    returns = _of_orders(state, TransferKind.RETURN)
    for order in state.orders.rows.values():
        if order.status in UNDONE and _paid_out(charges[order.id]) != _paid_in(returns[order.id]):
            yield {
                "order": str(order.id),
                "charged": sum(each.amount.amount for each in charges[order.id]),
                "returned": sum(each.amount.amount for each in returns[order.id]),
            }


def _paid_out(transfers: list[Transfer]) -> Counter[UUID]:
    paid: Counter[UUID] = Counter()
    for transfer in transfers:
        paid[transfer.debit_account_id] += transfer.amount.amount
    return paid


def _paid_in(transfers: list[Transfer]) -> Counter[UUID]:
    paid: Counter[UUID] = Counter()
    for transfer in transfers:
        paid[transfer.credit_account_id] += transfer.amount.amount
    return paid


def _of_orders(state: State, kind: TransferKind) -> defaultdict[UUID, list[Transfer]]:
    found: defaultdict[UUID, list[Transfer]] = defaultdict(list)
    for transfer in state.transfers.rows.values():
        if transfer.kind is kind and transfer.order_id is not None:
            found[transfer.order_id].append(transfer)
    return found


def _payer(state: State, order: Order) -> UUID | None:
    """Return the account that an order is charged to."""
    if order.method is PaymentMethod.CARD:
        return ShopAccount.CARD_CLEARING.id_in(order.total.currency)
    account = state.accounts.find(
        "uq_accounts_user_id_currency", (order.user_id, order.total.currency)
    )
    return None if account is None else account.id


def _accounts(transfer: Transfer) -> tuple[UUID, UUID]:
    return transfer.debit_account_id, transfer.credit_account_id


def _shop_accounts(currency: Currency) -> set[UUID]:
    return {account.id_in(currency) for account in ShopAccount}
