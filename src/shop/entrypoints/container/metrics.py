"""Metrics: their report, and the audits that it shows."""

from dependency_injector import providers

from shop.application.jobs.administration import JobService
from shop.entrypoints.container.reconciliation import ReconciliationContainer as Base
from shop.entrypoints.metrics.auditor import Auditor
from shop.entrypoints.metrics.report import MetricsReport


class MetricsContainer(Base):
    """The report of the metrics, and the auditor."""

    job_service = providers.Singleton(JobService, Base.transaction_runner, Base.clock)
    metrics_report = providers.Singleton(MetricsReport, Base.metrics, Base.database, job_service)
    auditor = providers.Singleton(
        Auditor, Base.audit_shop, Base.metrics, Base.clock, Base.settings.provided.audit_seconds
    )
