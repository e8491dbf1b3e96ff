"""One comparison: two revisions installed, seeded alike, and measured in pairs."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.comparison.installations import Installation, install
from bench.comparison.pairs import PairedRuns, Report, failed_row, open_side
from bench.comparison.results import Comparison, Row
from bench.comparison.revisions import Repository
from bench.comparison.seed import Seed, seed_database
from bench.comparison.workloads import ComparedWorkload
from bench.databases import Postgres, running_postgres
from bench.failures import FAILURES
from bench.load import LoadGenerator, load_generator
from bench.machine import describe
from bench.servers import ROOT


def compare(
    base: str, *, workloads: Sequence[ComparedWorkload], pairs: int, seconds: int, report: Report
) -> Comparison:
    """Compare the working tree with a commit; the row of a failed workload says why.

    Raise `RuntimeError` if one of the two cannot be installed.
    """
    repository, load = Repository(ROOT), load_generator()
    revisions = [repository.committed(base), repository.working_tree()]
    with (
        TemporaryDirectory(prefix="shop-bench-") as name,
        running_postgres(Path(name)) as postgres,
    ):
        folder = Path(name)
        installations = []
        for revision in revisions:
            report(f"Installing {revision.role}, {revision.name}")
            installations.append(install(repository, revision, folder / revision.role))
        runs = _Runs(
            installations=installations,
            postgres=postgres,
            load=load,
            folder=folder,
            pairs=pairs,
            seconds=seconds,
            report=report,
        )
        engines = dict.fromkeys(each.engine for each in workloads)
        rows = [
            row
            for engine in engines
            for row in runs.on(engine, [each for each in workloads if each.engine == engine])
        ]
        machine = describe(folder, postgres, load)
    return Comparison(
        machine=machine, base=revisions[0], head=revisions[1], seconds=seconds, rows=rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runs:
    """Runs the workloads of a comparison."""

    installations: Sequence[Installation]
    postgres: Postgres
    load: LoadGenerator
    folder: Path
    pairs: int
    seconds: int
    report: Report

    def on(self, engine: str, workloads: Sequence[ComparedWorkload]) -> Sequence[Row]:
        """Return the rows of the workloads on one engine."""
        self.report(f"Seeding both databases on {engine}")
        try:
            seeds = [
                seed_database(
                    each, engine, self.postgres, self.folder / each.revision.role / engine / "seed"
                )
                for each in self.installations
            ]
        except FAILURES as error:
            return [failed_row(workload, error, self.report) for workload in workloads]
        return [self._row(workload, seeds) for workload in workloads]

    def _row(self, workload: ComparedWorkload, seeds: Sequence[Seed]) -> Row:
        *_, working_tree = self.installations
        try:
            with ExitStack() as stack:
                sides = [
                    stack.enter_context(
                        open_side(
                            each,
                            seed,
                            workload,
                            self.folder / each.revision.role / workload.engine / workload.name,
                            gateway_from=working_tree,
                        )
                    )
                    for each, seed in zip(self.installations, seeds, strict=True)
                ]
                runs = PairedRuns(
                    workload, sides, load=self.load, seconds=self.seconds, report=self.report
                )
                return runs.run(self.pairs)
        except FAILURES as error:
            return failed_row(workload, error, self.report)
