"""The report of all metrics, and the sampling of what only each process knows."""

import asyncio
import os
from typing import Protocol

from shop.application.jobs.administration import JobService
from shop.application.ports.database import Database
from shop.application.ports.unit_of_work import DatabaseFailure

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder through which several processes share their counts."""

QUERY_TIMEOUT_SECONDS = 2
SAMPLE_SECONDS = 1.0


class CountedMetrics(Protocol):
    """The metrics as the report uses them."""

    def connections_counted(self, in_use: int, limit: int) -> None:
        """Set how many connections this process uses, and how many it may use."""

    def text(self, oldest_due_job_seconds: float | None) -> bytes:
        """Return all metrics in Prometheus' text format."""


class MetricsReport:
    """Writes the metrics; reads from the database what is not counted, one query at a time."""

    def __init__(
        self, metrics: CountedMetrics, database: Database, job_service: JobService
    ) -> None:
        self._metrics = metrics
        self._database = database
        self._job_service = job_service
        self._querying = asyncio.Lock()
        self._oldest_due_job_seconds: float | None = None

    async def text(self) -> bytes:
        """Return all metrics in Prometheus' text format.

        The age of the oldest due job is omitted while the database does not answer.
        """
        await self._query()
        self._metrics.connections_counted(*self._database.connections())
        return self._metrics.text(self._oldest_due_job_seconds)

    async def sample(self) -> None:
        """Keep what only this process knows up to date for reports of the others."""
        while FOLDER_VARIABLE in os.environ:
            self._metrics.connections_counted(*self._database.connections())
            await asyncio.sleep(SAMPLE_SECONDS)

    async def _query(self) -> None:
        if self._querying.locked():
            # A report that comes meanwhile shows what the query before has found.
            return
        async with self._querying:
            try:
                async with asyncio.timeout(QUERY_TIMEOUT_SECONDS):
                    age = await self._job_service.oldest_due_age()
            except (DatabaseFailure, TimeoutError):
                self._oldest_due_job_seconds = None
            else:
                self._oldest_due_job_seconds = age.total_seconds()
