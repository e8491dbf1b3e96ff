"""Measures pairs: both revisions under the same load in turn (AB BA AB ...)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.comparison.installations import Installation
from bench.comparison.results import Pair, Row
from bench.comparison.revisions import BASE, HEAD
from bench.comparison.seed import Seed
from bench.comparison.workloads import ComparedWorkload
from bench.failures import FAILURES, reason_of
from bench.load import InvalidRun, LoadGenerator
from bench.results import NoResult
from bench.servers import Server

WARM_UP_SECONDS = 2

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A revision with its own database and running servers."""

    installation: Installation
    environment: Mapping[str, str]
    folder: Path
    files: Path
    servers: Sequence[Server]

    @property
    def role(self) -> str:
        """Base or head."""
        return self.installation.revision.role

    def wait_until_idle(self) -> None:
        """Wait until its servers have finished the work of earlier requests."""
        for server in self.servers:
            server.wait_until_idle()

    def audit(self) -> None:
        """Let the revision audit its own database; raise `RuntimeError` if that fails."""
        self.installation.run(self.installation.dialect.audit, self.environment, self.folder)


@contextmanager
def open_side(
    installation: Installation,
    seed: Seed,
    workload: ComparedWorkload,
    folder: Path,
    *,
    gateway_from: Installation,
) -> Iterator[Side]:
    """Start a revision on a new copy of its seed, with a gateway if needed.

    Like the load generator, the gateway stands for the outside world: both sides get the
    same program, so that only the shops differ.
    """
    folder.mkdir(parents=True)
    dialect, role = installation.dialect, installation.revision.role
    database = seed.copy(f"{role}_{workload.name.replace('-', '_')}", folder)
    with ExitStack() as stack:
        gateways = []
        if workload.needs_gateway:
            place = folder / "gateway"
            place.mkdir()
            command = [*gateway_from.dialect.gateway, str(place / "gateway.db")]
            gateways = [stack.enter_context(gateway_from.serving(command, {}, place))]
        url = gateways[0].url if gateways else None
        environment = dialect.environment(database.address, url)
        server = stack.enter_context(installation.serving(dialect.serve, environment, folder))
        yield Side(
            installation=installation,
            environment=environment,
            folder=folder,
            files=seed.files,
            servers=[*gateways, server],
        )


class PairedRuns:
    """Measures one workload on two sides."""

    def __init__(
        self,
        workload: ComparedWorkload,
        sides: Sequence[Side],
        *,
        load: LoadGenerator,
        seconds: int,
        report: Report,
    ) -> None:
        self._workload = workload
        self._sides = sides
        self._load = load
        self._seconds = seconds
        self._report = report

    def run(self, pairs: int) -> Row:
        """Return the workload's row; the first failure ends its measurements."""
        done: list[Pair] = []
        try:
            self._warm_up()
            for number in range(pairs):
                done += [self._pair(number, pairs)]
            for side in self._sides:
                side.audit()
        except FAILURES as error:
            return failed_row(self._workload, error, self._report, done)
        return Row(workload=self._workload, pairs=done, failure=None)

    def _warm_up(self) -> None:
        for side in self._sides:
            for server in side.servers:
                server.wait_until_open()
        for side in self._sides:
            self._measure(side, WARM_UP_SECONDS)

    def _pair(self, number: int, pairs: int) -> Pair:
        values = {
            side.role: self._measure(side, self._seconds)
            for side in order_of_pair(self._sides, number)
        }
        pair = Pair(base=values[BASE], head=values[HEAD])
        measure = self._workload.measure
        self._report(
            f"{self._workload.name}, pair {number + 1} of {pairs}:"
            f" base {pair.base:,.1f}, head {pair.head:,.1f} {measure.value},"
            f" ratio {measure.ratio(pair.base, pair.head):.3f}"
        )
        return pair

    def _measure(self, side: Side, seconds: int) -> float:
        # Remaining work of either side would take processor time from this run.
        for each in self._sides:
            each.wait_until_idle()
        *_, server = side.servers
        try:
            responses = self._load.run(
                self._workload.requests,
                server.url,
                side.files,
                self._workload.clients,
                seconds,
                side.wait_until_idle,
            )
        except InvalidRun as error:
            invalid = InvalidRun(f"{side.role}: {error}")
            invalid.add_note(f"Last lines of the server's log:\n{server.last_lines()}")
            raise invalid from None
        return self._workload.measure.of(responses)


def order_of_pair(sides: Sequence[Side], number: int) -> Sequence[Side]:
    """Return the sides in the order of this pair: every second pair is reversed.

    A machine that grows slower or faster meanwhile thus favours neither.
    """
    return sides[::-1] if number % 2 else sides


def failed_row(
    workload: ComparedWorkload, error: Exception, report: Report, pairs: Sequence[Pair] = ()
) -> Row:
    """Report a failure; return its row."""
    failure = NoResult(reason=reason_of(error))
    notes = getattr(error, "__notes__", ())
    report("\n".join([f"{workload.name}: no result: {failure.reason}", *notes]))
    return Row(workload=workload, pairs=pairs, failure=failure)
