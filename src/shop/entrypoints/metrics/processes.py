"""Lets several processes share their counts, through files in a folder of their own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from prometheus_client.multiprocess import mark_process_dead

from shop.entrypoints.metrics.report import FOLDER_VARIABLE


@contextmanager
def shared_counts() -> Iterator[None]:
    """Have the processes that are started inside count in one private folder."""
    with TemporaryDirectory(prefix="shop-metrics-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER_VARIABLE]


def forget_process(pid: int | None) -> None:
    """Stop showing what a process that has died was using; what it counted stays."""
    if pid is not None:
        mark_process_dead(pid)  # type: ignore[no-untyped-call]
