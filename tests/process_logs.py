"""Shows what processes have logged when a test that runs them fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TAIL_CHARACTERS = 10_000


@contextmanager
def logs_shown_on_failure(folder: Path) -> Iterator[None]:
    """Add the ends of the logs in a folder to an exception: pytest prints its notes.

    A folder is deleted after a few more runs, and its logs with it.
    """
    try:
        yield
    except BaseException as failure:
        for log in sorted(folder.glob("*.log")):
            text = log.read_text(errors="replace")
            failure.add_note(f"--- {log.name}:\n{text[-TAIL_CHARACTERS:]}")
        raise
