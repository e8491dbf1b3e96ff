"""Results: what was measured where, as it is kept in a file of JSON."""

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
    """What the measurements were made on."""

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
    """Who was measured, at what, under how many clients."""

    engine: str
    subject: str
    processes: int
    workload: str
    clients: int


def label(cell: Cell) -> str:
    """Return a cell in a few words."""
    processes = f" in {cell.processes}" if cell.processes else ""
    return f"{cell.subject}{processes}, {cell.engine}, {cell.workload}, {cell.clients} clients"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cores:
    """How many cores each part kept busy; the others are whatever else the machine did."""

    server: float
    database: float
    load: float
    others: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One run of a cell: what was done in a second, and how long one request took."""

    cell: Cell
    round: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cores: Cores


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """What one order takes of the database in a cell, averaged."""

    cell: Cell
    statements: float
    commits: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A measurement that has no result, the part of the run that it failed in, and the reason."""

    cell: Cell
    during: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoResult:
    """Stands in place of a number that needs a failed measurement."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A number over the rounds of one run."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, numbers: Iterable[float]) -> "Range":
        """Return the range of these numbers."""
        seen = list(numbers)
        return cls(median=median(seen), least=min(seen), most=max(seen))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number to keep an eye on."""

    name: str
    value: Range | NoResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A cell over all rounds; beside the limit's best, and beside naive under as many clients."""

    cell: Cell
    per_second: Range
    p50_ms: Range
    p99_ms: Range
    cores: Cores
    to_limit: Range | NoResult | None
    to_baseline: Range | NoResult | None
    statements: float | None
    commits: float | None


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
    """A shop that has so many orders and as many products, and how it fared."""

    orders: int
    server_mib: float
    rows: Sequence[Row]
    measurements: Sequence[Measurement]
    failures: Sequence[Failure] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingResults:
    """One run of the benchmark of growth."""

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
    """Keep results under a name; return the file."""
    file = FOLDER / f"{name}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(TypeAdapter(type(results)).dump_json(results, indent=1) + b"\n")
    return file


def read(file: Path, kind: type[T]) -> T:
    """Return the results that a file keeps."""
    return TypeAdapter(kind).validate_json(file.read_bytes())
