"""Measures one run of one subject, with its processor time and statements."""

import resource
import time

from bench.databases import POSTGRESQL, Postgres, PostgresDatabase
from bench.processes import busy_seconds, cpu_seconds, memory_bytes
from bench.results import Cell, Cores, Measurement, Statements
from bench.subjects import Subject
from bench.workloads import Workload

MIB = 2**20


def measure(
    postgres: Postgres,
    subject: Subject,
    cell: Cell,
    workload: Workload,
    *,
    number: int,
    seconds: int,
) -> Measurement:
    """Run a subject once at the workload of a cell; raise `InvalidRun`."""
    subject.prepare()
    database_pid = postgres.pid if cell.engine == POSTGRESQL else None
    began, before = time.monotonic(), _cpu(subject.server_pid, database_pid)
    responses = subject.run(workload, cell.clients, seconds)
    elapsed, after = time.monotonic() - began, _cpu(subject.server_pid, database_pid)
    server, database, load, all_ = ((b - a) / elapsed for a, b in zip(before, after, strict=True))
    memory = memory_bytes(subject.server_pid) if subject.server_pid else 0
    # Remaining work would take processor time from the next subject.
    subject.finish()
    return Measurement(
        cell=cell,
        round=number,
        per_second=responses.done / responses.seconds,
        p50_ms=responses.p50_ms,
        p99_ms=responses.p99_ms,
        cores=Cores(
            server=server,
            database=database,
            load=load,
            others=max(all_ - server - database - load, 0.0),
        ),
        rejected_per_second=responses.rejected / responses.seconds,
        server_mib=memory / MIB,
    )


def count_statements(
    subject: Subject,
    database: PostgresDatabase,
    cell: Cell,
    workload: Workload,
    *,
    seconds: int,
) -> Statements:
    """Run a subject once at the workload of a cell, and count its statements."""
    before = database.orders()
    with database.postgres.counting(database.name) as counted:
        subject.run(workload, cell.clients, seconds)
        subject.wait_until_idle()
    (count,) = counted
    # Orders whose response came after the run are counted, too.
    orders = database.orders() - before
    return Statements(
        cell=cell, statements=count.statements / orders, commits=count.commits / orders
    )


def _cpu(server_pid: int | None, database_pid: int | None) -> tuple[float, float, float, float]:
    # The load generator is a child that has ended when this is called again.
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        cpu_seconds(server_pid) if server_pid else 0.0,
        cpu_seconds(database_pid) if database_pid else 0.0,
        children.ru_utime + children.ru_stime,
        busy_seconds(),
    )
