"""Uploads: files that come as `multipart/form-data`, within bounds."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from shop.domain.shared.value import value
from shop.entrypoints.http.errors.http_errors import (
    ContentTooLarge,
    FieldError,
    InvalidRequest,
)
from shop.entrypoints.http.requests.strict_route import StrictRoute

FILE = "file"

MAX_OVERHEAD_BYTES = 64 * 1024
"""What the other fields and the boundaries of an upload may take."""

MAX_FIELD_BYTES = 4096
MAX_FIELDS = 8


class UploadRoute(StrictRoute):
    """A route that takes a file instead of JSON; subclasses say of how many bytes."""

    max_file_bytes: ClassVar[int]

    @property
    def max_body_bytes(self) -> int:
        """How large the whole body may be."""
        return self.max_file_bytes + MAX_OVERHEAD_BYTES


@value
class Upload:
    """A file and the text fields beside it."""

    file: UploadFile
    fields: Mapping[str, str]


@asynccontextmanager
async def read_upload(
    request: Request, *, max_file_bytes: int, fields: Collection[str] = ()
) -> AsyncIterator[Upload]:
    """Read the file and these optional fields; raise `InvalidRequest` or `ContentTooLarge`.

    Call it after the session is authenticated: what strangers send is not read.
    """
    try:
        form = await request.form(max_files=1, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES)
    except HTTPException as error:
        detail = "The body is not a valid multipart/form-data with one file."
        raise InvalidRequest.at("", detail) from error
    try:
        yield _upload(form.multi_items(), max_file_bytes, fields)
    finally:
        await form.close()


def _upload(items: list[tuple[str, Any]], max_file_bytes: int, fields: Collection[str]) -> Upload:
    given: dict[str, UploadFile | str] = {}
    faults = []
    for name, item in items:
        pointer = "/" + name.replace("~", "~0").replace("/", "~1")
        if name != FILE and name not in fields:
            faults.append(FieldError(pointer=pointer, detail="is unknown."))
        elif name in given:
            faults.append(FieldError(pointer=pointer, detail="must occur once."))
        elif isinstance(item, UploadFile) != (name == FILE):
            kind = "a file" if name == FILE else "text"
            faults.append(FieldError(pointer=pointer, detail=f"must be {kind}."))
        given[name] = item
    if FILE not in given:
        faults.append(FieldError(pointer=f"/{FILE}", detail="is required."))
    if faults:
        raise InvalidRequest.of(faults)
    file = given.pop(FILE)
    if not isinstance(file, UploadFile):
        raise TypeError("checked above")
    if (file.size or 0) > max_file_bytes:
        raise ContentTooLarge(limit_bytes=max_file_bytes)
    return Upload(
        file=file, fields={name: item for name, item in given.items() if isinstance(item, str)}
    )
