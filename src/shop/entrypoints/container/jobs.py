"""Jobs: which use case runs each kind of job, and the worker that runs them."""

from typing import Any

from dependency_injector import providers

from shop.application.identity.sweep import Sweep
from shop.application.jobs.runner import JobRunner
from shop.application.ports.repositories.jobs import JobKind
from shop.entrypoints.container.catalogue import CatalogueContainer
from shop.entrypoints.container.checkout import CheckoutContainer as Base
from shop.entrypoints.container.metrics import MetricsContainer
from shop.entrypoints.container.orders import OrderContainer
from shop.entrypoints.worker import Worker


def _runner(
    handlers: dict[JobKind, providers.Provider[Any]],
    end_dead: dict[JobKind, providers.Provider[Any]] | None = None,
) -> providers.Singleton[JobRunner]:
    return providers.Singleton(
        JobRunner,
        Base.transaction_runner,
        Base.clock,
        Base.policies.provided.retry,
        providers.Dict(handlers),
        Base.metrics,
        end_dead=providers.Dict(end_dead or {}),
    )


class JobContainer(Base, OrderContainer, CatalogueContainer, MetricsContainer):
    """The job runners, each with its own kinds of jobs, and the worker."""

    payment_job_runner = _runner(
        {
            JobKind.HANDLE_GATEWAY_EVENT: Base.handle_gateway_events.provided.handle,
            JobKind.RESOLVE_PAYMENT: Base.payment_jobs.provided.resolve,
            JobKind.CAPTURE_PAYMENT: Base.payment_jobs.provided.capture,
            JobKind.RESOLVE_DEPOSIT: Base.deposit_service.provided.resolve,
            JobKind.CAPTURE_DEPOSIT: Base.deposit_service.provided.capture,
            JobKind.REVERSE_PAYMENT: Base.payment_jobs.provided.reverse,
            JobKind.REFUND_PAYMENT: OrderContainer.refund_jobs.provided.refund,
        }
    )
    webhook_job_runner = _runner(
        {JobKind.SEND_WEBHOOK: Base.send_notifications.provided.send_webhook}
    )
    email_job_runner = _runner({JobKind.SEND_EMAIL: Base.send_notifications.provided.send_email})
    import_job_runner = _runner(
        {JobKind.IMPORT_PRODUCTS: CatalogueContainer.import_jobs.provided.run},
        {JobKind.IMPORT_PRODUCTS: CatalogueContainer.import_jobs.provided.end_dead},
    )
    category_job_runner = _runner(
        {JobKind.SWEEP_CATEGORY: CatalogueContainer.category_sweep.provided.run}
    )
    image_job_runner = _runner(
        {JobKind.MAKE_IMAGE_SIZES: CatalogueContainer.image_service.provided.make_sizes}
    )
    sweep = providers.Singleton(
        Sweep,
        providers.List(
            Base.session_service.provided.purge_expired,
            Base.rate_limiter.provided.purge_expired,
            CatalogueContainer.image_sweep.provided.run,
            CatalogueContainer.import_service.provided.sweep,
        ),
    )
    worker = providers.Singleton(
        Worker,
        providers.List(
            payment_job_runner,
            webhook_job_runner,
            email_job_runner,
            image_job_runner,
            category_job_runner,
            import_job_runner,
        ),
        Base.clock,
        sweep,
        MetricsContainer.auditor,
    )
