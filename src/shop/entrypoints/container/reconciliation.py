"""Reconciliation: whether the records agree, here and at the payment gateway."""

from dependency_injector import providers

from shop.application.reconciliation.audit import AuditGateway, AuditShop
from shop.application.reconciliation.comparison import PaymentComparison
from shop.application.reconciliation.repair import ReconcilePayments
from shop.entrypoints.container.transactions import TransactionContainer as Base


class ReconciliationContainer(Base):
    """The audits, and the comparison with the payment gateway."""

    audit_shop = providers.Singleton(
        AuditShop, Base.transaction_runner, Base.clock, Base.policies.provided.retry.lease
    )
    payment_comparison = providers.Singleton(
        PaymentComparison, Base.transaction_runner, Base.payment_gateway
    )
    audit_gateway = providers.Singleton(AuditGateway, payment_comparison, Base.clock)
    reconcile_payments = providers.Singleton(
        ReconcilePayments, Base.transaction_runner, payment_comparison, Base.clock
    )
