"""A worker that does jobs in the same order in every shop, and may fall asleep over them."""

from collections.abc import Sequence

from shop.application.jobs.runner import JobRunner
from shop.application.ports.repositories.jobs import Job


class DeterministicWorker(JobRunner):
    """Does one job after the other: that of the oldest subject first."""

    async def run_due(self) -> int:
        jobs = await self.lease_due()
        await self.run_leased(jobs)
        return len(jobs)

    async def lease_due(self) -> Sequence[Job]:
        """Take what is due."""
        now = self._clock.now()
        jobs = await self._transactions.write(lambda uow: self._lease(uow, now), retryable=False)
        return sorted(jobs, key=lambda job: (job.id.subject_id, job.id.kind))

    async def run_leased(self, jobs: Sequence[Job]) -> None:
        """Do what was taken, now or long ago."""
        for job in jobs:
            await self._run(job)
