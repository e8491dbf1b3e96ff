"""Both revisions are measured in turn; the first failure ends a workload."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from bench.comparison.dialects import FIRST
from bench.comparison.installations import Installation
from bench.comparison.pairs import PairedRuns, Side, open_side, order_of_pair
from bench.comparison.results import Pair, Row
from bench.comparison.seed import Seed
from bench.comparison.workloads import WORKLOADS
from bench.load import InvalidRun, LoadGenerator, Responses
from bench.results import NoResult

ORDERS = WORKLOADS["orders"]


def test_every_second_pair_is_measured_in_reverse() -> None:
    load = Rates({"base": [100.0] * 4, "head": [110.0] * 4})
    sides = [_side("base"), _side("head")]

    row = _runs(sides, load).run(3)

    # The first two warm the servers up.
    assert load.asked == ["base", "head", "base", "head", "head", "base", "base", "head"]
    assert row == Row(workload=ORDERS, pairs=[Pair(base=100, head=110)] * 3, failure=None)
    assert order_of_pair(sides, 1) == sides[::-1]


def test_both_sides_settle_before_each_measurement() -> None:
    sides = [_side("base"), _side("head")]
    _runs(sides, Rates({"base": [1.0] * 2, "head": [1.0] * 2})).run(1)

    assert [_server(side).settled for side in sides] == [4, 4]


def test_failed_measurement_ends_its_workload_with_the_reason() -> None:
    reports: list[str] = []
    load = Rates({"base": [100.0] * 8, "head": [100.0] * 2})

    row = _runs([_side("base"), _side("head")], load, reports.append).run(7)

    assert row.failure == NoResult(reason="head: no answer")
    assert row.pairs == [Pair(base=100, head=100)] * 2
    assert "orders: no result: head: no answer" in reports[-1]
    assert "log of head" in reports[-1]


def test_failed_audit_takes_the_result_of_its_workload() -> None:
    rates = {"base": [100.0] * 8, "head": [100.0] * 8}
    sides = [_side("base"), _side("head", audit_error=RuntimeError("head: `shop audit` failed"))]

    row = _runs(sides, Rates(rates)).run(7)

    assert row.failure == NoResult(reason="head: `shop audit` failed")


def test_both_sides_pay_through_the_gateway_of_the_working_tree(tmp_path: Path) -> None:
    started: list[tuple[str, str, str | None]] = []
    base, head = (
        cast("Installation", StubInstallation(role, started)) for role in ("base", "head")
    )
    seed = cast("Seed", StubSeed())

    with open_side(base, seed, WORKLOADS["card-orders"], tmp_path / "a", gateway_from=head) as side:
        assert [server.url for server in side.servers] == ["head gateway", "base serve"]
    with open_side(base, seed, ORDERS, tmp_path / "b", gateway_from=head) as side:
        assert [server.url for server in side.servers] == ["base serve"]

    assert started == [
        ("head", "gateway", None),
        ("base", "serve", "head gateway"),
        ("base", "serve", None),
    ]


class Rates(LoadGenerator):
    """Answers with each side's rates in turn, after a warm-up; fails when they have run out."""

    def __init__(self, rates: dict[str, list[float]]) -> None:
        self._rates = {role: [1.0, *its] for role, its in rates.items()}
        self.asked: list[str] = []

    @property
    def name(self) -> str:
        return "rates"

    def run(self, *arguments: object, **options: object) -> Responses:
        del options
        _, url, *_ = arguments
        role = str(url)
        self.asked.append(role)
        if not self._rates[role]:
            raise InvalidRun("no answer")
        rate = self._rates[role].pop(0)
        return Responses(seconds=1, done=rate, orders=0, p50_ms=1, p99_ms=1)

    def _run(self, *_: object) -> dict[str, object]:
        raise NotImplementedError


class StubServer:
    """Starts nothing."""

    def __init__(self, role: str) -> None:
        self.url = role
        self.settled = 0

    def wait_until_open(self) -> None:
        pass

    def wait_until_quiet(self) -> None:
        self.settled += 1

    def last_lines(self) -> str:
        return f"log of {self.url}"


class StubInstallation:
    """Notes the servers that it is asked to start, each with its gateway's address."""

    dialect = FIRST

    def __init__(self, role: str, started: list[tuple[str, str, str | None]]) -> None:
        self.revision = SimpleNamespace(role=role)
        self._started = started

    @contextmanager
    def serving(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> Iterator[StubServer]:
        assert folder.is_dir()
        role = self.revision.role
        self._started.append((role, command[0], environment.get(FIRST.gateway_setting)))
        yield StubServer(f"{role} {command[0]}")


class StubSeed:
    """Copies nothing."""

    files = Path()

    def copy(self, name: str, folder: Path) -> SimpleNamespace:
        return SimpleNamespace(address=f"sqlite:///{folder / name}")


class StubSide:
    """Stands for a revision that was installed and started."""

    def __init__(self, role: str, audit_error: Exception | None) -> None:
        self.role = role
        self.files = Path()
        self.servers = [StubServer(role)]
        self._audit_error = audit_error

    def wait_until_idle(self) -> None:
        self.servers[0].wait_until_quiet()

    def audit(self) -> None:
        if self._audit_error:
            raise self._audit_error


def _side(role: str, audit_error: Exception | None = None) -> Side:
    return cast("Side", StubSide(role, audit_error))


def _server(side: Side) -> StubServer:
    return cast("StubServer", side.servers[0])


def _runs(
    sides: Sequence[Side], load: LoadGenerator, report: Callable[[str], None] = print
) -> PairedRuns:
    return PairedRuns(ORDERS, sides, load=load, seconds=1, report=report)
