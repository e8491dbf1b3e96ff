"""Payment methods: what each of them does with the money of orders."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from shop.application.payments.methods.account import AccountOrderPayments
from shop.application.payments.methods.card import CardOrderPayments
from shop.application.payments.methods.none import FreeOrderPayments
from shop.application.payments.methods.order_payments import OrderPayments
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import Account
from shop.domain.payment import PaymentMethod


def payments_by_method(
    uow: UnitOfWork, ids: IdGenerator, now: datetime, accounts: Mapping[UUID, Account]
) -> Mapping[PaymentMethod, OrderPayments]:
    """Return the payments of each method; the accounts, by their users, are locked."""
    return {
        PaymentMethod.ACCOUNT: AccountOrderPayments(uow, ids, now, accounts),
        PaymentMethod.CARD: CardOrderPayments(uow, ids, now),
        PaymentMethod.NONE: FreeOrderPayments(uow, ids, now),
    }
