"""Counts what happens in the shop, in the form that Prometheus reads.

With several server processes, the counts are in files that all of them read: see
`PROMETHEUS_MULTIPROC_DIR` of the library. Every response is then complete, whichever process it
comes from.
"""

import os
from collections.abc import Iterator, Mapping
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from shop.application.ports.metrics import Metrics
from shop.application.ports.repositories.jobs import JobKind
from shop.domain.notification import NotificationDeliveryStatus

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class PrometheusMetrics(Metrics):
    """The metrics of a process, or of all processes that share a folder."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._requests = Counter(
            "shop_http_requests",
            "Requests by route template, method and status.",
            ("route", "method", "status"),
            registry=registry,
        )
        self._durations = Histogram(
            "shop_http_request_seconds",
            "Time from a request's head to its response's end.",
            ("route", "method"),
            registry=registry,
            buckets=_SECONDS,
        )
        self._orders = Counter(
            "shop_orders",
            "Requests to order by the order's status, or the code of the error.",
            ("outcome",),
            registry=registry,
        )
        self._promotion_uses = Counter(
            "shop_promotion_uses",
            "Promotions that orders have taken or given back.",
            ("outcome",),
            registry=registry,
        )
        self._group_sizes = Histogram(
            "shop_group_size",
            "Commands that were decided together.",
            ("queue",),
            registry=registry,
            buckets=_SIZES,
        )
        self._waits = Histogram(
            "shop_queue_wait_seconds",
            "Longest wait of a group's commands in the queue.",
            ("queue",),
            registry=registry,
            buckets=_SECONDS,
        )
        self._shed = Counter(
            "shop_shed",
            "Commands and requests that were rejected because of their wait.",
            ("queue",),
            registry=registry,
        )
        self._jobs = Counter(
            "shop_jobs", "Attempts at jobs.", ("kind", "outcome"), registry=registry
        )
        self._webhooks = Counter(
            "shop_webhook_attempts",
            "Attempts to deliver a webhook, by the delivery's status after it.",
            ("status",),
            registry=registry,
        )
        self._rejected_images = Counter(
            "shop_image_rejections",
            "Uploaded files that are no accepted images, by the reason.",
            ("reason",),
            registry=registry,
        )
        self._connections_in_use = Gauge(
            "shop_database_connections_in_use",
            "Connections to the database that are in use.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._connections = Gauge(
            "shop_database_connections_limit",
            "Connections to the database that may be in use at once.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._violations = Gauge(
            "shop_invariant_violations",
            "Violations that the last audit found, up to a hundred of each rule.",
            ("invariant",),
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self._audited_at = Gauge(
            "shop_audit_timestamp_seconds",
            "When the last audit ended.",
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        # The library looks each child up by its labels, which takes longer than counting.
        self._request_counter = cache(self._requests.labels)
        self._duration_of = cache(self._durations.labels)
        self._order_counter = cache(self._orders.labels)
        self._group_size_of = cache(self._group_sizes.labels)
        self._wait_of = cache(self._waits.labels)

    def request_answered(self, route: str, method: str, status: int | None, seconds: float) -> None:
        """Count a request; without a status, the client left before the response."""
        self._request_counter(route, method, str(status or "none")).inc()
        self._duration_of(route, method).observe(seconds)

    def group_decided(self, queue: str, size: int, waited_seconds: float) -> None:
        """Count a group of commands, and how long its first one has waited."""
        self._group_size_of(queue).observe(size)
        self._wait_of(queue).observe(waited_seconds)

    def commands_shed(self, queue: str, count: int) -> None:
        """Count commands that were rejected because they would wait or have waited too long."""
        self._shed.labels(queue).inc(count)

    def requests_shed(self, count: int) -> None:
        """Count requests that were rejected at the entrance, before any work for them."""
        self._shed.labels("entrance").inc(count)

    def order_answered(self, outcome: str) -> None:
        """Count a new order by its status, or a rejected one by the error's code."""
        self._order_counter(outcome).inc()

    def promotions_used(self, outcome: str, count: int) -> None:
        """Count promotions that a new order has taken, or an ended one has given back."""
        self._promotion_uses.labels(outcome).inc(count)

    def image_rejected(self, reason: str) -> None:
        """Count an uploaded file that is not an accepted image, by the reason of the error."""
        self._rejected_images.labels(reason).inc()

    def job_ended(self, kind: JobKind, outcome: str) -> None:
        """Count an attempt at a job."""
        self._jobs.labels(kind.value, outcome).inc()

    def webhook_answered(self, status: NotificationDeliveryStatus) -> None:
        """Count an attempt to deliver a webhook by the delivery's status after it."""
        self._webhooks.labels(status.value).inc()

    def connections_counted(self, in_use: int, limit: int) -> None:
        """Set how many connections this process uses, and how many it may use."""
        self._connections_in_use.set(in_use)
        self._connections.set(limit)

    def audited(self, violations: Mapping[int, int], at: float) -> None:
        """Set how many violations of each invariant an audit has found, and when."""
        for invariant, count in violations.items():
            self._violations.labels(str(invariant)).set(count)
        self._audited_at.set(at)

    def text(self, oldest_due_job_seconds: float | None) -> bytes:
        """Return all metrics in Prometheus' text format; an unknown age is omitted."""
        shown = self._registry
        if FOLDER_VARIABLE in os.environ:
            shown = CollectorRegistry()
            MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
        text = generate_latest(shown)
        if oldest_due_job_seconds is None:
            return text
        age = GaugeMetricFamily(
            "shop_oldest_due_job_seconds",
            "How long the job that has been due for longest is due; 0 if none is.",
            value=oldest_due_job_seconds,
        )
        return text + _text_of(age)


class _One(Collector):
    def __init__(self, family: GaugeMetricFamily) -> None:
        self._family = family

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return one metric."""
        yield self._family


def _text_of(family: GaugeMetricFamily) -> bytes:
    registry = CollectorRegistry()
    registry.register(_One(family))
    return generate_latest(registry)
