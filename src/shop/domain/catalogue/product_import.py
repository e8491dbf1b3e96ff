"""Imports of product files: how far they are, and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shop.domain.shared.errors import Conflict, NotFound
from shop.domain.shared.value import value

MAX_MESSAGES = 1000
"""How many errors, and remarks, an import keeps."""


class ImportStatus(StrEnum):
    """How far an import is."""

    CHECKING = "checking"  # Nothing is changed yet.
    IMPORTING = "importing"  # The whole file is valid, and is being applied.
    DONE = "done"  # Everything is applied; a dry run was only checked.
    FAILED = "failed"  # The file has errors and nothing was changed, or the shop itself failed.


@value
class ImportMessage:
    """What is wrong with a cell of a file, or what became of it; in the words of the file."""

    line: int
    column: str
    detail: str

    def __str__(self) -> str:
        return f"{self.column}: {self.detail}."


@value
class ProductImport:
    """An import of a file: `rows` of it were read, and the first `applied` are in the shop."""

    id: UUID
    user_id: UUID
    status: ImportStatus
    dry_run: bool
    format: str | None
    encoding: str | None
    rows: int
    applied: int
    added: int
    changed: int
    unchanged: int
    errors: Sequence[ImportMessage]
    remarks: Sequence[ImportMessage]
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def new(cls, import_id: UUID, user_id: UUID, *, dry_run: bool, at: datetime) -> "ProductImport":
        """Begin an import."""
        return cls(
            id=import_id,
            user_id=user_id,
            status=ImportStatus.CHECKING,
            dry_run=dry_run,
            format=None,
            encoding=None,
            rows=0,
            applied=0,
            added=0,
            changed=0,
            unchanged=0,
            errors=(),
            remarks=(),
            created_at=at,
            finished_at=None,
        )

    def as_begun(self) -> "ProductImport":
        """Return the import as it was when it began."""
        return self.new(self.id, self.user_id, dry_run=self.dry_run, at=self.created_at)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.status in {ImportStatus.CHECKING, ImportStatus.IMPORTING}


def limited(messages: Sequence[ImportMessage], count: int) -> Sequence[ImportMessage]:
    """Return the first messages of `count`, and one that counts the others."""
    if count <= len(messages):
        return messages
    others = count - len(messages)
    last = ImportMessage(line=messages[-1].line, column="file", detail=f"has {others} more errors")
    return [*messages, last]


class ImportInProgress(Conflict):
    """Another import of products is running; one can run at a time."""

    is_final = False

    code = "import-in-progress"
    message = "Another import is running; wait until it has ended."


@dataclass(kw_only=True, unsafe_hash=True)
class ImportNotFound(NotFound):
    """The import does not exist."""

    import_id: UUID

    code = "import-not-found"
    message = "There is no import {import_id}."
