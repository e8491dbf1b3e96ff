"""The results of a run, stored as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")

FOLDER = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine and the software of a run."""

    processor: str
    cores: int
    memory_gib: int
    kernel: str
    filesystem: str
    python: str
    postgresql: str
    sqlite: str
    load_generator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A point of measurement: a subject, a workload and a number of clients."""

    engine: str
    subject: str
    processes: int
    workload: str
    clients: int


def label(cell: Cell) -> str:
    """Return a short description of a cell."""
    processes = f" in {cell.processes}" if cell.processes else ""
    return f"{cell.subject}{processes}, {cell.engine}, {cell.workload}, {cell.clients} clients"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cores:
    """How many cores each part kept busy; `others` is the rest of the machine."""

    server: float
    database: float
    load: float
    others: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One run of a cell: its rate, latencies, processor time, rejections and memory afterwards."""

    cell: Cell
    round: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cores: Cores
    rejected_per_second: float = 0.0
    server_mib: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """The average number of statements and commits per order of a cell."""

    cell: Cell
    statements: float
    commits: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed measurement, the part of the run in which it failed, and the reason."""

    cell: Cell
    during: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoResult:
    """Replaces a number that needs a failed measurement."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The median and the range of a number over the rounds of a run."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, numbers: Iterable[float]) -> "Range":
        """Return the range of these numbers."""
        values = list(numbers)
        return cls(median=median(values), least=min(values), most=max(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A key figure of a run."""

    name: str
    value: Range | NoResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A cell over all rounds, with its ratios to the database limit and the baseline."""

    cell: Cell
    per_second: Range
    p50_ms: Range
    p99_ms: Range
    cores: Cores
    to_limit: Range | NoResult | None
    to_baseline: Range | NoResult | None
    statements: float | None
    commits: float | None
    rejected_per_second: float = 0.0
    server_mib: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One run of the benchmark."""

    machine: Machine
    rounds: int
    seconds: int
    figures: Sequence[Figure]
    rows: Sequence[Row]
    statements: Sequence[Statements]
    measurements: Sequence[Measurement]
    failures: Sequence[Failure] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSize:
    """The results of a shop with this number of orders and products."""

    orders: int
    server_mib: float
    rows: Sequence[Row]
    measurements: Sequence[Measurement]
    failures: Sequence[Failure] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingResults:
    """One run of the benchmark over sizes."""

    machine: Machine
    rounds: int
    seconds: int
    figures: Sequence[Figure]
    sizes: Sequence[DatasetSize]

    @property
    def failures(self) -> Sequence[Failure]:
        """The failed measurements of every size."""
        return [failure for size in self.sizes for failure in size.failures]


def write(name: str, results: Results | ScalingResults) -> Path:
    """Store results under a name; return the file."""
    file = FOLDER / f"{name}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(TypeAdapter(type(results)).dump_json(results, indent=1) + b"\n")
    return file


def read(file: Path, kind: type[T]) -> T:
    """Return the results that a file contains."""
    return TypeAdapter(kind).validate_json(file.read_bytes())
