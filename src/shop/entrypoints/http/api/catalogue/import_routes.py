"""Routes of imports and exports of products."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response
from starlette.responses import StreamingResponse

from shop.application.catalogue.imports.service import BeginImport
from shop.domain.catalogue.product_import import ImportInProgress, ImportNotFound
from shop.entrypoints.http.api.catalogue.import_schemas import (
    CSV_RESPONSE,
    MAX_FILE_BYTES,
    UPLOAD_BODY,
    ExportQuery,
    ImportQuery,
    ImportResponse,
)
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import (
    AdminUser,
    CurrentResponseContext,
    ImportServiceDependency,
    OptionalKey,
    ProductExportDependency,
)
from shop.entrypoints.http.openapi.document import (
    ADMIN_ERRORS,
    IDEMPOTENCY_ERRORS,
    error_responses,
    idempotency_key_header,
)
from shop.entrypoints.http.requests.uploads import Upload, UploadRoute, read_upload
from shop.entrypoints.imports.export_csv import write_csv

_CHUNK_BYTES = 1 << 20

ImportId = Annotated[UUID, Path(examples=["01932b7e-8f3c-7a19-9c1d-5e6f7a8b9c0d"])]


class ImportUploadRoute(UploadRoute):
    """A route that takes a file of products."""

    max_file_bytes = MAX_FILE_BYTES


router = api_router("catalogue", prefix="/api/v1")
uploads = api_router("catalogue", prefix="/api/v1/imports", route_class=ImportUploadRoute)


@uploads.post(
    "",
    status_code=202,
    response_description="The file is stored, and will be checked.",
    responses={
        202: {
            "headers": {
                "Location": {
                    "description": "Where to read how far the import is.",
                    "schema": {"type": "string"},
                }
            }
        },
        **error_responses(*ADMIN_ERRORS, *IDEMPOTENCY_ERRORS, ImportInProgress),
    },
    openapi_extra=UPLOAD_BODY
    | idempotency_key_header("3a9c5e71-8b24-4d6f-a1c0-5f7e9b2d4a68", required=False),
)
async def begin_import(
    query: Annotated[ImportQuery, Query()],
    principal: AdminUser,
    key: OptionalKey,
    request: Request,
    imports: ImportServiceDependency,
    response: Response,
    response_context: CurrentResponseContext,
) -> ImportResponse:
    """Import products and stock from a file (admin).

    The whole file is checked first. If anything is wrong, nothing is changed; else all of it will
    be applied, whatever happens to the server. One import can run at a time. With an idempotency
    key, it begins exactly once.
    """
    async with read_upload(request, max_file_bytes=MAX_FILE_BYTES) as upload:
        command = BeginImport(
            session=principal.token, content=_parts(upload), dry_run=query.dry_run, key=key
        )
        begun = response_context.unwrap(await imports.begin(command))
    response.headers["Location"] = f"/api/v1/imports/{begun.id}"
    return ImportResponse.of(begun)


async def _parts(upload: Upload) -> AsyncIterator[bytes]:
    while part := await upload.file.read(_CHUNK_BYTES):
        yield part


@router.get("/imports/{import_id}", responses=error_responses(*ADMIN_ERRORS, ImportNotFound))
async def show_import(
    import_id: ImportId, principal: AdminUser, imports: ImportServiceDependency
) -> ImportResponse:
    """Return how far an import is, with its counts, errors and remarks (admin)."""
    return ImportResponse.of(await imports.show(principal.token, import_id))


@router.get(
    "/products/export",
    response_class=Response,
    responses={**CSV_RESPONSE, **error_responses(*ADMIN_ERRORS)},
)
async def export_products(
    query: Annotated[ExportQuery, Query()], principal: AdminUser, export: ProductExportDependency
) -> Response:
    """Export all products as a file that can be imported again (admin)."""
    del query, principal
    pages = export.pages()
    return StreamingResponse(
        write_csv(pages),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="products.csv"'},
    )
